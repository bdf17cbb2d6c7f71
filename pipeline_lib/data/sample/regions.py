"""Where readers of the sample logs live, and how the real log garbles locations."""

from typing import NamedTuple

import polars as pl


class Region(NamedTuple):
    """A state with its country and some cities."""

    state: str
    country: str
    cities: tuple[str, ...]


REGIONS = (
    Region("california", "usa", ("san diego", "oakland", "fresno")),
    Region("texas", "usa", ("austin", "el paso", "lubbock")),
    Region("ontario", "canada", ("toronto", "ottawa", "thunder bay")),
    Region("england", "united kingdom", ("leeds", "newcastle-upon-tyne", "bath")),
    Region("new york", "usa", ("nyc", "buffalo", "albany")),
    Region("nordrhein-westfalen", "germany", ("köln", "münster", "essen")),
    Region("florida", "usa", ("tampa", "st. petersburg", "miami")),
    Region("new south wales", "australia", ("sydney", "newcastle", "dubbo")),
    Region("castilla y león", "spain", ("valladolid", "león", "burgos")),
    Region("lombardia", "italy", ("milano", "cernusco s", "trezzo sull`adda")),
    Region("ohio", "usa", ("columbus", "dayton", "akron")),
    Region("british columbia", "canada", ("vancouver", "nanaimo", "victoria")),
    Region("bayern", "germany", ("münchen", "nürnberg", "passau")),
    Region("são paulo", "brazil", ("campinas", "itaí", "são carlos")),
    Region("scotland", "united kingdom", ("glasgow", "perth", "oban")),
    Region("victoria", "australia", ("melbourne", "geelong", "ballarat")),
    Region("oregon", "usa", ("portland", "salem", "bend")),
    Region("québec", "canada", ("montréal", "gatineau", "laval")),
    Region("catalunya", "spain", ("barcelona", "l`hospitalet de ll.", "girona")),
    Region("washington", "usa", ("seattle", "spokane", "tacoma")),
    Region("toscana", "italy", ("firenze", "pisa", "rignano sull`arno (fi)")),
    Region("wales", "united kingdom", ("cardiff", "swansea", "bangor")),
    Region("noord-holland", "netherlands", ("amsterdam", "haarlem", "alkmaar")),
    Region("wellington", "new zealand", ("lower hutt", "porirua", "wellington")),
)
# As they stand between the quotes of the raw file, one of the real log's kinds each.
ODD_LOCATIONS = (
    pl.format("{}\n, {}, {}", "city", "state", "country"),
    pl.format('{}, \\"n/a\\", {}', "city", "country"),
    pl.format("{}, n/a, {}", "city", "country"),
    pl.lit("n/a, n/a, n/a"),
    pl.format("{}, , {}", "city", "country"),
    pl.format("{}, ,", "city"),
    pl.format("{}, {},", "city", "state"),
    pl.format("{}, {}", "city", "state"),
    pl.col("city"),
    pl.format("{}, {}, {}, {}", "city", "city", "state", "country"),
    pl.format("&#304;{}, &#22235;&#24029;, {}", "city", "country"),
    pl.format("{}, ¨n/a¨, heard of it? :o)", "city"),
)

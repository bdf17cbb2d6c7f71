"""Where the sample logs' readers of books live, and how locations are garbled in the real log."""

from typing import NamedTuple

import polars as pl


class Place(NamedTuple):
    """A state with its country and some cities."""

    state: str
    country: str
    cities: tuple[str, ...]


PLACES = (
    Place("california", "usa", ("san diego", "oakland", "fresno")),
    Place("texas", "usa", ("austin", "el paso", "lubbock")),
    Place("ontario", "canada", ("toronto", "ottawa", "thunder bay")),
    Place("england", "united kingdom", ("leeds", "newcastle-upon-tyne", "bath")),
    Place("new york", "usa", ("nyc", "buffalo", "albany")),
    Place("nordrhein-westfalen", "germany", ("köln", "münster", "essen")),
    Place("florida", "usa", ("tampa", "st. petersburg", "miami")),
    Place("new south wales", "australia", ("sydney", "newcastle", "dubbo")),
    Place("castilla y león", "spain", ("valladolid", "león", "burgos")),
    Place("lombardia", "italy", ("milano", "cernusco s", "trezzo sull`adda")),
    Place("ohio", "usa", ("columbus", "dayton", "akron")),
    Place("british columbia", "canada", ("vancouver", "nanaimo", "victoria")),
    Place("bayern", "germany", ("münchen", "nürnberg", "passau")),
    Place("são paulo", "brazil", ("campinas", "itaí", "são carlos")),
    Place("scotland", "united kingdom", ("glasgow", "perth", "oban")),
    Place("victoria", "australia", ("melbourne", "geelong", "ballarat")),
    Place("oregon", "usa", ("portland", "salem", "bend")),
    Place("québec", "canada", ("montréal", "gatineau", "laval")),
    Place("catalunya", "spain", ("barcelona", "l`hospitalet de ll.", "girona")),
    Place("washington", "usa", ("seattle", "spokane", "tacoma")),
    Place("toscana", "italy", ("firenze", "pisa", "rignano sull`arno (fi)")),
    Place("wales", "united kingdom", ("cardiff", "swansea", "bangor")),
    Place("noord-holland", "netherlands", ("amsterdam", "haarlem", "alkmaar")),
    Place("wellington", "new zealand", ("lower hutt", "porirua", "wellington")),
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

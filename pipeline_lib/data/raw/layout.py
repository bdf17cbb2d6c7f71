"""The layout of delimited text: how separators, quotes and lines make fields and records."""

import re
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from pipeline_lib.settings.tables import Table

LONGEST_RECORD = 100  # lines
MOST_TORN = 100_000  # records of several lines
STAND_IN = "\uffff"  # for a separator of several characters, where quotes are read


@dataclass(frozen=True)
class Layout:
    """How many fields a record has, and how they are written.

    quotes: `doubled`, `backslash` or `none`, as `quotes` of `pipeline_lib.settings.tables.Table`.
    """

    fields: int
    separator: str
    quotes: str

    @cached_property
    def record(self) -> str:
        """Return the pattern of a complete record."""
        field, separator = self._field, re.escape(self.separator)
        return rf"(?s)^(?:{field})(?:{separator}(?:{field})){{{self.fields - 1}}}$"

    @cached_property
    def unfinished(self) -> str:
        """Return the pattern of text that ends within quotes."""
        escaping = r"\\?" if self.quotes == "backslash" else ""
        return rf'(?s)^(?:(?:{self._field}){re.escape(self.separator)})*"{self._inside}{escaping}$'

    def fits(self, text: pl.Expr, *, quoted: bool) -> pl.Expr:
        """Compute which texts are complete records; quoted: whether the file has any quotes."""
        if quoted:
            return text.str.contains(self.record)
        return text.str.count_matches(self.separator, literal=True) == self.fields - 1

    def split(self, text: pl.Expr, *, quoted: bool) -> list[pl.Expr]:
        """Split records into fields and remove their quotes."""
        if not quoted:
            parts = text.str.splitn(self.separator, self.fields)
            return [parts.struct.field(f"field_{n}") for n in range(self.fields)]
        # A separator in front keeps every match from being empty: the next field would be skipped.
        led = pl.concat_str(pl.lit(self.separator), text)
        found = led.str.extract_all(rf"(?s){re.escape(self.separator)}(?:{self._field})")
        fields = [found.list.get(n, null_on_oob=True) for n in range(self.fields)]
        return [self._unquoted(field.str.slice(len(self.separator))) for field in fields]

    @property
    def _inside(self) -> str:
        return r'(?:[^"\\]|\\.)*' if self.quotes == "backslash" else r'(?:[^"]|"")*'

    @property
    def _field(self) -> str:
        others = rf"{re.escape(self.separator)}\n"
        return rf'"{self._inside}"|[^"{others}][^{others}]*|'

    def _unquoted(self, field: pl.Expr) -> pl.Expr:
        inner = field.str.slice(1, field.str.len_chars().cast(pl.Int64) - 2)
        if self.quotes == "backslash":
            plain = inner.str.replace_all(r"(?s)\\(.)", "$1")
        else:
            plain = inner.str.replace_all('""', '"', literal=True)
        return pl.when(field.str.starts_with('"')).then(plain).otherwise(field)


def layout_of(table: Table, fields: int, *, quoted: bool) -> Layout:
    """Return the layout of a table with this number of columns."""
    stands_in = quoted and len(table.splits_at) > 1
    return Layout(fields, STAND_IN if stands_in else table.splits_at, table.quoting)


def joined_records(lines: pl.LazyFrame, layout: Layout) -> tuple[pl.LazyFrame, int]:
    """Join lines that a newline within quotes has torn apart; leave all others as they are.

    lines: `line`, `text`. Returns the records, and how many lines are parts of longer records. A
    record has at most a hundred lines; a line whose quotes do not close within them is a record by
    itself. Raises ValueError when more than a hundred thousand lines leave a quote open.
    """
    torn = ~pl.col("text").str.contains(layout.record)
    unclosed = pl.col("text").str.contains(layout.unfinished)
    starts = lines.filter(torn & unclosed).select("line").collect(engine="streaming")["line"]
    if starts.is_empty():
        return lines, 0
    if len(starts) > MOST_TORN:
        raise ValueError(f"{len(starts):,} lines open a quote that they do not close")
    near = starts.to_frame().select(
        (pl.col("line").cast(pl.Int64) + offset).alias(str(offset))
        for offset in range(LONGEST_RECORD)
    )
    wanted = near.unpivot().select(pl.col("value").alias("line")).unique()
    texts = lines.join(wanted.lazy(), on="line", how="semi").collect(engine="streaming")
    records, parts = _join(starts.to_list(), dict(texts.iter_rows()), re.compile(layout.record))
    joined = pl.LazyFrame(records, schema=lines.collect_schema(), orient="row")
    taken = pl.LazyFrame({"line": parts}, schema={"line": pl.Int64})
    others = lines.join(taken, on="line", how="anti", maintain_order="left")
    return pl.concat([others, joined]), len(parts)


def _join(
    starts: list[int], texts: dict[int, str], record: re.Pattern[str]
) -> tuple[list[tuple[int, str]], list[int]]:
    """Join as few lines as make a record, from each start; return the records and their lines."""
    records: list[tuple[int, str]] = []
    parts: list[int] = []
    taken = 0
    for start in starts:
        text, line = texts[start], start
        while start > taken and not record.match(text) and line + 1 < start + LONGEST_RECORD:
            line += 1
            if line not in texts:
                break
            text += "\n" + texts[line]
        if line > start and record.match(text):
            records.append((start, text))
            parts += range(start, line + 1)
            taken = line
    return records, parts

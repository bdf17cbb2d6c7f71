"""A page as its tags, attributes, text and tables."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "img", "use", "path"}
Attributes = dict[str, str | None]


@dataclass
class ParsedCell:
    tag: str
    attributes: Attributes
    text: str = ""
    inside: list[tuple[str, Attributes]] = field(default_factory=list)


@dataclass
class ParsedRow:
    attributes: Attributes
    cells: list[ParsedCell] = field(default_factory=list)


class Page(HTMLParser):
    """Collects what is in a page, and checks that tags close in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.tables: dict[str, list[ParsedRow]] = {}
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.rows = self.tables.setdefault(dict(attrs).get("id") or str(len(self.tables)), [])
        elif tag == "tr":
            self.rows.append(ParsedRow(dict(attrs)))
        elif tag in {"th", "td"}:
            self.rows[-1].cells.append(ParsedCell(tag, dict(attrs)))
        elif self.in_cell:
            self.rows[-1].cells[-1].inside.append((tag, dict(attrs)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.in_cell:
            self.rows[-1].cells[-1].text += data

    @property
    def in_cell(self) -> bool:
        return "td" in self.open or "th" in self.open

    def values(self, name: str) -> list[str | None]:
        return [value for key, value in self.attributes if key == name]

    @cached_property
    def words(self) -> str:
        return re.sub(r"\s+", " ", self.text)

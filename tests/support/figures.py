"""Which figures of a built page lead to their records, read with nothing but the standard library."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

_FIGURE = re.compile(r"[−-]?[^\d\s,.]{0,4}\d[\d,.]*( (min|h|days))?\Z")
"""A count or an amount. Shares have no list of records of their own: their parts do."""

NOT_OF_RECORDS = {
    # what is wanted, planned or computed
    "Goal", "Target", "Expected by now", "Remaining", "Divided by", "Needed a month", "Exactly", "A quarter", "A year",
    "Needed each working day", "Needed each week", "Median to the next stage", "Weighted", "Own 4 weeks before",
    "Team, 90 days", "Mean of the four weeks before",
    # another year, of which there is no list
    "Year before",
    # a record's own properties
    "Probability", "Amount", "Still for", "In all", "Times", "Open for", "Cycle", "Visits", "Forms", "Points", "Of",
    "Days open", "Waiting",
}  # fmt: skip


class _Figures(HTMLParser):
    """`shut`: (where, figure) of every figure that leads nowhere."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.shut: list[tuple[str, str]] = []
        self.seen = 0
        self._heads: list[str] = []
        self._head: str | None = None
        self._caption: str | None = None
        self._title = ""
        self._column = 0
        self._is_record = False
        self._cell: list[str] | None = None
        self._place = ""
        self._end = ""
        self._link = False
        self._hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attrs}
        kind = of.get("class", "").split()
        if tag == "section" and "kpi" in kind:
            self._title = of.get("aria-label", "")
        if tag == "table":
            self._heads, self._title = [], ""
        if tag == "caption":
            self._caption = ""
        if tag == "tr":
            self._column, self._is_record = -1, False
        if tag in ("th", "td"):
            self._column += 1
            if of.get("scope") == "col":
                self._head = ""
        if tag == "a" and self._column == 0 and of.get("href", "").startswith("http"):
            self._is_record = True
        if self._cell is not None:
            self._link |= tag == "a"
            self._hide(tag, kind)
        elif (
            tag == "p" and "num" in kind or tag == "td" and "n" in kind or tag == "span" and "entered" in kind
        ):
            head = self._heads[self._column] if tag == "td" and self._column < len(self._heads) else ""
            self._cell, self._link, self._end, self._hidden = [], False, tag, []
            self._place = f"{self._title}: {head}" if tag == "td" else self._title or "funnel"

    def _hide(self, tag: str, kind: list[str]) -> None:
        """Leave out what is beside the figure: small print, a pill, what is only read out."""
        if self._hidden or tag == "small" or {"vh", "chip"} & set(kind):
            self._hidden.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "caption":
            self._title, self._caption = self._caption or "", None
        if tag == "th" and self._head is not None:
            self._heads.append(self._head)
            self._head = None
        if self._cell is not None:
            if self._hidden and tag == self._hidden[-1]:
                self._hidden.pop()
            if tag == self._end:
                self._judge("".join(self._cell).strip())
                self._cell = None

    def handle_data(self, data: str) -> None:
        if self._caption is not None:
            self._caption += data
        if self._head is not None:
            self._head += data
        if self._cell is not None and not self._hidden:
            self._cell.append(data)

    def _judge(self, figure: str) -> None:
        head = self._place.rsplit(": ", 1)[-1]
        if (
            not _FIGURE.match(figure)
            or not re.search("[1-9]", figure)
            or head in NOT_OF_RECORDS
            or self._is_record
        ):
            return
        self.seen += 1
        if not self._link:
            self.shut.append((self._place, figure))


def shut_figures(html: str) -> tuple[int, list[tuple[str, str]]]:
    """How many figures of a page have records behind them, and (where, figure) of those that do not open."""
    reader = _Figures()
    reader.feed(html.split("<main>")[-1])
    return reader.seen, reader.shut


def shut_figures_of(site: Path) -> dict[str, list[tuple[str, str]]]:
    """Page -> its figures that do not open. Definitions and data health are about the data, not from it."""
    found = {
        path.name: shut_figures(path.read_text(encoding="utf-8"))[1]
        for path in sorted(site.glob("*.html"))
        if path.stem not in ("definitions", "data_health", "weeks")
    }
    return {name: shut for name, shut in found.items() if shut}

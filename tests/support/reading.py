"""Reading built pages back: visible text and table cells, with nothing but the standard library."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.skip = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("style", "script", "title"):
            self.skip += 1
        if tag in ("td", "th", "tr", "p", "li", "div", "section", "h1", "h2", "h3", "br", "small", "summary"):
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "script", "title"):
            self.skip -= 1

    def handle_data(self, data: str) -> None:
        if not self.skip:
            self.parts.append(data)


def text_of(html: str) -> str:
    """The text of a piece of HTML, on one line."""
    reader = _Text()
    reader.feed(html)
    return " ".join("".join(reader.parts).split())


def rows_of_scorecard(html: str) -> dict[str, dict[str, str]]:
    """line_id -> column heading -> text of the cell, of a scorecard page."""
    out = {}
    for line_id, row in re.findall(r'<tr role="row" id="([^"]+)"[^>]*>(.*?)</tr>', html, re.S):
        cells = {"Line": text_of(re.split(r'<td role="cell"', row)[0])}
        for label, cell in re.findall(r'<td role="cell"[^>]*data-label="([^"]+)">(.*?)</td>', row, re.S):
            cells[label] = text_of(cell)
        out[line_id] = cells
    return out


def all_receipt_cards(site: Path, label: str) -> dict[str, str]:
    """The same from every file of a period."""
    files = sorted((site / "receipts").glob(f"{label}.*html"))
    return {name: card for file in files for name, card in receipt_cards(file.read_text("utf-8")).items()}


def receipt_cards(html: str) -> dict[str, str]:
    """Anchor -> HTML of a receipt."""
    return {
        uid: card
        for uid, card in re.findall(r'<section class="card receipt" id="([^"]+)">(.*?)</section>', html, re.S)
    }

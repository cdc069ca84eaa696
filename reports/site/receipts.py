"""The receipts of one week, month or quarter: how the cards of its lines are spread over files."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from markupsafe import Markup

from reports.components.links import Receipts
from reports.components.receipts import Restated, pieces, total
from reports.engine.markup import anchor
from reports.engine.queries import Result, Row
from reports.look.numbers import number, period_text

Contents = list[tuple[str, list[tuple[str, str, str]]]]
"""(heading, its lines as (link, label, total of records))"""
BUDGET = 336 * 1024
"""Bytes that a page may have."""
_ROOM = BUDGET - 108 * 1024
"""What is left of the budget for records beside font, styles, script and the list of lines."""


CONFIDENTIAL = ".confidential"
"""End of the names of the files with the receipts of confidential lines."""


def title_of(label: str, part: int, parts: int, ending: str = "") -> str:
    """A file's heading: `Receipts, week of 20 October`, or `..., part 1 of 3`. `label`: the period's;
    `ending`: see `Period.split`."""
    title = f"Receipts, {period_text(label)}" + (", confidential lines" if ending else "")
    return title + (f", part {part} of {parts}" if parts > 1 else "")


@dataclass
class Part:
    """One file of receipts: the cards in it, and the lines whose receipts begin there."""

    cards: list[Markup] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)
    size: int = 0


@dataclass(frozen=True)
class Period:
    """The results of `pages/receipts.md` for one period, by line."""

    results: Mapping[str, Result]

    @property
    def lines(self) -> Sequence[Row]:
        return self.results["lines"].rows

    def of(self, block: str, line: Row) -> Sequence[Row]:
        """The rows of a block that belong to a line."""
        return self.results[block].where(line_id=line.line_id).rows

    def split(self, confidential: Collection[str]) -> list[tuple[str, Period]]:
        """(end of its files' names, its lines): confidential lines are in files of their own, so that a web
        server can guard them. `confidential`: sections and lines."""
        lines, secret = self.results["lines"], set(confidential)
        groups: dict[str, list[Row]] = {"": [], CONFIDENTIAL: []}
        for line in lines:
            groups[CONFIDENTIAL if {line.section, line.line_id} & secret else ""].append(line)
        return [
            (
                ending,
                replace(self, results={**self.results, "lines": Result(lines.name, lines.columns, rows)}),
            )
            for ending, rows in groups.items()
            if rows or not ending
        ]

    def parts(self, links: Receipts) -> list[Part]:
        """The cards, spread over files: all in one if they fit, else a new file for each section, and within
        a section when it is full."""
        zone = self.results["build"].one().time_zone
        made = [
            (
                line,
                pieces(
                    line,
                    self.of("totals", line),
                    self.of("records", line),
                    self.of("weeks", line),
                    links,
                    _ROOM - 8 * 1024,
                    Restated(self.of("restated", line), self.of("differing", line), zone),
                ),
            )
            for line in self.lines
        ]
        everything = sum(len(card.encode()) for _, cards in made for card in cards)
        parts = [Part()]
        for line, card, first in _cards(made):
            size = len(card.encode())
            last = parts[-1]
            new_section = first and last.lines and last.lines[-1].section != line.section
            # small neighbouring sections share a file; a section that begins is not torn apart more than it
            # must be
            if last.cards and (
                last.size + size > _ROOM or (everything > _ROOM and new_section and last.size > _ROOM // 2)
            ):
                parts.append(last := Part())
            last.cards.append(card)
            last.size += size
            if first:
                last.lines.append(line)
        return parts

    def contents(self, parts: Sequence[Part], files: Sequence[str], first: Sequence[str] = ()) -> Contents:
        """The list of lines at the head of each file. `first`: the sections and lines of the scorecard, which
        come before the others; none: all."""
        found = [
            (line, (f"../{file}#{anchor(line.line_id)}", self._name(line), self._note(line)))
            for part, file in zip(parts, files, strict=True)
            for line in part.lines
        ]
        continued = [
            (f"../{file}", "… continued", "")
            for part, file in zip(parts, files, strict=True)
            if not part.lines
        ]
        own = [item for line, item in found if not first or {line.section, line.line_id} & set(first)]
        rest = [item for _, item in found if item not in own] + continued
        if not own:
            return [("Lines", rest)]
        return [
            ("On the scorecard" if rest and first else "Lines", own),
            *([("Other lines", rest)] if rest else []),
        ]

    def _name(self, line: Row) -> str:
        alike = sum(other.label == line.label for other in self.lines)
        return line.label if alike == 1 else f"{line.label} ({line.section_label})"

    def _note(self, line: Row) -> str:
        found = total(line, self.of("totals", line))
        left_out = f", {number(found.left_out)} left out" if found.left_out else ""
        return f"{number(found.counted)} counted{left_out}{'' if found.agrees else ', does not agree'}"


def _cards(made: Sequence[tuple[Row, list[Markup]]]) -> Iterator[tuple[Row, Markup, bool]]:
    for line, cards in made:
        for i, card in enumerate(cards):
            yield line, card, i == 0

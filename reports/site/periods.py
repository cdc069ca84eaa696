"""The weeks, months and quarters that a published database covers, and the page of each."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb

from foundation.calendar import week_label
from foundation.settings import Company


@dataclass(frozen=True)
class Span:
    """A week, a month or a quarter."""

    cadence: str
    start: date
    end: date
    label: str

    @classmethod
    def of_week(cls, monday: date) -> Span:
        return cls("week", monday, monday + timedelta(days=6), week_label(monday))

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of its receipts."""
        return {"start": self.start, "end": self.end, "cadence": self.cadence}


@dataclass(frozen=True)
class Periods:
    """What the published facts cover, the oldest first."""

    weeks: Sequence[date]
    """The finished weeks that have pages."""
    running: Sequence[date]
    months: Sequence[Span]
    quarters: Sequence[Span]

    @property
    def newest(self) -> date | None:
        """The newest finished week; None: nothing is finished yet."""
        return self.weeks[-1] if self.weeks else None

    @property
    def spans(self) -> list[Span]:
        """Every week, also the running ones, month and quarter."""
        return [*map(Span.of_week, [*self.weeks, *self.running]), *self.months, *self.quarters]

    def page_of(self, span: Span) -> date | None:
        """The finished week on whose page a period's numbers stand."""
        if span.cadence == "week":
            return span.start if span.start in self.weeks else self.newest
        if span.cadence == "month":
            return self.newest if self.weeks and self.weeks[0] <= span.end else None
        return max((week for week in self.weeks if span.start <= week <= span.end), default=None)


def published_periods(connection: duckdb.DuckDBPyConnection, company: Company) -> Periods:
    with closing(connection.cursor()) as cursor:
        cursor.execute("use published")
        every = cursor.execute(
            "select distinct week_start, is_finished from marts.fct_scorecard_weekly order by 1"
        ).fetchall()
        months = cursor.execute(
            "select distinct month_start, month_end, month_label from marts.fct_scorecard_monthly order by 1"
        ).fetchall()
        quarters = cursor.execute(
            "select distinct quarter_start, quarter_end, quarter_label from marts.fct_scorecard_quarterly"
            " order by 1"
        ).fetchall()
    finished = [start for start, is_finished in every if is_finished]
    return Periods(
        finished[-(company.pages.history_weeks or 0) :],
        [start for start, is_finished in every if not is_finished],
        [Span("month", *month) for month in months],
        [Span("quarter", *quarter) for quarter in quarters],
    )

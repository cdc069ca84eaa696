"""Typed-in numbers: the rules for a line of `manual_entries/*.csv` and for a form of the portal alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from foundation.calendar import local_date, week_start
from foundation.cells import Rejected, count, day, instant, number, week
from foundation.project_check import metric_units
from foundation.seeds import seed_rows
from foundation.settings import Company, Settings


@dataclass(frozen=True)
class Names:
    """What a typed-in number may be about."""

    metrics: frozenset[str]
    """Lines and metrics."""
    counts: frozenset[str]
    """Those whose unit is a count."""
    people: frozenset[str]


def names(settings: Settings) -> Names:
    """The lines, metrics and people of the seeds.

    Raises:
        SettingsError: scorecard_lines.csv or people.csv is missing or lacks a column, or the definition of a
            metric is not valid.
    """
    lines = seed_rows(settings, "scorecard_lines", "line_id", "metric_id")
    people = seed_rows(settings, "people", "person_key")
    units = metric_units(settings.dbt_dir)
    counted = [row for row in lines if units.get(row["metric_id"]) == "count"]

    def named(rows: Iterable[Mapping[str, str]]) -> frozenset[str]:
        return frozenset(name for row in rows for name in (row["line_id"], row["metric_id"]))

    return Names(
        named(lines),
        named(counted),
        frozenset(row["person_key"] for row in people),
    )


def typed_number(cells: Mapping[str, str], known: Names, company: Company, now: datetime) -> dict[str, Any]:
    """A row of raw_manual.entries from its cells: metric, person, week or date, value, note, entered_by,
    entered_at, and perhaps reason.

    Raises:
        Rejected: a cell is not what it should be, or the week or day has not begun.
    """
    if cells["metric"] not in known.metrics:
        raise Rejected(
            f'unknown metric "{cells["metric"]}"; it must be a line_id or metric_id of scorecard_lines.csv'
        )
    if cells["person"] and cells["person"] not in known.people:
        raise Rejected(f'unknown person "{cells["person"]}"; it must be a person_key of people.csv')
    occurred_on = _occurred_on(cells)
    counts = cells["metric"] in known.counts
    value = count(cells["value"], "value") if counts else number(cells["value"], "value")
    row = {
        "metric": cells["metric"],
        "person_key": cells["person"] or None,
        "week_start": week_start(occurred_on),
        "occurred_on": occurred_on,
        "value": value,
        "note": cells["note"] or None,
        "entered_by": cells["entered_by"] or None,
        "entered_at": instant(cells["entered_at"], "entered_at", company.zone),
        "reason": cells.get("reason") or None,
    }
    if occurred_on > local_date(now, company.zone):
        raise Rejected(f"{cells.get('date') or cells.get('week')} has not begun; the row counts from then on")
    return row


def _occurred_on(cells: Mapping[str, str]) -> date:
    on, of_week = cells.get("date", ""), cells.get("week", "")
    if not on and not of_week:
        raise Rejected("neither week nor date is filled in")
    occurred_on = day(on, "a date") if on else week(of_week)
    if on and of_week and week(of_week) != week_start(occurred_on):
        raise Rejected(f"{on} is not in week {of_week}")
    return occurred_on


def checked_value(
    settings: Settings,
    company: Company,
    known: Names,
    *,
    metric: str,
    person: str | None,
    period: str,
    value: str,
) -> Decimal:
    """The number of a form, exactly as it was typed, if a line of a file could say the same.

    Args:
        period: `2025-W43` or `2025-10-22`.

    Raises:
        Rejected: with a sentence for whoever types.
    """
    cells = {"metric": metric, "person": person or "", "week": period.strip(), "value": value.strip()}
    cells |= {"note": "", "entered_by": "", "entered_at": settings.now().isoformat()}
    typed_number(cells, known, company, settings.now())
    return Decimal(value.strip())

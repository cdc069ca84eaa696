"""Cells that people fill in, in files and in forms: numbers, days, weeks and instants, with a sentence for
each fault."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from foundation.calendar import parse_day, parse_week
from foundation.values import YEARS, decimal, shown

AHEAD = timedelta(days=366)
"""How far ahead of the clock a day may be and wait for its load; beyond that, the year is mistyped."""


class Rejected(Exception):
    """Why a row or a form is rejected."""


_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""How a cell begins that a spreadsheet computes."""


def plain_cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, for a CSV file: `'=1+1`."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def number(text: str, what: str) -> Decimal:
    """A cell that must hold a number.

    Raises:
        Rejected: it is empty, or not a plain number.
    """
    try:
        return decimal(text)
    except ValueError:
        raise Rejected(
            f"the {what} {shown(text)} is not a number; write it like 1250.5"
            if text
            else f"the {what} is empty"
        ) from None


def count(text: str, what: str) -> Decimal:
    """A cell that must hold a whole number of things.

    Raises:
        Rejected: it is empty, not a number, has a fraction or is below zero.
    """
    try:
        found = decimal(text)
    except ValueError:
        found = None
    if not text:
        raise Rejected(f"the {what} is empty")
    if found is None or found < 0 or found != found.to_integral_value():
        raise Rejected(f"the {what} {shown(text)} is not a count, expected a whole number such as 1250")
    return found


def day(text: str, what: str) -> date:
    """A cell that must hold a date. `what`: "a day", as the reason says it.

    Raises:
        Rejected: another form than 2025-10-22, or a year that cannot be meant.
    """
    try:
        return _sane(parse_day(text), text)
    except ValueError:
        raise Rejected(f"{shown(text)} is not {what} such as 2025-10-22") from None


def week(text: str) -> date:
    """Return the Monday of a cell that must hold a week, or any day of it.

    Raises:
        Rejected: another form than 2025-W43, or a year that cannot be meant.
    """
    try:
        return _sane(parse_week(text), text)
    except ValueError:
        raise Rejected(f"{shown(text)} is not a week such as 2025-W43") from None


def instant(text: str, what: str, zone: ZoneInfo) -> datetime:
    """A cell that must hold an instant; without a time zone it is in `zone`.

    Raises:
        Rejected: another form than 2025-10-24T15:05:00-05:00, or a year that cannot be meant.
    """
    try:
        found = datetime.fromisoformat(text)
        _sane(found.date(), text)
    except ValueError:
        raise Rejected(f"{what} {shown(text)} is not an instant such as 2025-10-24T15:05:00-05:00") from None
    return found if found.tzinfo else found.replace(tzinfo=zone)


def waits(on: date, today: date) -> bool:
    """Whether a row of that day waits for a later load.

    Raises:
        Rejected: it would wait for more than a year.
    """
    if on > today + AHEAD:
        raise Rejected(f"{on} is more than a year ahead; is the year right?")
    return on > today


def _sane(found: date, text: str) -> date:
    if not YEARS[0] <= found.year <= YEARS[1]:
        raise Rejected(f"{shown(text)} is outside the years {YEARS[0]} to {YEARS[1]}")
    return found

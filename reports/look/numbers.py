"""Numbers and days as people read them.

A unit is `count`, `money`, `percent`, `minutes`, `hours` or `days`; money may name its currency
(`money:EUR`). Ratios are fractions:
0.53 is 53 %.
Rounding is half away from zero, on decimals. A missing number is a dash, never a zero.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from foundation.calendar import parse_week
from foundation.formats import chosen, currency_digits, currency_symbol
from foundation.text import inside_sentence

DASH = "–"
MINUS = "−"
Number = Decimal | float | int
"""What a query may return for a number. Decimals stay exact; floats are read as they print."""


def exact(value: Number) -> Decimal:
    """A number as a decimal: 0.7 is 0.7, not its nearest binary fraction."""
    return value if isinstance(value, Decimal) else Decimal(str(value))


def number(value: Number | None, unit: str = "count", digits: int | None = None) -> str:
    """A number in its unit.

    Without `digits`: whole percents from 10 % on and a decimal below, where 1.2 % and 1.4 % differ by a
    sixth; cents only where there are any; else up to 2 decimals.
    """
    if value is None:
        return DASH
    kind, _, currency = unit.partition(":")
    amount = exact(value) * 100 if kind == "percent" else exact(value)
    if digits is None:
        cents = currency_digits(currency or "USD")
        most = {
            "percent": 1 if abs(amount) < 10 else 0,
            "minutes": 0,
            "hours": 1,
            "days": 1,
            "money": cents,
        }.get(kind, 2)
        rounded = amount.quantize(Decimal(1).scaleb(-most), ROUND_HALF_UP)
        if rounded == rounded.to_integral_value():
            digits = 0
        elif kind == "money":
            digits = cents
        else:
            digits = max(0, -int(rounded.normalize().as_tuple().exponent))
    rounded = amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    style = chosen()
    text = style.number(f"{abs(rounded):,.{digits}f}")
    sign = MINUS if rounded < 0 else ""
    if kind == "money":
        return sign + style.amount(text, currency_symbol(currency or "USD"))
    if kind == "percent":
        return sign + style.percent.replace("0", text, 1)
    return sign + text + {"minutes": " min", "hours": " h", "days": " days"}.get(kind, "")


def whole_within(lower: float, upper: float) -> tuple[int, int]:
    """The smallest and the largest whole number from `lower` to `upper`: 30.6 and 78.2 hold 31 to 78. The
    first is above the second where there is none."""
    return math.ceil(lower - 1e-9), math.floor(upper + 1e-9)  # 31.0000000001 is 31


def judged(value: Number | None, unit: str, goals: tuple[Number | None, ...]) -> str:
    """A number beside its goal: with as many digits as it takes that 69.96 % doesn't read as the 70 % it
    missed."""
    text = number(value, unit)
    if value is None:
        return text
    for goal in goals:
        if goal is None or exact(value) == exact(goal):
            continue
        for digits in (None, 1, 2, 3, 4, 5, 6):
            text = number(value, unit, digits)
            if text != number(goal, unit, digits):
                break
    return text


def day(value: date, *, year: bool = False) -> str:
    """`20 Oct`, or `20 Oct 2025`"""
    return chosen().date(value, "day_year" if year else "day")


def weekday(value: date) -> str:
    """`Mon 20 Oct`"""
    return chosen().date(value, "weekday_day")


def long_day(value: date) -> str:
    """`Mon 20 Oct 2025`"""
    return chosen().date(value, "weekday")


def month(value: date, *, year: bool = True) -> str:
    """`Oct 2025`, or `Oct`"""
    return chosen().date(value, "month" if year else "month_name")


def span(first: date, last: date) -> str:
    """`20 Oct – 26 Oct 2025`"""
    return f"{day(first)} – {day(last, year=True)}"


def week_days(monday: date) -> str:
    """`Mon 20 Oct to Sun 26 Oct 2025`, with the year twice only where it changes."""
    sunday = monday + timedelta(days=6)
    first = long_day(monday) if monday.year != sunday.year else chosen().date(monday, "weekday_day")
    return f"{first} to {long_day(sunday)}"


def week_name(monday: date) -> str:
    """Return `Week of 20 October`: the name of a week for people. The year is beside it where it matters."""
    return f"Week of {chosen().date(monday, 'day_long')}"


def week_number(monday: date) -> str:
    """`W43`"""
    return f"W{monday.isocalendar().week:02d}"


def period_name(start: date, cadence: str) -> str:
    """A period in words: `week of 20 October`, `September 2025`."""
    if cadence == "month":
        return chosen().date(start, "month_long")
    return inside_sentence(week_name(start))


def capital(text: str) -> str:
    """As at the start of a sentence: `Week of 20 October`."""
    return text[:1].upper() + text[1:]


def period_text(label: str, *, year: int | None = None) -> str:
    """A period's label in words: `2025-W43` is `week of 20 October`, `2025-09` is `September 2025`, `2025-Q4`
    is `Q4 2025`; `Jul–Sep 2025`, a calendar quarter, is in words already. `year`: the reader's own, so that a
    week of another one says which."""
    first, _, part = label.partition("-")
    if not first.isdigit():
        return label
    if part.startswith("Q"):
        return f"{part} {first}"
    if not part.startswith("W"):
        return period_name(date(int(first), int(part), 1), "month")
    monday = parse_week(label)
    return period_name(monday, "week") + (f" {monday.year}" if year not in (None, monday.year) else "")


def period_choice(label: str, *, year: int) -> str:
    """A period's label in a list to choose from: `Week of 20 October (W43)`, `September 2025`."""
    words = capital(period_text(label, year=year))
    return f"{words} ({label[5:]})" if "-W" in label else words


def instant(value: datetime | None, zone: str) -> str:
    """An instant as the company's clock shows it: `Mon 27 Oct 2025, 07:00 CDT`; a dash where there is
    none."""
    if value is None:
        return DASH
    local = (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(ZoneInfo(zone))
    return f"{long_day(local.date())}, {local:%H:%M %Z}"


def short_instant(value: datetime | None, zone: str) -> str:
    """`27 Oct, 07:00`"""
    if value is None:
        return DASH
    local = (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(ZoneInfo(zone))
    return f"{day(local.date())}, {local:%H:%M}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 week`, `3 weeks`"""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"

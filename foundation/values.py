"""Numbers and texts of others: what a number may be, and how a value is quoted in a sentence."""

from __future__ import annotations

from decimal import Context, Decimal, InvalidOperation

YEARS = (1900, 2199)
"""First and last year of dates and instants. Vendors write 0001 and 9999 for "never", and no calendar of ours
reaches there."""
LARGEST = Decimal(10) ** 29
"""Decimals are smaller than this: DECIMAL(38, 9)."""
_WIDE = Context(prec=60)  # the default of 28 digits cannot round a DECIMAL(38, 9)


class Beyond(ValueError):
    """A value of the right kind that its column cannot hold."""


def decimal(value: object) -> Decimal:
    """A number as DECIMAL(38, 9).

    Raises:
        ValueError: not a number, not finite, or too large (`Beyond`).
    """
    text = str(value).strip()
    # Decimal takes digits of other scripts and underscores too; nobody writes amounts so
    if isinstance(value, bool) or not text.isascii() or "_" in text:
        raise ValueError(value)
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(value) from None
    if not number.is_finite():
        raise ValueError(value)
    if abs(number) >= LARGEST:
        raise Beyond(value)
    return number.quantize(Decimal("1e-9"), context=_WIDE)


def shown(value: object) -> str:
    """The beginning of a value in quotes, on one line."""
    try:
        text = str(value)[:80]
    except ValueError:  # a number of more than 4,300 digits
        text = "a very long number"
    return '"' + "".join(character if character.isprintable() else "?" for character in text) + '"'

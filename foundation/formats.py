"""How amounts of money are written: symbols and decimals of currencies, from the Unicode locale data (babel).

Pages and mails use it in Python; `config.settings` hands it to the sentences that SQL composes.
"""

from __future__ import annotations

from functools import cache

from babel.numbers import get_currency_precision, get_currency_symbol


@cache
def currency_symbol(code: str) -> str:
    """What is written before an amount: `$` for USD, `CA$` for CAD, `CHF ` for CHF."""
    symbol = get_currency_symbol(code, locale="en_US")
    return f"{symbol} " if symbol[-1:].isalpha() else symbol


@cache
def currency_digits(code: str) -> int:
    """Decimals of an amount: 2 for USD, 0 for JPY."""
    return get_currency_precision(code)

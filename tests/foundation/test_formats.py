"""Symbols and decimals of currencies, in Python and in SQL."""

from __future__ import annotations

import pytest

from foundation.formats import currency_digits, currency_symbol
from foundation.settings import Settings, load_company
from foundation.warehouse import settings_rows


@pytest.mark.parametrize(
    ("code", "symbol", "digits"),
    [
        ("USD", "$", 2),
        ("GBP", "£", 2),
        ("CAD", "CA$", 2),
        ("JPY", "¥", 0),
        ("KRW", "₩", 0),
        ("CHF", "CHF ", 2),  # no symbol of its own: the code and a space
        ("XOF", "F\u202fCFA ", 0),
        ("ZZZ", "ZZZ ", 2),
    ],
)
def test_symbols_and_decimals(code: str, symbol: str, digits: int) -> None:
    assert (currency_symbol(code), currency_digits(code)) == (symbol, digits)


def test_sql_is_told_the_same() -> None:
    company = load_company(Settings())
    yen = company.model_copy(update={"company": company.company.model_copy(update={"currency": "JPY"})})
    assert {("format.currency_symbol", "¥"), ("format.currency_digits", "0")} <= set(settings_rows(yen))

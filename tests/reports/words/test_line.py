"""The sentences about a line's number."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reports.words.line import parts_text


@pytest.mark.parametrize(
    ("numerator", "denominator", "aggregation", "parts", "said"),
    [
        ("42", "79", "ratio", None, "42 of 79"),
        ("1542.36", "5", "ratio", "{money:USD} / {count} MQLs", "$1,542 / 5 MQLs"),
        ("1258", "47.4", "last_ratio", "{count} leads / {count} a day", "1,258 leads / 47.4 a day"),
        ("56072.28", "199946.8", "ratio", "{money:USD} of {money:USD}", "$56,072 of $199,947"),
        ("12.5", "40", "ratio", "{money:USD} / {count} leads", "$12.50 / 40 leads"),
        ("5", "1", "last_ratio", None, ""),  # one number, not a ratio
        ("5", "1", "sum", None, ""),
    ],
)
def test_a_ratio_says_its_two_numbers_with_their_units(
    numerator: str, denominator: str, aggregation: str, parts: str | None, said: str
) -> None:
    assert parts_text(Decimal(numerator), Decimal(denominator), aggregation, parts) == said

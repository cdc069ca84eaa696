"""Vendor values become typed columns: the quick way and the careful way agree, and a bad value costs no
row."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from dlt_pipelines.core.records import FLUSH_ROWS, Batches
from dlt_pipelines.core.source import ColumnType
from dlt_pipelines.core.values import array, instant, parse
from foundation.values import decimal


@pytest.mark.parametrize(
    ("kind", "values", "expected", "said"),
    [
        (
            "timestamp",
            ["2025-10-01T09:00:00Z", "2025-10-01T09:00:00.123Z", "2025-10-01T09:00:45.2Z", "", None],
            [
                datetime(2025, 10, 1, 9, tzinfo=UTC),
                datetime(2025, 10, 1, 9, 0, 0, 123000, tzinfo=UTC),
                datetime(2025, 10, 1, 9, 0, 45, 200000, tzinfo=UTC),
                None,
                None,
            ],
            None,
        ),
        (
            "timestamp",
            ["1759309200000", "2025-10-01T05:00:00-04:00"],
            [datetime(2025, 10, 1, 9, tzinfo=UTC)] * 2,
            None,
        ),
        ("timestamp", ["2025-10-01 09:00:00"], [None], "is not an instant"),
        (
            "decimal",
            ["3000", "5000.00", "1e3", "-0.1234567891"],
            [Decimal(3000), Decimal(5000), Decimal(1000), Decimal("-0.123456789")],
            None,
        ),
        ("decimal", [1.25, 3, 0.1], [Decimal("1.25"), Decimal(3), Decimal("0.1")], None),
        ("decimal", ["12", "abc", "NaN", "1,5"], [Decimal(12), None, None, None], "is not a number"),
        ("bigint", ["5", "120.0", None], [5, 120, None], None),
        ("bigint", [5, None], [5, None], None),
        ("bigint", ["3.5"], [None], "is not a whole number"),
        (
            "date",
            ["2025-03-04", "2025-03-04T00:00:00Z", None],
            [date(2025, 3, 4), date(2025, 3, 4), None],
            None,
        ),
        ("date", ["2025-03-04T10:00:00Z"], [None], "is not a date"),
        ("bool", [True, None, False], [True, None, False], None),
        ("bool", ["true", "false"], [True, False], None),
        ("bool", ["maybe"], [None], "is not true or false"),
        ("text", ["<b>\U0001f600", None], ["<b>\U0001f600", None], None),
    ],
)
def test_columns(kind: ColumnType, values: list[Any], expected: list[Any], said: str | None) -> None:
    found, bad = array(kind, values, "amount", range(9001, 9001 + len(values)), "hubspot.deals")
    warnings = [str(value) for value in bad.values()]
    assert found.to_pylist() == expected
    if said:
        assert warnings and all(
            said in warning and warning.startswith("hubspot.deals 90") for warning in warnings
        )
    else:
        assert warnings == []
    # one by one gives the same
    assert [parse(kind, value, "x", lambda _: None) for value in values] == expected


def test_the_warning_names_record_column_and_value() -> None:
    _, bad = array("decimal", ["1", "abc"], "amount", ["9000", "9001"], "hubspot.deals")
    assert {place: str(value) for place, value in bad.items()} == {
        1: 'hubspot.deals 9001: amount "abc" is not a number; stored as empty'
    }


def test_decimals_keep_every_digit_and_refuse_what_does_not_fit() -> None:
    assert (
        str(decimal("12345678901234567890123456789.123456789")) == "12345678901234567890123456789.123456789"
    )
    for value in ("1e29", "inf", True, "", "0x10"):
        with pytest.raises(ValueError):
            decimal(value)
    with pytest.raises(ValueError):
        instant("2025-10-01T09:00:00")


def test_pages_are_handed_on_in_big_pieces() -> None:
    batches = Batches("t", {"id": "text", "n": "bigint"}, lambda _: None)
    handed = []
    for page in range(FLUSH_ROWS // 100 + 1):
        batches.add({"id": [str(page * 100 + row) for row in range(100)], "n": ["1"] * 100})
        handed += list(batches.full())
    handed += list(batches.rest())
    assert [table.num_rows for table in handed] == [FLUSH_ROWS, 100]
    batches.add({"id": [], "n": []})
    assert list(batches.rest()) == []

"""No value of any kind stops a load: whatever JSON holds becomes a value of its column, or null with a
warning."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, get_args

import duckdb
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dlt_pipelines.core import records
from dlt_pipelines.core.records import Batches, typed
from dlt_pipelines.core.run import Unread
from dlt_pipelines.core.source import ColumnType
from dlt_pipelines.core.values import ARROW, LONGEST_TEXT, array, parse, read
from dlt_pipelines.errors import FieldGone, PermanentError
from dlt_pipelines.wire.messages import Answer

KINDS: tuple[ColumnType, ...] = get_args(ColumnType)

numbers = st.one_of(
    st.integers(),
    st.integers(min_value=-(10**40), max_value=10**40),
    st.floats(),
    st.sampled_from(
        [2**63, 2**63 - 1, -(2**63), 10**29, 10**18 + 1, 1e308, 0, -0.0, 253402300800, -62135596801, 1e15]
    ),
)
texts = st.one_of(
    st.text(st.characters(exclude_categories=())),  # lone surrogates and NUL among them
    numbers.map(str),
    st.datetimes().map(str),
    st.dates().map(str),
    st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat()),
    st.sampled_from(
        [
            "0x10",
            "1_000",
            "١٢",
            "1e20",
            "1e400",
            "NaN",
            "-Infinity",
            "true",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59-14:00",
        ]
        + [
            "2025-W40-1",
            "20251001T000000Z",
            "2025-10-01",
            " 5 ",
            "+5",
            "007",
            "1,300.00",
            "٢٠٢٥-١٠-٠١",
            "\ud83d",
            "a\0b",
            "",
            "²" * 9,
        ]
    ),
)
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
values = st.one_of(scalars, st.lists(scalars, max_size=2), st.dictionaries(texts, scalars, max_size=2))


READABLE: dict[str, Any] = {
    "text": "a",
    "bigint": "1",
    "decimal": "1.5",
    "bool": True,
    "timestamp": "2025-10-01T09:00:00Z",
    "date": "2025-10-01",
}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=100)
@given(column=st.lists(values, min_size=1, max_size=6))
@example(column=["99999999999999999999"])
@example(column=["5", 0, ""])
def test_any_value_in_any_column_is_that_value_or_null_with_a_warning(
    kind: ColumnType, column: list[Any]
) -> None:
    found, bad = array(kind, column, "field", range(len(column)), "vendor.table")
    told = {place: str(value) for place, value in bad.items()}
    assert found.type == ARROW[kind]
    found.validate(full=True)
    one_by_one = [parse(kind, value, "x", lambda _: None) for value in column]
    # the quick way and the careful way agree; an empty text is null in both, or itself in both
    quick = [None if value == "" else value for value in found.to_pylist()]
    assert quick == one_by_one
    lost = {
        place
        for place, (value, result) in enumerate(zip(column, one_by_one, strict=True))
        if result is None and value not in (None, "")
    }
    assert {place for place, value in bad.items() if value.is_lost} == lost
    for place, text in told.items():
        assert text.startswith(f"vendor.table {place}: field ") and "\n" not in text and len(text) < 400
        assert text.endswith("stored as empty") == (place in lost)


@settings(max_examples=30)
@given(rows=st.lists(st.fixed_dictionaries({kind: values for kind in KINDS}), min_size=1, max_size=5))
def test_duckdb_holds_every_row(rows: list[dict[str, Any]]) -> None:
    batches = Batches(
        "vendor.table", {"id": "bigint", **{kind: kind for kind in KINDS}}, lambda _, **more: None
    )
    rows = [*rows, READABLE]  # without a single value that can be read the table would be refused
    batches.add({"id": list(range(len(rows))), **{kind: [row[kind] for row in rows] for kind in KINDS}})
    (table,) = batches.rest()
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'Asia/Tokyo'")
        connection.register("arrived", table)
        kept = (
            connection.execute("create table kept as select * from arrived")
            .execute("select * from kept order by id")
            .fetchall()
        )
    assert len(kept) == len(rows)
    assert [row[1:] for row in kept if any(isinstance(value, str) and "\0" in value for value in row)] == []


@settings(max_examples=60)
@given(page=st.lists(st.one_of(values, st.fixed_dictionaries({"id": values, "name": values})), max_size=5))
def test_a_row_without_its_key_costs_no_other_row(page: list[Any]) -> None:
    told: list[str] = []
    good = {"id": 1, "name": "kept"}
    tables = list(
        typed(
            "vendor.table",
            {"id": ("id", "bigint"), "name": ("name", "text")},
            [page, [good]],
            lambda text, **more: told.append(text),
        )
    )
    found = pa.concat_tables(tables).to_pylist()
    assert good in found
    assert all(row["id"] is not None for row in found)
    assert len(found) == len(page) + 1 or any("left out" in text for text in told)


def test_rows_that_all_lack_their_key_are_a_failure() -> None:
    with pytest.raises(PermanentError, match="expected every row to have id, but the first has ID, secret"):
        list(
            typed(
                "vendor.table",
                {"id": ("id", "bigint")},
                [[{"ID": 1, "secret": "s3cret"}] * 2],
                lambda _, **more: None,
            )
        )


def test_a_single_row_without_its_key_is_none() -> None:
    told: list[tuple[str, str]] = []
    list(
        typed(
            "vendor.table",
            {"id": ("id", "bigint")},
            [[{"ID": 1, "secret": "s3cret"}]],
            lambda text, lacks="", **more: told.append((text, lacks)),
        )
    )
    assert told == [
        ("vendor.table: 1 of 1 rows without id are left out; the first has ID, secret", "vendor.table")
    ]


def test_what_lies_beyond_the_bounds_says_which_bound() -> None:
    values: list[tuple[ColumnType, str, str]] = [
        ("bigint", "99999999999999999999", "hubspot.companies 9001: numberofemployees"),
        ("timestamp", "0001-01-01T00:00:00Z", "hubspot.deals 9001: closedate"),
        ("text", "x" * (LONGEST_TEXT + 1), "hubspot.deals 9001: name"),
        ("text", "a\0b", "hubspot.deals 9002: name"),
    ]
    assert [str(read(*value)[1]) for value in values] == [
        (
            'hubspot.companies 9001: numberofemployees "99999999999999999999" is beyond 19 digits; stored as'
            " empty"
        ),
        (
            'hubspot.deals 9001: closedate "0001-01-01T00:00:00Z" is beyond the years 1900 to 2199; stored as'
            " empty"
        ),
        f'hubspot.deals 9001: name "{"x" * 80}" is beyond 1,000,000 characters; stored as empty',
        "hubspot.deals 9002: name holds characters that cannot be stored; each is stored as �",
    ]


def test_a_column_full_of_bad_values_is_told_in_few_words() -> None:
    told: list[str] = []
    noted: list[Unread] = []

    def warn(text: str, *, unread: Sequence[Unread] = ()) -> None:
        told.append(text)
        noted.extend(unread)

    batches = Batches("vendor.table", {"id": "bigint", "n": "bigint"}, warn)
    batches.add({"id": [-1], "n": ["1"]})
    for page in range(10):
        batches.add({"id": list(range(page * 100, page * 100 + 100)), "n": ["many"] * 100})
    list(batches.rest())
    assert len(told) == records.MOST_WARNINGS + 1
    assert told[-1] == "vendor.table: 980 more values of n are stored as empty for such reasons"
    # each record is in doubt, whether it was named or only counted
    assert [one.record_id for one in noted] == [str(number) for number in range(1000)]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "text"])
@settings(max_examples=60)
@given(column=st.lists(values, min_size=1, max_size=4), with_readable=st.booleans())
@example(column=["20/10/2025 15:00", "21/10/2025 15:00"], with_readable=False)
@example(column=["20/10/2025 15:00"], with_readable=False)
@example(column=[10**30, 10**30], with_readable=False)
def test_a_value_is_read_in_doubt_or_its_table_refused(
    kind: ColumnType, column: list[Any], with_readable: bool
) -> None:
    """If several values came and none is of the column's kind, the field has changed and the table is
    refused. Any other value that is not stored leaves its record in doubt. Nothing that had a value is stored
    as empty in silence."""
    column += [READABLE[kind]] if with_readable else []
    noted: list[Unread] = []
    batches = Batches(
        "vendor.table", {"id": "bigint", "x": kind}, lambda _, lacks="", unread=(): noted.extend(unread)
    )
    batches.add({"id": list(range(len(column))), "x": column})
    given_ = [value not in (None, "") for value in column]
    try:
        (table,) = batches.rest()
    except FieldGone as gone:
        assert not noted and sum(given_) > 1 and "values of x can be read" in str(gone)
        assert all(parse(kind, value, "", lambda _: None) is None for value in column)
        return
    stored = [value is not None for value in table.column("x").to_pylist()]
    doubted = {int(one.record_id) for one in noted}
    assert [place in doubted for place in range(len(column))] == [
        was_given and not is_stored for was_given, is_stored in zip(given_, stored, strict=True)
    ]
    bad = [found for value in column if (found := read(kind, value, "")[1])]
    strange = [value for value in bad if value.reason == "not of its kind"]
    assert any(stored) or len(strange) < 2 or not doubted


def test_a_record_in_doubt_names_its_days() -> None:
    noted: list[Unread] = []
    kinds: dict[str, ColumnType] = {
        "number": "bigint",
        "closed_at": "timestamp",
        "created_at": "timestamp",
        "due": "date",
    }
    batches = Batches(
        "vendor.tickets", kinds, lambda _, lacks="", unread=(): noted.extend(unread), key="number"
    )
    batches.add(
        {
            "number": [7, 8],
            "closed_at": ["soon", "2025-10-02T09:00:00Z"],
            "created_at": ["2025-10-01T09:00:00Z"] * 2,
            "due": ["2025-10-05", None],
        }
    )
    list(batches.rest())
    (one,) = noted
    assert (one.table, one.key, one.record_id, one.column) == ("tickets", "number", "7", "closed_at")
    assert one.dates == [datetime(2025, 10, 1, 9, tzinfo=UTC), date(2025, 10, 5)]
    assert Unread.model_validate_json(one.model_dump_json()) == one


def test_a_snapshot_is_in_doubt_on_its_own_day_alone() -> None:
    noted: list[Unread] = []
    kinds: dict[str, ColumnType] = {"id": "bigint", "snapshot_date": "date", "n": "bigint", "made": "date"}
    batches = Batches("vendor.now", kinds, lambda _, lacks="", unread=(): noted.extend(unread))
    batches.add({"id": [7], "snapshot_date": ["2025-10-05"], "n": ["many"], "made": ["2025-01-01"]})
    list(batches.rest())
    assert noted[0].dates == [date(2025, 10, 5)]


def test_zero_beside_texts_stays_zero() -> None:
    assert _stored("bigint", ["5", 0, ""]) == [5, 0, None]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"subject": "cut \\ud83d"}', {"subject": "cut \ud83d"}),
        (b'{"subject": "latin \xe9"}', {"subject": "latin \ufffd"}),
        (b'{"subject": "tab\x01"}', {"subject": "tab\x01"}),
        (b'{"amount": 1e999, "n": ' + b"9" * 5000 + b"}", {"amount": float("inf"), "n": "9" * 5000}),
        (b'{"id": 99999999999999999999}', {"id": 1e20}),
        (b"[" * 5000 + b"]" * 5000, None),
        (b'{"subject": "no end', None),
        (b"<html>", None),
    ],
)
def test_one_odd_character_does_not_make_an_answer_unreadable(body: bytes, expected: Any) -> None:
    assert Answer(200, {}, body, "/").json() == expected


@settings(max_examples=100)
@given(
    value=st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=8,
    )
)
def test_whatever_json_holds_is_read(value: Any) -> None:
    body = json.dumps({"value": value}).encode()
    read = Answer(200, {}, body, "/").json()
    assert isinstance(read, dict) and list(read) == ["value"]


def test_python_values_of_databases_and_files_are_taken_as_they_are() -> None:
    moment = datetime(2025, 10, 1, 9, tzinfo=UTC)
    assert _stored("timestamp", [moment]) == [moment]
    assert _stored("date", [date(2025, 10, 1)]) == [date(2025, 10, 1)]
    assert _stored("decimal", [Decimal("1.5"), None]) == [Decimal("1.5"), None]


def _stored(kind: ColumnType, values: Sequence[Any]) -> list[Any]:
    """The column as stored, all of it as it came."""
    found, bad = array(kind, values, "x", range(len(values)), "t")
    assert bad == {}
    return found.to_pylist()

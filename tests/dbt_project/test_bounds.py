"""No value stops a build: staging holds whatever a load can bring, and an impossible value counts nowhere and
is told."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dlt_pipelines.core.values import as_json
from dlt_pipelines.registry import SOURCES
from tests.support.raw_warehouse import RawWarehouse

NASTY = (
    *(
        "",
        " ",
        "1e20",
        "-1e999",
        "nan",
        "9" * 40,
        "99999999999999999",
        "2025-10-01",
        "0001-01-01T00:00:00Z",
        "'; drop table x",
    ),
    *(
        "amount",
        "closedate",
        "dealstage",
        "Between0dAnd1d",
        "Between99999999999dAnd1d",
        "10.0.99999999999",
        "101%",
        "USD",
    ),
)
TEXTS = st.sampled_from(NASTY) | st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12
)
LINE = st.dictionaries(
    st.sampled_from(["amount", "kind", "linked", "account_id"]), TEXTS | st.integers() | st.none(), max_size=4
)
JSON = st.lists(st.integers(-9, 9) | LINE, max_size=3).map(as_json)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": TEXTS,
    "bigint": st.integers(-(2**63) + 1, 2**63 - 1) | st.sampled_from([0, 1, 2**63 - 1]),
    "decimal": (
        st.decimals(Decimal("-1e29"), Decimal("1e29"), places=9).filter(
            lambda value: abs(value) < Decimal("1e29")
        )
        | st.sampled_from([Decimal(0), Decimal("1e20"), Decimal("1e28")])
    ),
    "bool": st.booleans(),
    "date": st.dates(date(1900, 1, 1), date(2199, 12, 31)),
    "timestamp": (
        st.integers(-2_208_988_800, 7_258_118_399).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
    ),
}
"""What `dlt_pipelines.core.records` lets through, by type of column."""


def row_of(columns: dict[str, str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            name: st.none() | (JSON if name in ("lines", "linked", "custom_fields") else VALUES[kind])
            for name, kind in columns.items()
        }
    )


TABLES = {
    f"raw_{name}.{table.name}": dict(table.columns)
    for name, entry in SOURCES.items()
    for table in entry.source.tables
}


@pytest.fixture(scope="module")
def staging(
    auckland: RawWarehouse, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The raw tables and the staging views over them, to write into."""
    copy: Path = tmp_path_factory.mktemp("staging") / "warehouse.duckdb"
    shutil.copyfile(auckland.settings.warehouse_path, copy)
    with contextlib.closing(duckdb.connect(str(copy))) as connection:
        yield connection


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_staging_holds_whatever_a_load_can_bring(
    staging: duckdb.DuckDBPyConnection, data: st.DataObject
) -> None:
    table = data.draw(st.sampled_from(sorted(TABLES)), label="table")
    row = data.draw(row_of(TABLES[table]), label="row")
    source = table.partition(".")[0].removeprefix("raw_")
    views = staging.execute(
        "select table_schema, table_name from information_schema.tables where table_type = 'VIEW' and"
        " starts_with(table_name, ?)",
        [f"stg_{source}__"],
    ).fetchall()
    assert views
    staging.begin()
    try:
        staging.execute(
            f"insert into {table} ({', '.join(row)}) values ({', '.join('?' * len(row))})", list(row.values())
        )
        for schema, view in views:
            # hashed, so that every column is computed
            staging.execute(f'select sum(hash(staged)) from {schema}."{view}" as staged').fetchall()
    finally:
        staging.rollback()


def test_an_absurd_amount_is_left_out_with_a_reason_and_told(auckland: RawWarehouse) -> None:
    won = auckland.query(
        "select record_id, counted, reason, numerator from metrics.mrr_closed order by record_id"
    )
    assert [(row["record_id"], row["counted"], row["reason"], row["numerator"]) for row in won] == [
        ("absurd", False, "implausible_amount", 0),
        ("sane", True, None, 250),
    ]
    told = auckland.query(
        "select source, table_name, record_id, field from marts.fct_implausible order by all"
    )
    assert [tuple(row.values()) for row in told] == [
        ("hubspot", "companies", "c-absurd", "employees"),
        ("hubspot", "deals", "absurd", "amount"),
        ("hubspot", "deals", "absurd", "mrr"),
        ("hubspot", "deals", "absurd-open", "amount"),
    ]


def test_an_open_pipeline_with_an_absurd_amount_is_not_a_pipeline_of_zero(auckland: RawWarehouse) -> None:
    rows = auckland.query(
        "select distinct record_id, reason from metrics.pipeline_value where occurred_on = '2027-01-03'"
    )
    assert [tuple(row.values()) for row in rows] == [("absurd-open", "implausible_amount")]

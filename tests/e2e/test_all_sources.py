"""Every source at once against the sandbox with the vendors' published limits switched on: what `make demo`
does."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dlt_pipelines.registry import SOURCES
from foundation.settings import PROJECT_ROOT
from sandbox import running_sandbox
from sandbox.vendors.mongodb import PASSWORD as MONGO_PASSWORD
from tests.e2e.conftest import MONDAY, Install
from tests.support.cases import CASES, secrets

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@dataclass
class Everything:
    """A home into which all sources were read, twice, with a day between; what was said, and every request
    that was made."""

    home: Path
    output: str
    requests: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    backfill: str
    """What a backfill of the vendors that work per person printed."""


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Everything:
    home = tmp_path_factory.mktemp("everything") / "home"
    with running_sandbox(as_of=MONDAY) as sandbox:
        install = Install(home, sandbox, PROJECT_ROOT / "company.toml", extra=sandbox.environment).at(MONDAY)
        output = install.scoreline("run", "refresh")
        install.at(MONDAY + timedelta(days=1))
        output += install.scoreline("run", "refresh")
        output += install.scoreline("run", "build")
        backfill = install.scoreline("backfill", "--source", "copper", "--source", "justcall", "--days", "90")
        output += install.scoreline("doctor")
        findings = install.scoreline("doctor", "--json")
        return Everything(
            home, output + backfill + findings, sandbox.requests(), json.loads(findings), backfill
        )


def test_every_table_of_every_source_has_rows(everything: Everything) -> None:
    with duckdb.connect(str(everything.home / "warehouse.duckdb"), read_only=True) as connection:
        empty = [
            f"{name}.{table}"
            for name, entry in SOURCES.items()
            for table in entry.tables
            if connection.execute(f'select count(*) from raw_{name}."{table}"').fetchone() == (0,)
        ]
        loads = connection.execute("select distinct source, status from ledger.loads").fetchall()
    assert sorted(loads) == [(name, "ok") for name in sorted(SOURCES)]
    # nothing was typed in wrong, and no bank complains
    assert empty == ["manual.rejected", "ad_spend_csv.rejected", "simplefin.errors"]


@pytest.mark.parametrize(
    ("name", "limit"), [(name, limit) for name, case in CASES.items() for limit in case.limits]
)
def test_no_window_holds_more_requests_than_the_vendor_allows(
    everything: Everything, name: str, limit: tuple[str, int, float]
) -> None:
    path, most, seconds = limit
    calls = [call for call in everything.requests if call["source"] == name]
    assert [call for call in calls if call["status"] == 429] == []
    times = sorted(call["time"] for call in calls if re.search(path, call["path"]))
    assert times, f"no request of {name} matches {path!r}"
    assert max(sum(start <= other < start + seconds for other in times) for start in times) <= most


def test_the_doctor_finds_every_source_healthy(everything: Everything) -> None:
    # beside the sources it looks at this machine, which has neither a site nor a mail server here
    assert {finding["source"] for finding in everything.findings} == {*SOURCES, "settings", "home", "mail"}
    assert [finding for finding in everything.findings if finding["level"] == "fail"] == []


def test_a_backfill_sums_up_who_was_pulled(everything: Everything) -> None:
    rows = [
        line.split()
        for line in everything.backfill.partition("Backfill")[2].splitlines()
        if "2025-07-30 to now" in line
    ]
    assert {row[0] for row in rows} == {"copper", "justcall", "total"}
    assert any(row[:3] == ["copper", "Maya", "Torres"] for row in rows)
    assert rows[-1][1:4] == [str(len(rows) - 1), str(len(rows) - 1), "0"]  # processed, ok, failed


def test_figures_that_two_sources_tell_together(everything: Everything) -> None:
    """The quarter's cost of an MQL is all of its money by all of its MQLs; a runway in days of the calendar is
    longer than one in sending days."""
    with duckdb.connect(
        str(everything.home / "published" / "scoreline.duckdb"), read_only=True
    ) as connection:
        spent, reached, shown = connection.execute(
            "select sum(value) filter (metric_id = 'ad_spend'), sum(value) filter (metric_id = 'mql_count'),"
            " max(quarter_value) filter (metric_id = 'cost_per_mql' and week_label = '2025-W43') from"
            " marts.fct_scorecard_weekly where quarter_label = '2025-Q4' and is_finished"
        ).fetchone() or (0, 0, 0)
        runway = dict(
            connection.execute(
                "select metric_id, value from marts.fct_scorecard_weekly where week_label = '2025-W44' and"
                " metric_id in ('lead_queue_runway', 'lead_queue_runway_sending')"
            ).fetchall()
        )
        units = connection.execute(
            "select distinct unit from marts.dim_lines where metric_id like 'lead_queue_runway%'"
        ).fetchall()
    assert round(shown, 6) == round(spent / reached, 6)
    # it sends on five days of seven
    assert round(runway["lead_queue_runway"] / runway["lead_queue_runway_sending"], 6) == Decimal("1.4")
    assert units == [("days",)]


def test_no_secret_of_any_source_is_anywhere(everything: Everything) -> None:
    written = {
        file.relative_to(everything.home): file.read_bytes()
        for file in everything.home.rglob("*")
        if file.is_file()
    }
    assert len(written) > 50
    for name, secret in (secrets() | {"MONGODB_URL": MONGO_PASSWORD}).items():
        assert secret not in everything.output, name
        assert [str(path) for path, content in written.items() if secret.encode() in content] == [], name

"""Backfills part by part: a person's failure stops no other, what is done stays done, and a window ends like
a load of everything."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from dlt_pipelines.core.backfill import WHOLE, BackfillReport, Part, backfill, noted
from dlt_pipelines.core.load import load
from dlt_pipelines.errors import PermanentError
from foundation.settings import Company, Settings
from sandbox import Sandbox
from tests.dlt_pipelines.conftest import query

pytestmark = pytest.mark.usefixtures("unhurried")
SINCE = datetime.fromisoformat("2025-08-01T05:00:00+00:00")
TABLES = {"copper": {"activities", "opportunities"}, "justcall": {"calls"}}
ROWS = {
    "copper": (
        "select id, user_id as person from raw_copper.activities where activity_date >= '2025-08-01"
        " 05:00:00+00' union all select id, assignee_id from raw_copper.opportunities where date_created >="
        " '2025-08-01 05:00:00+00' order by all"
    ),
    "justcall": (
        "select id, agent_id as person from raw_justcall.calls where called_at >= '2025-08-01 05:00:00+00'"
        " order by id"
    ),
}
Pull = Callable[..., BackfillReport]


@pytest.fixture
def pull(company: Company) -> Pull:
    def pulled(source: str, **how: object) -> BackfillReport:
        return backfill(source, Settings(), company, since=SINCE, tables=TABLES[source], **how)  # type: ignore[arg-type]

    return pulled


def _somebody(settings: Settings, source: str) -> str:
    """The vendor's id of who has most rows."""
    return str(
        query(
            settings,
            f"select person from ({ROWS[source]}) where person is not null group by 1 order by count(*) desc",
        )[0][0]
    )


@pytest.mark.parametrize("source", TABLES)
def test_a_window_person_by_person_is_the_window(
    source: str,
    sandbox: Sandbox,
    company: Company,
    pull: Pull,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: object,
) -> None:
    told: list[Part] = []
    report = pull(source, told=told.append)
    assert report.parts == told and [part.status for part in told] == ["ok"] * len(told) and len(told) > 3
    assert told[-1].name == "everything else" and all(part.person.isdigit() for part in told[:-1])
    rows = query(Settings(), ROWS[source])
    assert rows
    assert (
        sum(part.rows_loaded for part in told)
        == sum(table.rows_loaded for table in report.load.tables.values())
        >= len(rows)
    )
    again = pull(source, restart=True)
    assert not any(part.earlier for part in again.parts)
    assert query(Settings(), ROWS[source]) == rows
    monkeypatch.setenv("SCORELINE_HOME", f"{tmp_path}/whole")
    load(source, Settings(), company, tables=TABLES[source])
    assert query(Settings(), ROWS[source]) == rows


@pytest.mark.parametrize(
    ("source", "asked_by"), [("copper", r'"assignee_ids": ?\[{}\]'), ("justcall", "agent_id={}(&|$)")]
)
def test_one_person_s_failure_stops_no_other_and_is_all_that_is_tried_again(
    source: str, asked_by: str, sandbox: Sandbox, company: Company, pull: Pull
) -> None:
    load(source, Settings(), company)
    person = _somebody(Settings(), source)
    sandbox.fault(source, "status", status=500, within=asked_by.format(person), times=None)
    first = pull(source)
    assert {part.person for part in first.parts if part.status == "failed"} == {person}
    (failed,) = (part for part in first.parts if part.status == "failed")
    assert len(first.failures) == 1 and failed.error and "500" in failed.error and failed.name
    assert sum(part.status == "ok" for part in first.parts) == len(first.parts) - 1 > 2

    sandbox.clear_faults()
    second = pull(source)
    assert {part.person for part in second.parts if not part.earlier} == {person}
    assert [part.status for part in second.parts] == ["ok"] * len(first.parts)
    sandbox.forget_requests()
    third = pull(source)
    assert all(part.earlier for part in third.parts) and third.load.requests == 0
    assert len(sandbox.requests(source)) <= 2  # who there is, and nothing else
    assert {
        part.person: part.status
        for part in noted(Settings(), source, SINCE, None, ",".join(sorted(TABLES[source])))
    } == {part.person: "ok" for part in third.parts}


def test_a_backfill_that_was_stopped_goes_on_where_it_was(sandbox: Sandbox, pull: Pull) -> None:
    parts: list[Part] = []

    def pulls_the_plug(part: Part) -> None:
        parts.append(part)
        if len(parts) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull("justcall", told=pulls_the_plug)
    report = pull("justcall")
    assert [part.person for part in report.parts if part.earlier] == [part.person for part in parts]
    assert {part.status for part in report.parts} == {"ok"}


def test_another_window_is_another_backfill(sandbox: Sandbox, company: Company, pull: Pull) -> None:
    pull("justcall")
    until = datetime.fromisoformat("2025-09-01T05:00:00+00:00")
    other = backfill("justcall", Settings(), company, since=SINCE, until=until, tables=TABLES["justcall"])
    assert not any(part.earlier for part in other.parts)


def test_a_source_that_knows_no_persons_is_one_part(sandbox: Sandbox, company: Company) -> None:
    report = backfill("datto_rmm", Settings(), company, since=SINCE)
    assert [(part.person, part.status) for part in report.parts] == [(WHOLE, "ok")]
    assert backfill("datto_rmm", Settings(), company, since=SINCE).parts[0].earlier


def test_not_connected_is_said_and_a_wrong_key_fails_the_source(
    company: Company, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.fault("copper", "wrong_key", times=None)
    report = backfill("copper", Settings(), company, since=SINCE)
    assert [(part.person, part.status) for part in report.parts] == [(WHOLE, "failed")]
    assert isinstance(report.failures[0], PermanentError)
    for name in ("JUSTCALL_API_KEY", "JUSTCALL_API_SECRET"):
        monkeypatch.delenv(name)
    report = backfill("justcall", Settings(), company, since=SINCE)
    assert [part.status for part in report.parts] == ["not_connected"] and not report.failures
    with pytest.raises(PermanentError, match="did you mean 'hubspot'"):
        backfill("hubspott", Settings(), company, since=SINCE)

"""Zendesk: one test per trap in the contract of `sandbox/vendors/zendesk.py`, over HTTP."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from dlt_pipelines.core.load import load
from dlt_pipelines.core.window import Window
from dlt_pipelines.doctor.checks import diagnose
from dlt_pipelines.errors import PermanentError
from dlt_pipelines.sources.zendesk.access import connect, subdomain
from dlt_pipelines.sources.zendesk.fields import TICKETS
from foundation.settings import Company, Settings
from sandbox import Sandbox
from tests.dlt_pipelines.conftest import AS_OF, at, query
from tests.dlt_pipelines.doctor.test_doctor import bad

pytestmark = pytest.mark.usefixtures("unhurried")
EXPORT = "incremental/tickets/cursor"
NEXT_DAY = "2025-10-28T12:00:00Z"


def pull(company: Company, *tables: str, **more: Any) -> Any:
    return load("zendesk", Settings(), company, tables=tables or ("tickets",), **more)


def exports(sandbox: Sandbox) -> int:
    return sum(EXPORT in call["path"] for call in sandbox.requests("zendesk"))


def page(
    sandbox: Sandbox, *rows: dict[str, Any], end: bool = True, cursor: str = "MTc2MTU2NjQwMC4wfHw3fA=="
) -> None:
    """The next export answers these rows."""
    living = dict.fromkeys({field.split(".")[0] for field, _ in TICKETS.values()} - {"metric_set"})
    living |= {
        "created_at": "2025-10-20T10:00:00Z",
        "updated_at": "2025-10-20T10:00:00Z",
        "status": "open",
        "via": {"channel": "email"},
        "satisfaction_rating": {"score": "unoffered"},
    }
    tickets = [living | row if row.get("status") != "deleted" else row for row in rows]
    body = json.dumps({"tickets": tickets, "after_cursor": cursor, "after_url": None, "end_of_stream": end})
    sandbox.fault("zendesk", "status", status=200, path=EXPORT, times=1, body=body)


def metrics(calendar: int | None, **more: Any) -> dict[str, Any]:
    return {
        "reply_time_in_minutes": {"calendar": calendar, "business": None},
        "reopens": 0,
        "replies": 1,
        **more,
    }


def test_what_only_the_system_changed_comes_too(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull(company)
    sandbox.forget_requests()
    solved = query(Settings(), "select count(*) from raw_zendesk.tickets where status = 'solved'")
    at(monkeypatch, sandbox, NEXT_DAY)
    report = pull(company)
    assert exports(sandbox) == 1 and 0 < report.tables["tickets"].rows_loaded < 100
    closed = (
        "select count(*) from raw_zendesk.tickets where status = 'closed' and updated_at < timestamptz"
        " '2025-10-25 00:00:00+00'"
    )
    since = int(datetime.fromisoformat(AS_OF).timestamp())
    assert query(Settings(), f"{closed} and generated_timestamp > ?", since)[0][0] > 0 and solved[0][0] > 0


def test_metric_sets_come_on_every_page(sandbox: Sandbox, company: Company) -> None:
    report = pull(company)
    assert exports(sandbox) > 1 and report.warnings == []
    assert query(Settings(), "select distinct part from raw_zendesk.tickets order by 1") == [
        ("deleted",),
        ("ticket",),
    ]
    assert query(
        Settings(), "select count(*) from raw_zendesk.tickets where part = 'ticket' and reopens is null"
    ) == [(0,)]


def test_a_stub_of_a_deleted_ticket_takes_nothing_away(sandbox: Sandbox, company: Company) -> None:
    page(sandbox, {"id": 7, "generated_timestamp": 1761000000, "subject": "Kept", "metric_set": metrics(90)})
    pull(company)
    page(
        sandbox,
        {"id": 7, "generated_timestamp": 1761000100, "status": "deleted", "subject": "SCRUBBED"},
        {"id": 8, "status": "deleted"},
    )
    report = pull(company)
    assert [warning for warning in report.warnings if "sends no" in warning] == []
    assert query(
        Settings(), "select id, part, subject, reply_minutes_calendar from raw_zendesk.tickets order by 1, 2"
    ) == [
        (7, "deleted", "SCRUBBED", None),
        (7, "ticket", "Kept", 90),
        (8, "deleted", None, None),
    ]


def test_a_ticket_that_comes_back_without_its_metrics_keeps_them(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull(company)
    at(monkeypatch, sandbox, NEXT_DAY)
    pull(company)
    kept = (
        "select max(reopens) from raw_zendesk.tickets group by id having bool_or(part = 'bare') and"
        " bool_or(part = 'ticket')"
    )
    assert query(Settings(), kept) == [(0,)]


def test_no_metric_set_at_all_is_said(sandbox: Sandbox, company: Company) -> None:
    page(
        sandbox,
        {"id": 7, "generated_timestamp": 1761000000, "metric_set": None},
        {"id": 8, "generated_timestamp": 1761000000},
    )
    assert any("none of 2 tickets came with its metric set" in warning for warning in pull(company).warnings)


def test_the_first_resolution_may_come_before_the_first_reply(sandbox: Sandbox, company: Company) -> None:
    early = metrics(500, first_resolution_time_in_minutes={"calendar": 3, "business": 3})
    page(sandbox, {"id": 7, "generated_timestamp": 1761000000, "metric_set": early})
    pull(company)
    assert query(
        Settings(),
        "select reply_minutes_calendar, first_resolution_minutes_calendar from raw_zendesk.tickets",
    ) == [(500, 3)]


def test_of_a_ticket_that_comes_twice_the_newest_stays(sandbox: Sandbox, company: Company) -> None:
    row = {"id": 7, "metric_set": metrics(5)}
    stale, newest = (
        row | {"generated_timestamp": 1761000000},
        row | {"generated_timestamp": 1761000500, "status": "solved"},
    )
    for number, rows in enumerate([(newest, stale), (stale, newest)]):
        page(sandbox, *(one | {"id": number} for one in rows))
        pull(company)
    assert query(Settings(), "select id, status from raw_zendesk.tickets order by 1") == [
        (0, "solved"),
        (1, "solved"),
    ]


def test_a_cursor_that_has_run_out_is_replaced_by_the_time_of_the_last_run(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull(company)
    at(monkeypatch, sandbox, NEXT_DAY)
    sandbox.forget_requests()
    sandbox.fault("zendesk", "status", status=422, path=EXPORT, times=1)
    report = pull(company)
    assert exports(sandbox) == 2 and report.warnings == [] and report.tables["tickets"].rows_loaded < 100
    pull(company)
    assert exports(sandbox) == 3  # the next one has a cursor again


def test_an_empty_page_need_not_be_the_last(sandbox: Sandbox, company: Company) -> None:
    for _ in range(2):
        page(sandbox, end=False)
    page(
        sandbox,
        {"id": 7, "generated_timestamp": 1761566500, "metric_set": metrics(5)},
        cursor="MTc2MTU2NjUwMC4wfHw3fA==",
    )
    assert pull(company).tables["tickets"].rows_total == 1


def test_a_backfill_begins_at_its_window_runs_to_the_end_and_moves_no_cursor(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull(company)
    snapshots = "select count(*) from raw_zendesk.open_tickets"
    before = query(Settings(), snapshots)
    sandbox.forget_requests()
    window = Window(datetime(2025, 10, 1, tzinfo=UTC), datetime(2025, 10, 8, tzinfo=UTC))
    report = pull(company, window=window)
    assert exports(sandbox) == 1 and query(Settings(), snapshots) == before
    stamps = query(
        Settings(), "select count(*) from raw_zendesk.tickets where generated_timestamp >= 1759276800"
    )
    assert (report.tables["tickets"].rows_loaded,) == stamps[0]
    # a window that ends now would begin younger than a minute, which Zendesk refuses
    pull(company, window=Window(datetime.fromisoformat(AS_OF)))
    at(monkeypatch, sandbox, NEXT_DAY)
    assert pull(company).tables["tickets"].rows_loaded < 100


def test_what_happened_in_the_last_minute_is_not_said_to_be_complete(
    sandbox: Sandbox, company: Company
) -> None:
    assert pull(company).complete_through == datetime(2025, 10, 27, 11, 59, tzinfo=UTC)


def test_ids_exceed_32_bits(sandbox: Sandbox, company: Company) -> None:
    pull(company, "tickets", "agents")
    known = (
        "select count(*) from raw_zendesk.tickets t join raw_zendesk.agents a on t.assignee_id = a.id where"
        " a.id > 4294967296"
    )
    assert query(Settings(), known)[0][0] > 1000


def test_the_exports_have_a_budget_of_their_own(sandbox: Sandbox, company: Company) -> None:
    client = connect(Settings(), company)
    assert client is not None
    assert [(limit.most, limit.seconds) for limit in client.budget.lanes["exports"]] == [(10, 60), (200, 60)]
    assert [(limit.most, limit.seconds) for limit in client.budget.lanes[""]] == [(200, 60)]


def test_open_tickets_are_kept_by_day(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull(company, "open_tickets")  # the tickets that it is taken from come along
    at(monkeypatch, sandbox, "2025-10-28T04:00:00Z")
    pull(
        company, "open_tickets"
    )  # still Monday at the company: the later run of a day replaces the earlier one
    at(monkeypatch, sandbox, "2025-10-28T12:00:00Z")
    pull(company, "open_tickets")
    days = query(
        Settings(),
        "select snapshot_date, min(snapshot_at), count(*) from raw_zendesk.open_tickets group by 1 order"
        " by 1",
    )
    assert [(str(day), taken.astimezone(UTC).hour) for day, taken, _ in days] == [
        ("2025-10-27", 4),
        ("2025-10-28", 12),
    ]
    assert all(20 < count < 80 for _, _, count in days)
    statuses = query(Settings(), "select distinct status from raw_zendesk.open_tickets")
    assert {status for (status,) in statuses} <= {"new", "open", "pending", "hold"}
    since = query(
        Settings(), "select distinct complete_from from ledger.loads where table_name = 'open_tickets'"
    )
    assert [instant.astimezone(UTC).isoformat() for (instant,) in since] == ["2025-10-27T12:00:00+00:00"]


def test_who_leaves_stays_known(sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, sandbox, "2025-05-01T12:00:00Z")
    pull(company, "agents")
    at(monkeypatch, sandbox, "2025-06-01T12:00:00Z")
    pull(company, "agents")
    gone = query(Settings(), "select name, email from raw_zendesk.agents where removed_at is not null")
    assert gone == [("Gwen Pratt", "gwen.pratt@cedar-ridge.example")]
    assert query(
        Settings(), "select count(*) from raw_zendesk.agents where email like '%client.example'"
    ) == [(0,)]


def test_what_people_wrote_is_not_stored(sandbox: Sandbox, company: Company) -> None:
    load("zendesk", Settings(), company)
    assert b"body-of-a" not in Settings().warehouse_path.read_bytes()


@pytest.mark.parametrize("text", ["acme", "ACME.zendesk.com", "https://acme.zendesk.com/", " acme "])
def test_the_subdomain_may_be_written_in_several_ways(text: str) -> None:
    assert subdomain(text) == "acme"


@pytest.mark.parametrize(
    "text",
    [
        "evil.example",
        "acme.zendesk.com.evil.example",
        "acme/x",
        "http://acme.zendesk.com",
        "a@b",
        "-",
        "acme#",
    ],
)
def test_credentials_go_to_no_foreign_host(
    text: str, settings: Settings, company: Company, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    monkeypatch.delenv("SANDBOX_URL")
    monkeypatch.setenv("ZENDESK_SUBDOMAIN", text)
    with pytest.raises(PermanentError, match="ZENDESK_SUBDOMAIN is not a subdomain"):
        connect(settings, company)


def test_an_account_that_does_not_exist(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault("zendesk", "status", status=404, body="<html>No help desk at this address</html>")
    with pytest.raises(PermanentError, match=r"no account at this address.*Check ZENDESK_SUBDOMAIN"):
        pull(company)


def test_the_doctor_on_users_that_may_not_export(sandbox: Sandbox, company: Company) -> None:
    assert bad(diagnose(Settings(), company, ["zendesk"])) == {}
    sandbox.fault(
        "zendesk",
        "status",
        status=200,
        path="users/me",
        body='{"user": {"id": null, "name": "Anonymous user"}}',
        times=1,
    )
    assert "anonymous" in bad(diagnose(Settings(), company, ["zendesk"]))["user"].detail
    sandbox.fault(
        "zendesk", "status", status=200, path="users/me", body='{"user": {"id": 5, "role": "agent"}}', times=1
    )
    sandbox.fault("zendesk", "status", status=403, path=EXPORT)
    found = bad(diagnose(Settings(), company, ["zendesk"]))
    assert set(found) == {"user", "ticket export"} and "admin" in found["ticket export"].way_out
    # `error` is an object here and a text elsewhere
    assert "You do not have access" in found["ticket export"].detail


def test_a_snapshot_that_nobody_could_take_is_refused_with_the_tickets(
    sandbox: Sandbox, company: Company
) -> None:
    """Not "ok, 0 rows": that would be a day on which nothing was open."""
    sandbox.fault("zendesk", "status", status=403, path=EXPORT)
    report = load("zendesk", Settings(), company)
    said = dict(
        query(Settings(), "select table_name, status || ': ' || coalesce(error, '') from ledger.loads")
    )
    assert {table: text[:13] for table, text in said.items() if not text.startswith("ok")} == {
        "tickets": "not_available",
        "open_tickets": "not_available",
    }
    assert said["tickets"] == said["open_tickets"] and "You do not have access" in said["tickets"]
    assert "open_tickets is not available" in " ".join(report.warnings)


def test_the_doctor_on_a_wrong_token(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZENDESK_API_KEY", "canary-wrong-0003")
    findings = diagnose(Settings(), company, ["zendesk"])
    assert "not accepted" in bad(findings)["access"].detail and "canary" not in str(findings)

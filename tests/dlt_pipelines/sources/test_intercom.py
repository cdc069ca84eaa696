"""Intercom: one test per trap in the contract of `sandbox/vendors/intercom.py`, over HTTP."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dlt_pipelines.core.load import load
from dlt_pipelines.core.window import Window
from dlt_pipelines.doctor.checks import diagnose
from dlt_pipelines.sources.intercom.access import WAIT, connect
from dlt_pipelines.sources.intercom.fields import CONVERSATIONS
from dlt_pipelines.sources.intercom.lists import updated_since
from dlt_pipelines.wire.messages import Answer, Retry
from foundation.settings import Company, Settings
from sandbox import Sandbox
from sandbox.companies.base import DEMO_CLOCK, Book
from sandbox.companies.cedar_ridge import support
from sandbox.engine.store import GONE, from_ms
from tests.dlt_pipelines.conftest import Vendor, answer, at, query
from tests.dlt_pipelines.doctor.test_doctor import bad

pytestmark = pytest.mark.usefixtures("unhurried")
SEARCH = "conversations/search"
NEXT_DAY = "2025-10-28T12:00:00Z"


def pull(company: Company, *tables: str, **more: Any) -> Any:
    return load("intercom", Settings(), company, tables=tables or ("conversations",), **more)


def searches(sandbox: Sandbox) -> int:
    return sum(SEARCH in call["path"] for call in sandbox.requests("intercom"))


def page(sandbox: Sandbox, *rows: dict[str, Any], **more: Any) -> None:
    """The next search answers these rows, and the one after it (for what is open) none."""
    usual: dict[str, Any] = dict.fromkeys(field.split(".")[0] for field, _ in CONVERSATIONS.values())
    usual |= {"created_at": 1761566000, "updated_at": 1761566000, "state": "closed", "open": False}
    empty: dict[str, Any] = {"conversations": [], "pages": {"next": None}}
    for body in ({"conversations": [usual | row for row in rows], "pages": {"next": None}} | more, empty):
        sandbox.fault("intercom", "status", status=200, path=SEARCH, times=1, body=json.dumps(body))


def deletions(*, still_open: bool) -> list[tuple[str, datetime]]:
    """Conversations that are deleted, at least an hour after they began, in the months after the demo's
    clock: id, when."""
    book = Book(1)
    support.write_intercom(book)
    found = []
    for key, versions in book.store.tables["intercom.conversations"].items():
        gone = next((version.at for version in versions if version.state == GONE), None)
        if (
            gone is None
            or gone < versions[0].at + 3_600_000
            or not DEMO_CLOCK < gone < DEMO_CLOCK + 200 * 86_400_000
        ):
            continue
        state = [
            version.props["state"] for version in versions if version.at < gone and "state" in version.props
        ][-1]
        if (state != "closed") == still_open:
            found.append((str(key), from_ms(gone)))
    return sorted(found, key=lambda one: one[1])


def test_statistics_may_be_null_as_a_whole(sandbox: Sandbox, company: Company) -> None:
    members = [field.split(".")[1] for field, _ in CONVERSATIONS.values() if "statistics." in field]
    statistics = dict.fromkeys(members) | {"first_admin_reply_at": 1761566100}
    page(sandbox, {"id": "1"}, {"id": "2", "statistics": statistics})
    pull(company)
    rows = query(
        Settings(),
        "select id, epoch(first_admin_reply_at), time_to_admin_reply from raw_intercom.conversations order"
        " by 1",
    )
    assert rows == [("1", None, None), ("2", 1761566100, None)]


def test_ids_are_texts_whatever_they_come_as(sandbox: Sandbox, company: Company) -> None:
    load("intercom", Settings(), company)
    page(
        sandbox,
        {"id": "1", "admin_assignee_id": 7387},
        {"id": "2", "admin_assignee_id": "7387"},
        {"id": "3", "admin_assignee_id": 0},
    )
    report = pull(company)
    rows = query(
        Settings(),
        "select admin_assignee_id from raw_intercom.conversations where length(id) = 1 order by id",
    )
    assert rows == [("7387",), ("7387",), ("0",)]
    assert not [warning for warning in report.warnings if "is not" in warning]
    joined = (
        "select count(*) from raw_intercom.conversations c join raw_intercom.admins a on c.admin_assignee_id"
        " = a.id"
    )
    assert query(Settings(), joined)[0][0] > 500


def test_filters_are_in_seconds(sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    assert updated_since(datetime(2025, 10, 27, tzinfo=UTC))["value"] == "1761523199"
    pull(company)
    at(monkeypatch, sandbox, NEXT_DAY)
    assert pull(company).tables["conversations"].rows_loaded > 0


@pytest.mark.parametrize("pages", [{"pages": {}}, {"pages": {"next": None}}, {"pages": None}, {}])
def test_the_last_page_has_no_next_in_several_ways(
    sandbox: Sandbox, company: Company, pages: dict[str, Any]
) -> None:
    page(sandbox, {"id": "1"}, **{"pages": {"type": "pages", "page": 1}, **pages})
    assert pull(company).tables["conversations"].rows_total == 1


def test_the_total_is_only_an_estimate(sandbox: Sandbox, company: Company) -> None:
    page(sandbox, {"id": "1"}, total_count=10_000)
    assert pull(company).tables["conversations"].rows_total == 1


def test_nothing_but_what_is_needed_is_called(sandbox: Sandbox, company: Company) -> None:
    load("intercom", Settings(), company)
    paths = {call["path"] for call in sandbox.requests("intercom")}
    assert paths == {"/conversations/search", "/admins", "/teams", "/me"}


def test_the_version_is_pinned(sandbox: Sandbox, company: Company) -> None:
    pull(company)
    # the shape of an older version has no handling time
    assert query(Settings(), "select count(handling_time) > 100 from raw_intercom.conversations") == [(True,)]
    found = bad(diagnose(Settings(), company, ["intercom"]))
    assert found == {}


def test_the_doctor_sees_another_version(
    vendor: Vendor, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = b'{"app": {"id_code": "x"}, "conversations": [], "pages": {}, "admins": []}'
    vendor.reply = lambda handler, number: answer(handler, 200, body, Intercom_Version="2.3")
    monkeypatch.setenv("INTERCOM_API_KEY", "canary-intercom-test")
    monkeypatch.setenv("INTERCOM_BASE_URL", vendor.url)
    findings = diagnose(Settings(), company, ["intercom"])
    assert "asked for 2.14, answered in 2.3" in bad(findings)["version"].detail and "canary" not in str(
        findings
    )
    assert all(headers["Intercom-Version"] == "2.14" for _, _, _, headers in vendor.seen)


def test_date_filters_that_are_cut_to_days_miss_nothing(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.fault("intercom", "day_filters")
    pull(company)
    for clock in (NEXT_DAY, "2025-10-29T12:00:00Z"):
        at(monkeypatch, sandbox, clock)
        pull(company)
    walked = query(
        Settings(),
        "select id, updated_at from raw_intercom.conversations where deleted_at is null order by all",
    )
    monkeypatch.setenv("SCORELINE_HOME", str(Settings().home.parent / "fresh"))
    sandbox.clear_faults()
    pull(company)
    assert walked == query(Settings(), "select id, updated_at from raw_intercom.conversations order by all")


def test_of_a_conversation_that_comes_twice_the_newest_stays(sandbox: Sandbox, company: Company) -> None:
    stale, newest = {"updated_at": 1761566000}, {"updated_at": 1761566100, "state": "snoozed", "open": True}
    page(sandbox, {"id": "1"} | stale, {"id": "1"} | newest, {"id": "2"} | newest, {"id": "2"} | stale)
    pull(company)
    assert query(Settings(), "select state from raw_intercom.conversations") == [("snoozed",), ("snoozed",)]


def test_an_open_conversation_that_is_deleted_is_found_the_next_day(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, gone = deletions(still_open=True)[0]
    at(monkeypatch, sandbox, (gone - timedelta(minutes=30)).isoformat())
    pull(company, "open_conversations")
    at(monkeypatch, sandbox, (gone + timedelta(hours=22)).isoformat())
    pull(company, "open_conversations")
    assert query(
        Settings(), "select deleted_at is not null from raw_intercom.conversations where id = ?", key
    ) == [(True,)]
    days = query(
        Settings(), "select count(*) from raw_intercom.open_conversations where conversation_id = ?", key
    )
    assert days == [(1,)]
    read = [
        call["status"] for call in sandbox.requests("intercom") if call["path"] == f"/conversations/{key}"
    ]
    assert read == [404]


def test_a_conversation_that_only_hid_is_not_taken_for_deleted(sandbox: Sandbox, company: Company) -> None:
    pull(company)
    opened = query(Settings(), "select count(*) from raw_intercom.conversations where state <> 'closed'")[0][
        0
    ]
    for _ in range(2):
        sandbox.fault(
            "intercom", "status", status=200, path=SEARCH, times=1, body='{"conversations": [], "pages": {}}'
        )
    pull(company)
    assert query(
        Settings(), "select count(*) from raw_intercom.conversations where deleted_at is not null"
    ) == [(0,)]
    assert (
        sum(call["path"].startswith("/conversations/2") for call in sandbox.requests("intercom"))
        == opened
        > 5
    )


def test_a_closed_one_that_is_deleted_is_found_when_everything_is_read_again(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, gone = deletions(still_open=False)[0]
    found = []
    for later in (timedelta(minutes=-30), timedelta(days=2), timedelta(days=28)):
        at(monkeypatch, sandbox, (gone + later).isoformat())
        pull(company)
        found += query(
            Settings(), "select deleted_at is not null from raw_intercom.conversations where id = ?", key
        )
    assert found == [(False,), (False,), (True,)]
    assert query(
        Settings(), "select count(*) < 20 from raw_intercom.conversations where deleted_at is not null"
    ) == [(True,)]


def test_open_and_snoozed_conversations_are_kept_by_day(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    for clock in ("2025-10-27T12:00:00Z", "2025-10-28T04:00:00Z", "2025-10-28T12:00:00Z"):
        at(monkeypatch, sandbox, clock)
        pull(company, "open_conversations")
    days = query(
        Settings(),
        "select snapshot_date, max(snapshot_at), count(*) from raw_intercom.open_conversations group by 1"
        " order by 1",
    )
    assert [(str(day), taken.astimezone(UTC).hour) for day, taken, _ in days] == [
        ("2025-10-27", 4),
        ("2025-10-28", 12),
    ]
    assert {
        state for (state,) in query(Settings(), "select distinct state from raw_intercom.open_conversations")
    } == {"open", "snoozed"}


def test_a_backfill_moves_no_cursor_and_takes_no_snapshot(sandbox: Sandbox, company: Company) -> None:
    pull(company)
    sandbox.forget_requests()
    before = query(Settings(), "select count(*) from raw_intercom.open_conversations")
    report = pull(company, window=Window(datetime(2025, 9, 1, tzinfo=UTC), datetime(2025, 9, 8, tzinfo=UTC)))
    assert 100 < report.tables["conversations"].rows_loaded < report.tables["conversations"].rows_total
    assert query(Settings(), "select count(*) from raw_intercom.open_conversations") == before
    sandbox.forget_requests()
    assert pull(company).tables["conversations"].rows_loaded < 100 and searches(sandbox) == 2


def test_an_empty_body_is_asked_for_again(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault("intercom", "status", status=200, body="", path=SEARCH, times=1)
    assert pull(company).tables["conversations"].rows_total > 1000


def test_a_429_waits_for_the_end_of_the_window(sandbox: Sandbox, company: Company) -> None:
    client = connect(Settings(), company)
    assert client
    judge = client.vendor.judge

    def wait(**headers: str) -> float | None:
        judged = judge(
            Answer(429, {name.replace("_", "-"): value for name, value in headers.items()}, b"{}", "/me")
        )
        assert isinstance(judged, Retry) and judged.everybody
        return judged.seconds

    assert 6 < (wait(x_ratelimit_reset=str(int(time.time()) + 8)) or 0) <= 8
    assert wait(x_ratelimit_reset=str(int(time.time()) - 600)) == 1.0  # the clocks differ
    assert wait() == wait(x_ratelimit_reset="soon") == WAIT


def test_the_region_chooses_the_host(
    settings: Settings, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTERCOM_API_KEY", "canary-intercom-test")
    hosts = []
    for region in ("us", "eu", "au"):
        section = company.intercom.model_copy(update={"region": region})
        client = connect(settings, company.model_copy(update={"intercom": section}))
        assert client is not None
        hosts.append(client.vendor.base_url)
        assert [(limit.most, limit.seconds) for limit in client.budget.lanes[""]] == [(166, 10.0)]
    assert hosts == ["https://api.intercom.io", "https://api.eu.intercom.io", "https://api.au.intercom.io"]


def test_what_people_wrote_is_not_stored(sandbox: Sandbox, company: Company) -> None:
    load("intercom", Settings(), company)
    written = Settings().warehouse_path.read_bytes()
    assert b"body-of-a" not in written and b"visitor@client.example" not in written


def test_the_doctor_on_permissions_and_wrong_tokens(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.fault("intercom", "status", status=403, path="admins")
    sandbox.fault(
        "intercom",
        "status",
        status=402,
        path=SEARCH,
        body='{"type": "error.list", "errors": [{"code": "x"}]}',
    )
    assert set(bad(diagnose(Settings(), company, ["intercom"]))) == {"admins", "conversations"}
    sandbox.clear_faults()
    monkeypatch.setenv("INTERCOM_API_KEY", "canary-wrong-0004")
    findings = diagnose(Settings(), company, ["intercom"])
    assert "region" in bad(findings)["access"].detail and "canary" not in str(findings)

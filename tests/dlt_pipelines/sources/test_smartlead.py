"""The traps of Smartlead, each against the sandbox."""

from __future__ import annotations

import json
import re
import time
import traceback
from datetime import UTC, datetime
from typing import Any

import pytest

from dlt_pipelines.core.load import load
from dlt_pipelines.core.window import Window
from dlt_pipelines.doctor.checks import diagnose
from dlt_pipelines.errors import PermanentError, SourceError, TransientError
from dlt_pipelines.sources.smartlead import lists, source
from dlt_pipelines.sources.smartlead.access import connect
from dlt_pipelines.sources.smartlead.rows import lead_key
from dlt_pipelines.wire.budget import Budget
from dlt_pipelines.wire.messages import Answer
from foundation.settings import Company, Settings
from sandbox import SANDBOX_CREDENTIALS, Sandbox
from tests.dlt_pipelines.conftest import at, query

pytestmark = pytest.mark.usefixtures("unhurried")
NAME = "smartlead"
KEY = SANDBOX_CREDENTIALS["SMARTLEAD_API_KEY"]
ACTIVE, PAUSED, CHILD, DRAFT, DELETED_LATER = 5012, 5019, 5016, 5021, 5011


def rows(sql: str) -> list[tuple[Any, ...]]:
    return query(Settings(), sql.replace("from ", f"from raw_{NAME}."))


def asked(sandbox: Sandbox, path: str) -> list[str]:
    return [call["path"] for call in sandbox.requests(NAME) if re.search(path, call["path"])]


def written(settings: Settings) -> bytes:
    return b"".join(file.read_bytes() for file in settings.home.rglob("*") if file.is_file())


def test_the_key_in_the_query_string_is_nowhere(
    sandbox: Sandbox, company: Company, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    with caplog.at_level("DEBUG"):
        load(NAME, Settings(), company)
        assert "api_key=" in caplog.text  # urllib3 logs every address
        for fault in (
            {"kind": "wrong_key"},
            {"kind": "status", "status": 500, "body": f"GET /campaigns?api_key={KEY} failed"},
            {"kind": "status", "status": 302, "body": ""},
            {"kind": "reset"},
            {"kind": "html"},
        ):
            sandbox.fault(NAME, **fault)
            with pytest.raises(SourceError) as caught:
                load(NAME, Settings(), company)
            told += traceback.format_exception(caught.value)
            told += [str(finding) for finding in diagnose(Settings(), company, [NAME])]
            sandbox.clear_faults()
        monkeypatch.setenv("SMARTLEAD_BASE_URL", "http://127.0.0.1:9")
        told += [str(finding) for finding in diagnose(Settings(), company, [NAME])]
    assert "Smartlead" in "".join(told) and "127.0.0.1" in "".join(told)
    for text in (caplog.text, "".join(told), written(Settings()).decode("latin-1")):
        for form in (KEY, "canary-7e1c", "lead%2Bkey", "key_9Qx"):
            assert form not in text


def test_secrets_of_mailboxes_and_addresses_of_leads_are_nowhere(
    sandbox: Sandbox, company: Company, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        load(NAME, Settings(), company)
        sandbox.fault(NAME, "truncated", path="email-accounts")
        with pytest.raises(TransientError, match="not JSON but [0-9]+ bytes") as caught:
            load(NAME, Settings(), company)
        sandbox.clear_faults()
        sandbox.fault(NAME, "field_gone", path="email-accounts", field="id")
        with pytest.raises(
            PermanentError, match="smartlead.mailboxes: expected every row to have id"
        ) as shape:
            load(NAME, Settings(), company)
    everything = written(Settings()) + (caplog.text + str(caught.value) + str(shape.value)).encode()
    assert b"trycedarridge.example" in everything
    for secret in (
        b"canary-mailbox-password",
        b"canary-oauth",
        b"canary-mail-body",
        b"prospects.example",
        b"shared-leads",
    ):
        assert secret not in everything
    assert set(source.by_name["mailboxes"].columns) & {"password", "imap_password", "refresh_token"} == set()


def test_texts_become_numbers_and_json_in_text_stays_json(sandbox: Sandbox, company: Company) -> None:
    report = load(NAME, Settings(), company)
    assert report.warnings == []
    [(sent, unique, total, waiting)] = rows(
        "select sent_count, unique_sent_count, leads_total, leads_not_started from campaign_stats where"
        f" campaign_id = {ACTIVE}"
    )
    assert sent > unique == total - waiting > 0
    schedules = dict(rows("select id, schedule from campaigns"))
    assert schedules.pop(DRAFT) is None
    assert {json.loads(text)["tz"] for text in schedules.values()} == {"America/Chicago"}


def test_paused_campaigns_and_sub_campaigns_can_be_told_apart(sandbox: Sandbox, company: Company) -> None:
    load(NAME, Settings(), company)
    [(status, waiting)] = rows(
        f"select status, leads_not_started from campaign_stats where campaign_id = {PAUSED}"
    )
    assert status == "PAUSED" and waiting > 100  # of no use as a queue
    assert rows("select id, parent_campaign_id from campaigns where parent_campaign_id is not null") == [
        (CHILD, 5015)
    ]


def test_unknown_states_are_accepted_and_only_known_ones_counted(sandbox: Sandbox, company: Company) -> None:
    body = {
        "id": ACTIVE,
        "status": "HIBERNATING",
        "sent_count": "7",
        "campaign_lead_stats": {"total": 9, "notStarted": 2, "SENT": 7},
    }
    sandbox.fault(NAME, "status", status=200, path=f"{ACTIVE}/analytics", body=body)
    load(NAME, Settings(), company, tables={"campaign_stats"})
    assert rows(
        "select sent_count, leads_total, leads_not_started, leads_stopped from campaign_stats where"
        f" campaign_id = {ACTIVE}"
    ) == [(7, 9, 2, None)]


def test_a_success_that_is_none(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault(
        NAME,
        "status",
        status=200,
        path=f"{PAUSED}/analytics",
        body={"ok": False, "message": "Campaign is locked"},
    )
    report = load(NAME, Settings(), company, tables={"campaign_stats"})
    assert any("refused (200, but no success): Campaign is locked" in warning for warning in report.warnings)
    # it has a row without numbers: nobody knows them
    assert len(rows("select campaign_id from campaign_stats where leads_not_started is not null")) == 8
    assert rows("select campaign_id from campaign_stats where leads_total is null") == [(PAUSED,)]
    sandbox.clear_faults()
    sandbox.fault(NAME, "status", status=200, path="campaigns$", body={"message": "see the new API"})
    with pytest.raises(PermanentError, match="expected the answer to be a list, but the answer has: message"):
        load(NAME, Settings(), company)
    sandbox.clear_faults()
    sandbox.fault(NAME, "status", status=200, path="campaigns$", body=[])
    with pytest.raises(PermanentError, match="no campaign in this account.*SMARTLEAD_API_KEY"):
        load(NAME, Settings(), company)


def test_a_campaign_whose_emails_cannot_be_read_leaves_the_table_partial(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.fault(
        NAME,
        "status",
        status=404,
        path=f"campaigns/{ACTIVE}/statistics",
        body={"message": "Campaign is locked"},
    )
    load(NAME, Settings(), company, tables={"sends"})
    [(lacks,)] = query(Settings(), "select lacks from ledger.loads where table_name = 'sends'")
    assert f"the e-mails of campaign {ACTIVE} " in lacks and "Campaign is locked" in lacks
    sandbox.clear_faults()
    load(NAME, at(monkeypatch, sandbox, "2025-10-28T12:00:00Z"), company, tables={"sends"})
    assert query(
        Settings(), "select lacks is null from ledger.loads where table_name = 'sends' order by load_number"
    ) == [
        (False,),
        (True,),
    ]
    assert rows(f"select count(*) > 0 from sends where campaign_id = {ACTIVE}") == [(True,)]


def test_a_new_account_without_campaigns_loads_and_gets_its_name_later(
    sandbox: Sandbox, company: Company
) -> None:
    sandbox.fault(NAME, "status", status=200, path="campaigns$", body=[])
    assert load(NAME, Settings(), company).tables["campaigns"].rows_total == 0
    sandbox.clear_faults()
    assert load(NAME, Settings(), company).tables["campaigns"].rows_total == 9


def test_only_what_can_change_is_read_daily(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(NAME, Settings(), company)
    assert len(asked(sandbox, "analytics$")) == 9
    sandbox.forget_requests()
    load(NAME, at(monkeypatch, sandbox, "2025-10-28T12:00:00Z"), company)
    assert len(asked(sandbox, "analytics$")) == 4 and not any(
        "5001" in path for path in asked(sandbox, "campaigns/")
    )
    assert len(sandbox.requests(NAME)) <= 12
    sandbox.forget_requests()
    load(NAME, at(monkeypatch, sandbox, "2025-11-03T13:00:00Z"), company)
    assert len(asked(sandbox, "analytics$")) == 9
    assert rows("select count(*), count(distinct snapshot_date) from campaign_stats") == [(22, 3)]


def test_late_replies_and_opens_are_seen(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(NAME, at(monkeypatch, sandbox, "2025-10-24T22:00:00Z"), company)
    [(early,)] = rows("select count(*) from sends where sent_at >= '2025-10-23' and opened_at is not null")
    load(NAME, at(monkeypatch, sandbox, "2025-10-27T12:00:00Z"), company)
    [(late,)] = rows("select count(*) from sends where sent_at >= '2025-10-23' and opened_at is not null")
    assert late > early


def test_a_deleted_campaign_is_marked_and_keeps_its_emails(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(NAME, Settings(), company)
    load(NAME, at(monkeypatch, sandbox, "2025-11-21T12:00:00Z"), company)
    assert rows("select id from campaigns where deleted_at is not null") == [(DELETED_LATER,)]
    assert rows(f"select count(*) > 0 from campaign_stats where campaign_id = {DELETED_LATER}") == [(True,)]


def test_one_person_in_two_campaigns_is_one(sandbox: Sandbox, company: Company) -> None:
    assert lead_key(" Owner7@X.example") == lead_key("owner7@x.example")
    load(NAME, Settings(), company, tables={"sends"})
    [(emails, people, per_campaign)] = rows(
        "select count(*), count(distinct lead_key), count(distinct (campaign_id, lead_key)) from sends"
    )
    assert emails > per_campaign > people


def test_a_list_without_a_total_is_read_to_its_end(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "MAILBOXES", 11)  # the last page is full
    for kind in ("", "empty_page", "repeated_page", "duplicates"):
        if kind:
            sandbox.fault(NAME, kind, path="email-accounts", skip=3, times=1)
        load(NAME, Settings(), company, tables={"mailboxes"})
        [(boxes, broken, spare, capacity)] = rows(
            "select count(*), count(*) filter (not is_smtp_success), count(*) filter (not is_in_use),"
            " sum(message_per_day) from mailboxes"
        )
        assert (boxes, broken, spare, capacity) == (22, 2, 1, 660), kind


def test_a_total_that_is_not_reached_is_no_end(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault(NAME, "empty_page", path=f"{ACTIVE}/statistics", skip=1)
    with pytest.raises(TransientError, match=r"it has \d+ rows and gives 1000"):
        load(NAME, Settings(), company, tables={"sends"})


def test_a_question_the_vendor_refuses_is_no_answer(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault(
        NAME, "status", status=400, path="email-accounts", times=1, body={"error": '"isInUse" is not allowed'}
    )
    report = load(NAME, Settings(), company, tables={"mailboxes"})
    assert any("does not say which mailboxes are in use" in warning for warning in report.warnings)
    assert rows("select distinct is_in_use from mailboxes") == [(None,)]


def test_a_window_is_read_again(sandbox: Sandbox, company: Company) -> None:
    window = Window(datetime(2025, 2, 3, tzinfo=UTC), datetime(2025, 2, 9, tzinfo=UTC))
    load(NAME, Settings(), company, tables={"sends"}, window=window)
    [(first, last, campaigns)] = rows(
        "select min(sent_at)::date::text, max(sent_at)::date::text, count(distinct campaign_id) from sends"
    )
    assert ("2025-02-02" <= first <= "2025-02-03") and last <= "2025-02-10" and campaigns == 3


def test_rate_headers_are_obeyed(sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    paused: list[float] = []
    client = connect(Settings(), company)
    assert client
    monkeypatch.setattr(Budget, "pause", lambda self, seconds: paused.append(seconds))

    def judge(status: int, body: bytes = b"[]", **headers: str) -> Any:
        return client.vendor.judge(
            Answer(
                status, {name.replace("_", "-"): value for name, value in headers.items()}, body, "/campaigns"
            ),
        )

    assert judge(200, x_ratelimit_remaining="3", x_ratelimit_reset="20") is None and paused == []
    assert judge(200, x_ratelimit_remaining="0", x_ratelimit_reset="20") is None
    assert judge(200, x_ratelimit_remaining="0", x_ratelimit_reset=str(time.time() + 20)) is None
    assert [round(seconds) for seconds in paused] == [20, 20]
    assert judge(429, b'{"error": {"code": "RATE_LIMIT_EXCEEDED", "retry_after": 7}}').seconds == 7
    assert judge(429, retry_after="3").seconds == 3


def test_the_doctor_counts_what_can_send(sandbox: Sandbox, company: Company) -> None:
    details = {finding.check: finding.detail for finding in diagnose(Settings(), company, [NAME])}
    assert details["campaigns"] == "9 campaigns, 3 of them active"
    assert details["mailboxes"].startswith("2 of 22 mailboxes cannot send")

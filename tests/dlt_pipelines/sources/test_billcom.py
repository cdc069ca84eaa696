"""The traps of Bill.com, each against the sandbox."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from dlt_pipelines.core.load import load
from dlt_pipelines.core.window import Window
from dlt_pipelines.doctor.checks import diagnose
from dlt_pipelines.errors import PermanentError, SourceError, TransientError
from foundation.settings import Company, Settings
from sandbox import SANDBOX_CREDENTIALS, Sandbox
from tests.dlt_pipelines.conftest import at, query

pytestmark = pytest.mark.usefixtures("unhurried")
NAME = "billcom"
LATER = "2025-10-28T22:00:00Z"


def rows(sql: str) -> list[tuple[Any, ...]]:
    return query(Settings(), sql.replace("from ", f"from raw_{NAME}."))


def asked(sandbox: Sandbox, path: str) -> int:
    return sum(bool(re.search(path, call["path"])) for call in sandbox.requests(NAME))


def error(code: str, message: str = "No.") -> list[dict[str, str]]:
    return [
        {
            "timestamp": "2026-01-05T08:00:00.000+00:00",
            "code": code,
            "severity": "ERROR",
            "category": "REQUEST",
            "message": message,
        }
    ]


def test_one_sign_in_a_run_and_another_where_the_session_ends(sandbox: Sandbox, company: Company) -> None:
    load(NAME, Settings(), company)
    assert asked(sandbox, "login$") == 1
    sandbox.forget_requests()
    sandbox.fault(NAME, "status", status=401, path="bills$", skip=1, times=1, body=error("BDC_1109"))
    report = load(NAME, Settings(), company)
    assert asked(sandbox, "login$") == 2 and report.tables["bills"].rows_total > 200


@pytest.mark.parametrize(
    ("variable", "code"),
    [("BILLCOM_PASSWORD", "BDC_1101"), ("BILLCOM_ORG_ID", "BDC_1101"), ("BILLCOM_API_KEY", "BDC_1102")],
)
def test_what_is_wrong_with_the_credentials_is_said_once(
    variable: str, code: str, sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "canary-wrong-0008")
    with pytest.raises(
        PermanentError, match=f"not accepted.*{code}.*developer key.*sync token.*test environment"
    ) as caught:
        load(NAME, Settings(), company)
    assert asked(sandbox, "") == 1 and "canary" not in str(caught.value)
    assert [
        finding.check for finding in diagnose(Settings(), company, [NAME]) if finding.level == "fail"
    ] == ["access"]


def test_an_approval_that_leaves_no_trace_is_seen(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(NAME, Settings(), company)
    waiting = {bill for (bill,) in rows("select bill_id from pending_bills")}
    before = dict(
        rows("select id, updated_time from bills where approval_status in ('ASSIGNED', 'APPROVING')")
    )
    assert waiting == set(before) and len(waiting) > 3
    load(NAME, at(monkeypatch, sandbox, LATER), company)
    now = {
        bill: (status, updated)
        for bill, status, updated in rows("select id, approval_status, updated_time from bills")
    }
    silent = [bill for bill in before if now[bill][0] == "APPROVED" and now[bill][1] == before[bill]]
    assert silent
    days = rows("select snapshot_date::text, count(*) from pending_bills group by 1 order by 1")
    assert [day for day, _ in days] == ["2025-10-27", "2025-10-28"]
    still = {bill for (bill,) in rows("select bill_id from pending_bills where snapshot_date = '2025-10-28'")}
    assert still == {
        bill for bill, (status, _) in now.items() if status in ("ASSIGNED", "APPROVING")
    } and not still & set(silent)
    assert ("APPROVING",) in rows(
        "select distinct approval_status from pending_bills"
    )  # never asked for, found all the same


def test_changes_by_day_and_everything_by_week(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load(NAME, Settings(), company)
    again = load(NAME, at(monkeypatch, sandbox, LATER), company)
    assert again.tables["bills"].rows_loaded < 50 < first.tables["bills"].rows_loaded
    weekly = load(NAME, at(monkeypatch, sandbox, "2025-11-04T12:00:00Z"), company)
    assert weekly.tables["bills"].rows_loaded == weekly.tables["bills"].rows_total


def test_what_is_archived_is_kept_and_not_pending(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(NAME, at(monkeypatch, sandbox, "2025-11-10T12:00:00Z"), company)
    [(twin,)] = rows(
        "select id from bills where approval_status = 'ASSIGNED' and not archived "
        "and invoice_number in (select invoice_number from bills group by 1 having count(*) > 1)"
    )
    load(NAME, at(monkeypatch, sandbox, "2025-11-13T12:00:00Z"), company)
    assert query(Settings(), f"select archived from raw_{NAME}.bills where id = ?", twin) == [(True,)]
    assert query(
        Settings(), f"select snapshot_date::text from raw_{NAME}.pending_bills where bill_id = ?", twin
    ) == [("2025-11-10",)]
    assert rows("select count(*) from vendors where archived") == [(1,)]


def test_missing_keys_are_empty_columns_and_no_warning(sandbox: Sandbox, company: Company) -> None:
    report = load(NAME, Settings(), company)
    assert report.warnings == []
    assert rows("select count(*) > 0 from vendors where pay_by_type is null") == [(True,)]
    assert rows("select count(*) > 0 from vendors where bank_account_status is null") == [(True,)]
    assert rows(
        "select count(*) filter (funding_amount is null) > 0, count(*) filter (funding_amount > amount) > 0"
        " from bills"
    ) == [(True, True)]


def test_a_virtual_card_is_not_the_network(sandbox: Sandbox, company: Company) -> None:
    load(NAME, Settings(), company)
    assert ("NOT_CONNECTED", "NO_ACCOUNT", "VIRTUAL_CARD", "ENROLLED") in rows(
        "select network_status, bank_account_status, pay_by_type, virtual_card_status from vendor_states"
    )


def test_due_dates_that_are_timestamps(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault(NAME, "field_type", path="bills$", field="dueDate", value="2025-12-24T17:30:00.000+00:00")
    report = load(NAME, Settings(), company)
    assert report.warnings == [] and rows("select distinct due_date::text from bills") == [("2025-12-24",)]


def test_an_empty_page_with_a_cursor_is_not_the_end(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault(NAME, "empty_page", path="bills$", skip=1, times=2)  # asked once more, then believed
    report = load(NAME, Settings(), company)
    total = report.tables["bills"].rows_total
    sandbox.clear_faults()
    again = load(NAME, Settings(), company, window=Window(datetime(2024, 1, 1, tzinfo=UTC)))
    assert again.tables["bills"].rows_total == total + 100


def test_limits_by_their_code_whatever_the_status(sandbox: Sandbox, company: Company) -> None:
    for status in (400, 429):
        sandbox.fault(NAME, "status", status=status, path="bills$", times=2, body=error("BDC_1322"))
        assert load(NAME, Settings(), company).status == "ok"
        sandbox.forget_requests()
        sandbox.fault(NAME, "status", status=status, path="bills$", body=error("BDC_1144"))
        with pytest.raises(TransientError, match="requests for this hour are used up.*full hour"):
            load(NAME, Settings(), company)
        assert asked(sandbox, "bills$") == 1  # more of them would only use up the next hour
        sandbox.clear_faults()


def test_a_session_without_the_right_to_read(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault(NAME, "status", status=403, path="vendors", body=error("BDC_1361", "MFA"))
    report = load(NAME, Settings(), company)
    assert set(report.tables) == {"bills", "pending_bills", "vendors", "vendor_states"}
    assert sorted(warning.split(" ")[0] for warning in report.warnings) == ["vendor_states", "vendors"]
    assert all("BDC_1361 MFA" in warning for warning in report.warnings)
    found = {finding.check: finding for finding in diagnose(Settings(), company, [NAME])}
    assert (
        found["vendors"].level == "fail" and found["bills"].level == "ok" and found["session"].level == "ok"
    )


def test_a_single_error_without_a_code(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault(NAME, "status", status=400, path="bills$", body={"message": "filters: is not valid"})
    with pytest.raises(PermanentError, match="answers 400: filters: is not valid"):
        load(NAME, Settings(), company)


def test_a_pending_bill_that_cannot_be_read_any_more(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(NAME, Settings(), company)
    sandbox.fault(NAME, "status", status=404, path=r"bills/\w+$", body=error("BDC_1171"))
    report = load(NAME, at(monkeypatch, sandbox, LATER), company)
    assert any("was pending and cannot be read any more" in warning for warning in report.warnings)


def test_tax_numbers_accounts_and_the_session_are_nowhere(
    sandbox: Sandbox, company: Company, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []
    with caplog.at_level("DEBUG"):
        load(NAME, Settings(), company)
        for fault in (
            {"kind": "truncated"},
            {"kind": "field_gone", "field": "id"},
        ):
            sandbox.fault(NAME, path="vendors$", **fault)
            with pytest.raises(SourceError) as caught:
                load(NAME, Settings(), company)
            told.append(str(caught.value))
            sandbox.clear_faults()
        sandbox.fault(NAME, "field_type", path="vendors$", field="id", value={})
        told += load(NAME, Settings(), company).warnings  # rows without a key are left out and named
        sandbox.clear_faults()
    told += [caplog.text, str(diagnose(Settings(), company, [NAME]))]
    everything = (
        b"".join(file.read_bytes() for file in Settings().home.rglob("*") if file.is_file())
        + "".join(told).encode()
    )
    assert b"Janitorial" in everything
    secrets = [value for name, value in SANDBOX_CREDENTIALS.items() if name.startswith("BILLCOM")]
    for secret in ("00-canary", "canary-account", "canary-billcom-session", "1 Example St", *secrets):
        assert secret.encode() not in everything, secret
    assert rows(
        "select count(*) filter (has_tax_id) > 0, count(*) filter (track_1099 and not has_tax_id) > 0 from"
        " vendors"
    ) == [(True, True)]

"""The traps of Microsoft's secure scores, each against the sandbox."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from dlt_pipelines.core.load import load
from dlt_pipelines.core.window import Window
from dlt_pipelines.doctor.checks import diagnose
from dlt_pipelines.errors import PermanentError
from foundation.settings import Company, Settings
from sandbox import SANDBOX_CREDENTIALS, Sandbox
from sandbox.vendors.microsoft_graph import CLIENT_TENANTS, OWN_TENANT, REFUSING_TENANT
from tests.dlt_pipelines.conftest import at, query

pytestmark = pytest.mark.usefixtures("unhurried")
NAME = "microsoft_graph"
EMPTY = CLIENT_TENANTS[2]


def asked(sandbox: Sandbox, path: str) -> int:
    return sum(bool(re.search(path, call["path"])) for call in sandbox.requests(NAME))


def days(tenant: str, settings: Settings | None = None) -> list[str]:
    sql = (
        f"select strftime(created_date_time at time zone 'UTC', '%Y-%m-%d') from raw_{NAME}.secure_scores"
        " where tenant_id = ? order by 1"
    )
    return [day for (day,) in query(settings or Settings(), sql, tenant)]


def test_history_at_first_then_one_page_a_day(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(NAME, Settings(), company)
    assert asked(sandbox, "secureScores") == 3 * 3 + 1 and asked(sandbox, "token") == 4
    kept = days(OWN_TENANT)
    assert 80 < len(kept) < 90 and kept[-1] == "2025-10-26"
    sandbox.forget_requests()
    load(NAME, at(monkeypatch, sandbox, "2025-10-28T20:00:00Z"), company)
    assert asked(sandbox, "secureScores") == 4  # `$top` is a page size: the link is not followed
    assert days(OWN_TENANT)[: len(kept)] == kept and days(OWN_TENANT)[-1] == "2025-10-28"


def test_after_a_long_break_all_days_are_asked_for(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(NAME, Settings(), company)
    before = days(OWN_TENANT)
    load(NAME, at(monkeypatch, sandbox, "2025-12-27T12:00:00Z"), company)
    walked = days(OWN_TENANT)
    monkeypatch.setenv("SCORELINE_HOME", str(Settings().home) + "-fresh")
    load(NAME, Settings(), company)
    assert set(walked) == set(before) | set(days(OWN_TENANT))


def test_a_tenant_that_refuses_is_told_and_stops_no_other(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = company.microsoft_graph.model_copy(update={"tenants": {REFUSING_TENANT: "Star Therapy"}})
    changed = company.model_copy(update={"microsoft_graph": named})
    monkeypatch.setenv("MICROSOFT_TENANT_ID", f"{OWN_TENANT}, cedar-nowhere.example,{CLIENT_TENANTS[0]}")
    report = load(NAME, Settings(), changed)
    assert days(OWN_TENANT) and days(CLIENT_TENANTS[0])
    told = " ".join(report.warnings)
    assert (
        f"Star Therapy ({REFUSING_TENANT}): " in told
        and "may not read the secure scores of this tenant (403)" in told
    )
    assert "cedar-nowhere.example: " in told and "AADSTS90002" in told and "SecurityEvents.Read.All" in told
    rows = query(
        Settings(), f"select tenant, is_read, reason from raw_{NAME}.tenants order by is_read, tenant"
    )
    assert [(tenant, read) for tenant, read, _ in rows[:2]] == [
        ("cedar-nowhere.example", False),
        (REFUSING_TENANT, False),
    ]
    findings = {finding.check: finding for finding in diagnose(Settings(), changed, [NAME])}
    assert (
        findings[f"tenant {REFUSING_TENANT}"].level == "fail"
        and "consent" in findings[f"tenant {REFUSING_TENANT}"].way_out
    )
    assert findings[f"tenant {OWN_TENANT}"].level == "ok"


def test_a_tenant_that_consents_later_brings_its_whole_history(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.fault(
        NAME, "status", status=400, path=f"{CLIENT_TENANTS[0]}/oauth2", body={"error": "unauthorized_client"}
    )
    load(NAME, Settings(), company)
    assert days(OWN_TENANT) and not days(CLIENT_TENANTS[0])
    sandbox.clear_faults()
    load(NAME, at(monkeypatch, sandbox, "2025-10-29T20:00:00Z"), company)
    assert len(days(CLIENT_TENANTS[0])) > 80


def test_all_tenants_refusing_is_a_failure(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault(NAME, "status", status=403, path="secureScores")
    with pytest.raises(PermanentError, match="(?s)Cedar Ridge IT.*may not read.*Fairway.*may not read"):
        load(NAME, Settings(), company)


def test_a_wrong_secret_is_tried_once_for_all_tenants(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MICROSOFT_CLIENT_SECRET", "canary+wrong/secret")
    with pytest.raises(
        PermanentError, match="not accepted.*AADSTS7000215.*MICROSOFT_CLIENT_SECRET"
    ) as caught:
        load(NAME, Settings(), company)
    assert asked(sandbox, "token") == 1 and "canary" not in str(caught.value)
    found = [finding for finding in diagnose(Settings(), company, [NAME]) if finding.level == "fail"]
    assert [finding.check for finding in found] == ["access"] and "canary" not in str(found)


def test_the_token_goes_to_no_other_host(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MICROSOFT_TENANT_ID", OWN_TENANT)
    alone = company.model_copy(
        update={"microsoft_graph": company.microsoft_graph.model_copy(update={"tenants": {}})}
    )
    body: dict[str, Any] = {
        "value": [{"id": "x"}],
        "@odata.nextLink": "http://graph.evil.example/v1.0/security/secureScores?$skip=1",
    }
    sandbox.fault(NAME, "status", status=200, path="secureScores", body=body)
    with pytest.raises(
        PermanentError, match="graph.evil.example, which is not Graph's; nothing is sent there"
    ):
        load(NAME, Settings(), alone)


def test_no_data_is_no_zero_and_points_possible_are_those_of_the_day(
    sandbox: Sandbox, company: Company
) -> None:
    load(NAME, Settings(), company)
    assert days(EMPTY) == []
    assert query(
        Settings(), f"select is_read, newest_score_at from raw_{NAME}.tenants where tenant = ?", EMPTY
    ) == [(True, None)]
    [(kinds, empty)] = query(
        Settings(),
        f"select count(distinct max_score), count(*) filter (max_score = 0) from raw_{NAME}.secure_scores"
        " where tenant_id = ?",
        OWN_TENANT,
    )
    assert kinds == 2 and empty == 0  # the licence bought in August
    # a score at 15:21Z is one of its day, not a second one
    [(rows, different)] = query(
        Settings(),
        "select count(*), count(distinct (tenant_id, (created_date_time at time zone 'UTC')::date)) from"
        f" raw_{NAME}.secure_scores",
    )
    assert rows == different
    assert {
        found
        for (found,) in query(Settings(), f"select distinct comparative_scores from raw_{NAME}.secure_scores")
    } >= {"[]"}


def test_controls_come_with_their_day_and_counts_as_numbers(sandbox: Sandbox, company: Company) -> None:
    load(NAME, Settings(), company)
    wrong = query(
        Settings(),
        f"select s.id from raw_{NAME}.secure_scores s join raw_{NAME}.control_scores c on c.score_id = s.id "
        "group by s.id, s.current_score having abs(sum(c.score) - s.current_score) > 0.01",
    )
    assert wrong == []
    assert query(
        Settings(),
        f"select bool_and(reached <= total) from raw_{NAME}.control_scores where total is not null",
    ) == [(True,)]


def test_a_window_is_read_again_and_moves_no_cursor(sandbox: Sandbox, company: Company) -> None:
    report = load(
        NAME,
        Settings(),
        company,
        window=Window(datetime(2025, 9, 1, tzinfo=UTC), datetime(2025, 9, 8, tzinfo=UTC)),
    )
    assert report.status == "ok" and set(days(OWN_TENANT)) <= {f"2025-09-0{day}" for day in range(1, 9)}
    load(NAME, Settings(), company)
    assert len(days(OWN_TENANT)) > 80


def test_old_scores_are_seen_by_the_doctor(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCORELINE_AS_OF", "2025-11-03T12:00:00Z")
    levels = {finding.check: finding.level for finding in diagnose(Settings(), company, [NAME])}
    assert levels[f"tenant {OWN_TENANT}"] == "warn" and levels[f"tenant {EMPTY}"] == "info"


def test_one_address_for_sign_in_and_graph_and_no_secret_left_behind(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MICROSOFT_GRAPH_BASE_URL", f"{sandbox.url}/{NAME}")
    monkeypatch.delenv("SANDBOX_URL")
    with caplog.at_level("DEBUG"):
        load(NAME, Settings(), company)
    written = (
        b"".join(file.read_bytes() for file in Settings().home.rglob("*") if file.is_file())
        + caplog.text.encode()
    )
    assert OWN_TENANT.encode() in written
    for secret in (
        "canary-graph-token",
        SANDBOX_CREDENTIALS["MICROSOFT_CLIENT_SECRET"],
        SANDBOX_CREDENTIALS["MICROSOFT_CLIENT_ID"],
    ):
        assert secret.encode() not in written


def test_without_a_tenant_the_way_out_is_named(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("TENANT_ID", ","), ("CLIENT_ID", "x"), ("CLIENT_SECRET", "y")):
        monkeypatch.setenv(f"MICROSOFT_{name}", value)
    alone = company.model_copy(
        update={"microsoft_graph": company.microsoft_graph.model_copy(update={"tenants": {}})}
    )
    with pytest.raises(PermanentError, match="MICROSOFT_TENANT_ID names no tenant"):
        load(NAME, Settings(), alone)

"""HubSpot's marketing side: what an account may lack, and the traps of its endpoints."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from dlt_pipelines.core.load import load
from dlt_pipelines.core.window import Window
from dlt_pipelines.doctor.checks import diagnose
from foundation.settings import Company, Settings
from sandbox import Sandbox, running_sandbox
from tests.dlt_pipelines.conftest import AS_OF, at, query

pytestmark = pytest.mark.usefixtures("unhurried")
FORMS = {"forms", "form_submissions"}
MAILS = {"marketing_mails", "marketing_mail_stats"}
MARKETING = FORMS | MAILS | {"web_traffic"}
SCOPES = ["forms", "marketing.email.read", "business-intelligence"]


def asked(sandbox: Sandbox, what: str) -> int:
    return len([call for call in sandbox.requests("hubspot") if what in call["path"]])


def test_the_quarter_has_twenty_forms_and_no_submission(sandbox: Sandbox, company: Company) -> None:
    report = load("hubspot", Settings(), company, tables=FORMS)
    assert report.warnings == []
    assert query(Settings(), "select count(*) from raw_hubspot.forms where not archived") == [(20,)]
    quarter = "submitted_at >= '2025-09-29 05:00:00+00'"
    counted = f"select count(*) filter (where {quarter}), count(*) > 300 from raw_hubspot.form_submissions"
    assert query(Settings(), counted) == [(0, True)]


def test_a_submission_keeps_the_address_and_the_page_and_nothing_else_of_the_visitor(
    sandbox: Sandbox, company: Company
) -> None:
    load("hubspot", Settings(), company, tables={"form_submissions", "contacts"})
    facts = (
        "count(*) filter (where page_url like '%?%' or page_url like '%#%'), bool_and(email = lower(email)),"
        " count(*) - count(email) > 0"
    )
    assert query(Settings(), f"select {facts} from raw_hubspot.form_submissions") == [(0, True, True)]
    known = (
        "select count(*) filter (where c.id is not null) / count(*) from raw_hubspot.form_submissions s "
        "left join raw_hubspot.contacts c on c.email = s.email where s.email is not null"
    )
    assert query(Settings(), known)[0][0] > 0.95
    columns = (
        "select column_name from information_schema.columns where table_name = 'form_submissions' and not"
        " starts_with(column_name, '_dlt')"
    )
    assert {name for (name,) in query(Settings(), columns)} == {
        "form_id",
        "conversion_id",
        "submitted_at",
        "email",
        "page_url",
    }


def test_submissions_come_newest_first_and_are_read_down_to_what_is_known(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = at(monkeypatch, sandbox, "2025-11-20T12:00:00Z")
    load("hubspot", settings, company, tables={"form_submissions"})
    first = asked(sandbox, "form-integrations")
    sandbox.forget_requests()
    settings = at(monkeypatch, sandbox, "2025-11-23T12:00:00Z")
    report = load("hubspot", settings, company, tables={"form_submissions"})
    again = [call["path"] for call in sandbox.requests("hubspot") if "form-integrations" in call["path"]]
    assert len(again) == len(set(again)) < first  # one a form
    late = (
        "select count(*) > 0 from raw_hubspot.form_submissions where submitted_at > '2025-11-20 12:00:00+00'"
    )
    assert query(settings, late) == [(True,)]
    assert report.tables["form_submissions"].rows_loaded < 20


def test_old_submissions_that_cannot_be_paged_to_are_said(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault("hubspot", "status", status=400, path="form-integrations", within="after")
    report = load("hubspot", Settings(), company, tables={"form_submissions"})
    assert any("cannot be read" in warning for warning in report.warnings)
    oldest = (
        "select min(submitted_at) as oldest from raw_hubspot.form_submissions group by form_id having"
        " count(*) = 50"
    )
    told = query(
        Settings(), f"select complete_from = (select max(oldest) from ({oldest})), status from ledger.loads"
    )
    assert told == [(True, "ok")]


def test_a_form_that_goes_while_it_is_read_costs_no_other(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault("hubspot", "status", status=404, path="form-integrations", times=1)
    report = load("hubspot", Settings(), company, tables={"form_submissions"})
    assert len(report.warnings) == 1 and "left out" in report.warnings[0]
    again = load("hubspot", Settings(), company, tables={"form_submissions"})
    assert (
        again.warnings == []
        and again.tables["form_submissions"].rows_total > report.tables["form_submissions"].rows_total
    )


def test_what_is_no_longer_listed_is_archived(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = at(monkeypatch, sandbox, "2025-11-11T12:00:00Z")
    load("hubspot", settings, company, tables=FORMS | MAILS)
    gone = "select count(*) from raw_hubspot.forms where archived"
    assert query(settings, gone) == [(1,)]
    settings = at(monkeypatch, sandbox, "2025-11-13T12:00:00Z")
    load("hubspot", settings, company, tables=FORMS | MAILS)
    assert query(settings, gone) == [(2,)]
    assert query(settings, "select max(archived_at) from raw_hubspot.forms") == [
        (datetime.fromisoformat("2025-11-13T12:00:00Z"),)
    ]
    assert asked(sandbox, "/marketing/") == 6  # the archived ones only with the first run, then once a week


def test_a_draft_carries_a_date_and_was_not_sent(sandbox: Sandbox, company: Company) -> None:
    load("hubspot", Settings(), company, tables=MAILS)
    drafts = (
        "select count(*) > 0, count(planned_at) > 0, count(published_at) from raw_hubspot.marketing_mails"
        " where not is_published"
    )
    assert query(Settings(), drafts) == [(True, True, 0)]
    counted = (
        "select count(*) from raw_hubspot.marketing_mail_stats "
        "where mail_id in (select id from raw_hubspot.marketing_mails where not is_published)"
    )
    assert query(Settings(), counted) == [(0,)]


def test_opens_that_move_no_date_are_seen_day_by_day(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = at(monkeypatch, sandbox, AS_OF)
    load("hubspot", settings, company, tables=MAILS)
    first = query(settings, "select count(*) from raw_hubspot.marketing_mail_stats")[0][0]
    later = at(monkeypatch, sandbox, "2025-10-29T12:00:00Z")
    load("hubspot", later, company, tables=MAILS)
    by_day = query(
        later,
        "select snapshot_date::text, count(*) from raw_hubspot.marketing_mail_stats group by 1 order by 1",
    )
    assert [day for day, _ in by_day] == ["2025-10-27", "2025-10-29"] and by_day[1][1] < first
    moved = (
        "select count(*) > 0 from raw_hubspot.marketing_mail_stats a join raw_hubspot.marketing_mail_stats b"
        " using (mail_id) where a.snapshot_date < b.snapshot_date and b.opened > a.opened"
    )
    assert query(later, moved) == [(True,)]


def test_a_counter_that_is_left_out_is_null(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault("hubspot", "field_gone", path="marketing/emails", field="stats.counters.open")
    report = load("hubspot", Settings(), company, tables=MAILS)
    assert report.status == "ok"
    assert query(
        Settings(), "select count(opened), count(sent) > 0 from raw_hubspot.marketing_mail_stats"
    ) == [(0, True)]


def test_mails_without_statistics_are_kept_and_the_statistics_are_not_available(
    sandbox: Sandbox, company: Company
) -> None:
    sandbox.fault("hubspot", "field_gone", path="marketing/emails", field="stats")
    report = load("hubspot", Settings(), company, tables=MAILS)
    assert report.tables["marketing_mails"].rows_total > 40
    assert dict(query(Settings(), "select table_name, status from ledger.loads")) == {
        "marketing_mails": "ok",
        "marketing_mail_stats": "not_available",
    }


def test_sessions_and_new_ones_by_day_and_source(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = at(monkeypatch, sandbox, AS_OF)
    load("hubspot", settings, company, tables={"web_traffic"})
    sane = (
        "bool_and(new_sessions between 0 and sessions and visitors <= sessions and page_views >= sessions),"
        " count(distinct source) > 6"
    )
    assert query(settings, f"select {sane}, count(*) > 4000 from raw_hubspot.web_traffic") == [
        (True, True, True)
    ]
    day = "select sum(sessions) from raw_hubspot.web_traffic where day = '2025-10-27'"
    half = query(settings, day)[0][0]
    sandbox.forget_requests()
    later = at(monkeypatch, sandbox, "2025-10-28T12:00:00Z")
    load("hubspot", later, company, tables={"web_traffic"})
    assert asked(sandbox, "analytics") == 1
    assert query(later, day)[0][0] > (half or 0)  # the day went on, and is read again
    assert query(later, "select distinct complete_from from ledger.loads") == [
        (datetime.fromisoformat("2023-10-28T05:00:00Z"),)
    ]


@pytest.mark.parametrize(
    "body",
    ['{"offset": 0, "total": 1, "totals": {}, "breakdowns": [{"breakdown": "organic", "visits": 3}]}', "[]"],
)
def test_web_analytics_in_another_shape_cost_that_table_only(
    body: str, sandbox: Sandbox, company: Company
) -> None:
    sandbox.fault("hubspot", "status", status=200, path="analytics", body=body)
    report = load("hubspot", Settings(), company, tables={"web_traffic", "owners"})
    assert any("shape" in warning for warning in report.warnings)
    assert dict(query(Settings(), "select table_name, status from ledger.loads")) == {
        "web_traffic": "not_available",
        "owners": "ok",
    }


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "missing_scopes", "scopes": SCOPES},
        {
            "kind": "status",
            "status": 403,
            "path": "marketing|form-integ|analytics",
            "body": '{"message": "upgrade your plan"}',
        },
        {"kind": "status", "status": 404, "path": "marketing|form-integ|analytics", "body": "gone"},
    ],
    ids=["scopes", "plan", "switched off"],
)
def test_an_account_without_marketing_hub_loads_all_else(
    fault: dict[str, Any], sandbox: Sandbox, company: Company
) -> None:
    sandbox.fault("hubspot", **fault)
    report = load("hubspot", Settings(), company)
    statuses = dict(query(Settings(), "select table_name, status from ledger.loads"))
    assert {table for table, status in statuses.items() if status == "not_available"} == MARKETING
    assert set(statuses.values()) == {"ok", "not_available"}
    assert len(report.warnings) <= 6
    told = [
        finding for finding in diagnose(Settings(), company, ["hubspot"]) if finding.level in ("warn", "fail")
    ]
    assert told == []


def test_the_doctor_names_the_scopes_as_information(sandbox: Sandbox, company: Company) -> None:
    healthy = {finding.check: finding.level for finding in diagnose(Settings(), company, ["hubspot"])}
    for check in ("forms", "form submissions", "marketing mails", "web analytics"):
        assert healthy[check] == "ok"
    sandbox.fault("hubspot", "missing_scopes", scopes=SCOPES)
    told = {finding.check: finding for finding in diagnose(Settings(), company, ["hubspot"])}
    for check, scope in (
        ("forms", "forms"),
        ("marketing mails", "marketing.email.read"),
        ("web analytics", "business-intelligence"),
    ):
        assert told[check].level == "info" and scope in told[check].detail and scope in told[check].way_out


def test_a_portal_that_has_no_dated_forms_is_asked_by_the_numbered_path(
    sandbox: Sandbox, company: Company
) -> None:
    sandbox.fault("hubspot", "status", status=404, path="forms/2026-09-beta")
    report = load("hubspot", Settings(), company, tables={"forms", "marketing_mails"})
    assert report.warnings == [] and report.tables["forms"].rows_total == 21
    assert asked(sandbox, "/marketing/emails/2026-09") == 2 and asked(sandbox, "/marketing/v3/forms") == 2


def test_opens_clicks_and_replies_of_tracked_mails(sandbox: Sandbox, company: Company) -> None:
    load("hubspot", Settings(), company, tables={"emails"})
    facts = (
        "count(*) filter (where hs_email_open_count is null) > 0, count(*) filter (where hs_email_open_count"
        " = 0) > 0, sum(hs_email_open_count) > 100, sum(hs_email_click_count) > 10, sum(hs_email_reply_count)"
        " > 10, count(*) filter (where hs_email_direction <> 'EMAIL' and hs_email_open_count is not null)"
    )
    assert query(Settings(), f"select {facts} from raw_hubspot.emails") == [(True, True, True, True, True, 0)]


def test_a_backfill_pulls_a_window_and_moves_no_cursor(sandbox: Sandbox, company: Company) -> None:
    import duckdb

    tables = {"form_submissions", "web_traffic"}
    settings = Settings()
    load("hubspot", settings, company, tables=tables)
    before = [query(settings, f"select count(*) from raw_hubspot.{table}") for table in sorted(tables)]
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute("delete from raw_hubspot.form_submissions where submitted_at >= '2025-08-01'")
        connection.execute(
            "delete from raw_hubspot.web_traffic where day between '2025-08-01' and '2025-08-31'"
        )
    load("hubspot", settings, company, tables=tables)
    assert [
        query(settings, f"select count(*) from raw_hubspot.{table}") for table in sorted(tables)
    ] != before
    since, until = (
        datetime.fromisoformat("2025-08-01T00:00:00Z"),
        datetime.fromisoformat("2025-10-01T00:00:00Z"),
    )
    load("hubspot", settings, company, tables=tables, window=Window(since, until))
    assert [
        query(settings, f"select count(*) from raw_hubspot.{table}") for table in sorted(tables)
    ] == before


def test_the_sales_company_has_no_marketing_hub(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_sandbox(as_of=AS_OF, company="sales", limits=False) as large:
        for name, value in large.environment.items():
            monkeypatch.setenv(name, value)
        report = load("hubspot", Settings(), company, tables=MARKETING)
        assert len(report.warnings) == 1 and "business-intelligence" in report.warnings[0]
        assert report.requests < 10

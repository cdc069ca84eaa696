"""Ad platforms: restated days, history that a platform hides, currencies, and the traps of Google, Meta and
LinkedIn."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from dlt_pipelines.core.load import LoadReport, load
from dlt_pipelines.core.source import Finding
from dlt_pipelines.core.window import Window
from dlt_pipelines.doctor.checks import diagnose
from dlt_pipelines.errors import PermanentError, TransientError
from dlt_pipelines.kinds.ads.pull import slices
from dlt_pipelines.sources import linkedin_ads as linkedin_source
from dlt_pipelines.sources import meta_ads as meta_source
from dlt_pipelines.wire.budget import Budget
from foundation.settings import Company, Settings
from sandbox import Sandbox
from sandbox.companies.cedar_ridge import ads
from sandbox.vendors import google_ads, linkedin_ads
from tests.dlt_pipelines.conftest import at, query

pytestmark = pytest.mark.usefixtures("unhurried")
PLATFORMS = ("google_ads", "meta_ads", "linkedin_ads")


@pytest.fixture
def brief(company: Company) -> Company:
    """A company whose ads begin in August 2025, so that a load is short."""
    return changed(company, *PLATFORMS, start_date=date(2025, 8, 1))


def changed(company: Company, *sections: str, **values: Any) -> Company:
    return company.model_copy(
        update={name: getattr(company, name).model_copy(update=values) for name in sections}
    )


def bad(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.check: finding for finding in findings if finding.level in ("warn", "fail")}


def asked(sandbox: Sandbox, source: str, path: str) -> int:
    return len([call for call in sandbox.requests(source) if path in call["path"]])


LIVING = (
    "select account_id, campaign_id, day, spend, impressions, clicks, conversions from raw_{}.spend where"
    " deleted_at is null order by all"
)


# ------------------------------------------------------------------ what all platforms share


def test_a_span_is_cut_into_months() -> None:
    assert list(slices(date(2025, 1, 1), date(2025, 2, 2))) == [
        (date(2025, 1, 1), date(2025, 1, 31)),
        (date(2025, 2, 1), date(2025, 2, 2)),
    ]
    assert list(slices(date(2025, 1, 2), date(2025, 1, 1))) == []


@pytest.mark.parametrize("name", PLATFORMS)
def test_restated_days_end_like_a_full_load_and_withdrawn_ones_are_marked(
    name: str, sandbox: Sandbox, brief: Company, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    load(name, Settings(), brief)
    first = query(Settings(), LIVING.format(name))
    for day in (
        "2025-10-28",
        "2025-11-03",
        "2025-12-20",
    ):  # the last one after more than a month without a run
        settings = at(monkeypatch, sandbox, f"{day}T12:00:00Z")
        load(name, settings, brief)
    walked, gone = (
        query(settings, LIVING.format(name)),
        query(settings, f"select day, deleted_at from raw_{name}.spend where deleted_at is not null"),
    )
    assert first != [row for row in walked if row[2] <= date(2025, 10, 27)]
    assert all(day >= date(2025, 9, 26) for day, _ in gone)
    monkeypatch.setenv("SCORELINE_HOME", str(tmp_path / "full"))
    load(name, Settings(), brief)
    hidden = "1114"  # a campaign that LinkedIn no longer lists: a full load does not know it
    assert [row for row in walked if row[1] != hidden] == query(Settings(), LIVING.format(name))


def test_a_day_that_is_no_longer_reported_is_marked_and_stays(
    sandbox: Sandbox, brief: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    load("google_ads", Settings(), brief)
    body = """[{"results": [{
        "customer": {"id": "1112223333", "currencyCode": "USD"},
        "campaign": {"id": "700001", "name": "Brand"},
        "segments": {"date": "2025-10-20"},
        "metrics": {"costMicros": "1230000", "impressions": "10", "clicks": "1", "conversions": 0.5}
    }]}]"""
    sandbox.fault(
        "google_ads", "status", status=200, body=body, path="1112223333.*searchStream", skip=2, times=1
    )
    settings = at(monkeypatch, sandbox, "2025-10-28T12:00:00Z")
    load("google_ads", settings, brief)
    rows = query(
        settings,
        "select day, spend, conversions, deleted_at from raw_google_ads.spend where campaign_id = '700001'"
        " order by day",
    )
    told = {day: (spend, conversions, deleted_at) for day, spend, conversions, deleted_at in rows}
    assert told[date(2025, 10, 20)] == (Decimal("1.23"), Decimal("0.5"), None)
    spend, _, deleted_at = told[date(2025, 10, 22)]
    assert spend > 0 and deleted_at == datetime.fromisoformat("2025-10-28T12:00:00Z")
    assert told[date(2025, 9, 1)][2] is None  # before what is restated
    load("google_ads", settings, brief)  # told again: alive again
    assert query(
        settings,
        "select count(*) from raw_google_ads.spend where deleted_at is not null and day = '2025-10-22'",
    ) == [(0,)]


def test_a_campaign_that_is_no_longer_listed_keeps_its_history(
    sandbox: Sandbox, brief: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    load("linkedin_ads", Settings(), brief)
    before = query(
        Settings(),
        "select * exclude (_dlt_load_id, _dlt_id) from raw_linkedin_ads.spend where campaign_id = '1114'"
        " order by day",
    )
    settings = at(monkeypatch, sandbox, "2025-10-31T12:00:00Z")
    load("linkedin_ads", settings, brief)
    assert before == query(
        settings,
        "select * exclude (_dlt_load_id, _dlt_id) from raw_linkedin_ads.spend where campaign_id = '1114'"
        " order by day",
    )
    gone = query(
        settings, "select id, deleted_at from raw_linkedin_ads.campaigns where deleted_at is not null"
    )
    assert gone == [("1114", datetime.fromisoformat("2025-10-31T12:00:00Z"))]


def test_an_account_that_suddenly_reports_nothing_keeps_its_days(sandbox: Sandbox, brief: Company) -> None:
    load("linkedin_ads", Settings(), brief)
    before = query(Settings(), LIVING.format("linkedin_ads"))
    sandbox.fault("linkedin_ads", "status", status=200, body='{"elements": []}', path="adAnalytics")
    report = load("linkedin_ads", Settings(), brief)
    assert (
        "account 5001 reports nothing from 2025-09-28 to 2025-10-27" in report.warnings[0]
        and "role" in report.warnings[0]
    )
    assert query(Settings(), LIVING.format("linkedin_ads")) == before


def test_no_account_and_a_wrong_account_are_mistakes(sandbox: Sandbox, brief: Company) -> None:
    wrong = changed(brief, "meta_ads", account_ids=["999"])
    with pytest.raises(
        PermanentError,
        match=r"do not reach 999 of meta_ads.account_ids. There are: 555000111 \(Cedar Ridge IT\)",
    ):
        load("meta_ads", Settings(), wrong)
    assert "999" in bad(diagnose(Settings(), wrong, ["meta_ads"]))["account_ids"].detail
    sandbox.fault(
        "linkedin_ads", "status", status=200, body='{"elements": [], "metadata": {}}', path="adAccounts$"
    )
    with pytest.raises(PermanentError, match="the credentials reach no ad account. Make a new token"):
        load("linkedin_ads", Settings(), brief)
    assert "no ad account" in bad(diagnose(Settings(), brief, ["linkedin_ads"]))["accounts"].detail


def test_accounts_of_somebody_else_are_refused_and_a_lost_one_is_told(
    sandbox: Sandbox, brief: Company
) -> None:
    load("meta_ads", Settings(), changed(brief, "meta_ads", account_ids=["555000111"]))
    with pytest.raises(
        PermanentError, match="holds the spend of 555000111, and the credentials now reach 555000222 only"
    ):
        load("meta_ads", Settings(), changed(brief, "meta_ads", account_ids=["555000222"]))
    # one more account: its history comes whole, while the other's comes from where it was
    load("meta_ads", Settings(), brief)
    firsts = dict(query(Settings(), "select account_id, min(day) from raw_meta_ads.spend group by 1"))
    assert firsts["555000222"] <= date(2025, 8, 3)
    report = load("meta_ads", Settings(), changed(brief, "meta_ads", account_ids=["555000222"]))
    assert report.warnings == ["Meta Ads: no longer reads account 555000111; keeps its stored spend"]


def test_a_window_is_pulled_again_and_the_cursor_stays(
    sandbox: Sandbox, brief: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    load("google_ads", Settings(), brief)
    since, until = datetime(2025, 7, 1, 12, tzinfo=UTC), datetime(2025, 7, 20, 12, tzinfo=UTC)
    for _ in range(2):
        load("google_ads", Settings(), brief, window=Window(since, until))
    assert query(Settings(), "select min(day) from raw_google_ads.spend")[0][0] == date(2025, 7, 1)
    assert query(Settings(), "select count(*) from raw_google_ads.spend where deleted_at is not null") == [
        (0,)
    ]
    sandbox.forget_requests()
    load("google_ads", at(monkeypatch, sandbox, "2025-10-28T12:00:00Z"), brief)
    assert (
        asked(sandbox, "google_ads", "searchStream") == 2 + 1 + 1
    )  # two accounts are looked at, campaigns, one slice


def test_the_first_load_reaches_back_three_years_or_to_the_start_date(
    sandbox: Sandbox, company: Company
) -> None:
    load("linkedin_ads", Settings(), changed(company, "linkedin_ads", start_date=None), tables={"spend"})
    assert query(Settings(), "select complete_from::date from ledger.loads where table_name = 'spend'") == [
        (date(2022, 10, 28),)
    ]
    assert query(Settings(), "select min(day) from raw_linkedin_ads.spend") == [(date(2024, 7, 1),)]


def test_currencies_and_days_are_those_of_the_account(sandbox: Sandbox, brief: Company) -> None:
    load("meta_ads", Settings(), brief)
    rows = query(
        Settings(), "select account_id, currency, max(day) from raw_meta_ads.spend group by all order by 1"
    )
    # noon UTC: Dublin's 27 October has begun to be told, Chicago's has not
    assert rows == [("555000111", "USD", date(2025, 10, 26)), ("555000222", "EUR", date(2025, 10, 27))]
    told = {finding.check: finding for finding in diagnose(Settings(), brief, ["meta_ads"])}
    assert told["account 555000222"].level == "info" and "never added" in told["account 555000222"].detail


@pytest.mark.parametrize("name", PLATFORMS)
def test_the_doctor_finds_a_healthy_account_healthy(name: str, sandbox: Sandbox, company: Company) -> None:
    findings = diagnose(Settings(), company, [name])
    assert bad(findings) == {} and len(findings) > 4


def test_tokens_that_are_handed_out_are_nowhere(
    sandbox: Sandbox, brief: Company, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = at(monkeypatch, sandbox, "2025-12-01T12:00:00Z")  # LinkedIn's first token has ended
    told = []
    with caplog.at_level(logging.DEBUG):
        for name, token in (("google_ads", google_ads.ACCESS_TOKEN), ("linkedin_ads", linkedin_ads.RENEWED)):
            load(name, settings, brief)
            sandbox.fault(
                name, "status", status=400, body=f"you sent {token}", path="searchStream|adAnalytics"
            )
            with pytest.raises(PermanentError) as caught:
                load(name, settings, brief)
            told.append(str(caught.value))
    written = b"".join(file.read_bytes() for file in settings.home.rglob("*") if file.is_file())
    for token in (google_ads.ACCESS_TOKEN, linkedin_ads.RENEWED):
        assert token.encode() not in written and token not in caplog.text and token not in " ".join(told)


# ------------------------------------------------------------------ Google Ads


def test_google_brings_the_spend_of_paused_and_removed_campaigns_as_decimals(
    sandbox: Sandbox, company: Company
) -> None:
    load("google_ads", Settings(), changed(company, "google_ads", start_date=date(2024, 9, 20)))
    states = dict(query(Settings(), "select id, status from raw_google_ads.campaigns"))
    assert states["700004"] == "PAUSED" and states["700006"] == "REMOVED"
    spent = dict(query(Settings(), "select campaign_id, sum(spend) from raw_google_ads.spend group by 1"))
    assert spent["700004"] > 0 and spent["700006"] > 0
    assert any(value % Decimal("0.01") for value in spent.values())  # millionths are not rounded to cents


def test_google_reads_the_clients_of_a_manager_and_never_the_manager(
    sandbox: Sandbox, brief: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_ADS_LOGIN_CUSTOMER_ID", "900-111-0000")
    load("google_ads", Settings(), brief)
    rows = query(
        Settings(), "select id, name, currency, time_zone, status from raw_google_ads.accounts order by id"
    )
    assert rows == [
        ("1112223333", "Cedar Ridge IT", "USD", "America/Chicago", "ENABLED"),
        ("1112224444", "Cedar Ridge IT (2019)", "USD", "America/Chicago", "CANCELED"),
    ]
    assert query(Settings(), "select distinct account_id from raw_google_ads.spend") == [("1112223333",)]


def test_google_names_a_manager_whose_clients_are_out_of_reach(sandbox: Sandbox, brief: Company) -> None:
    names = f'{{"resourceNames": ["customers/{ads.GOOGLE_MANAGER}", "customers/{ads.GOOGLE_ACCOUNT}"]}}'
    sandbox.fault("google_ads", "status", status=200, body=names, path="listAccessible")
    found = bad(diagnose(Settings(), brief, ["google_ads"]))
    assert (
        str(ads.GOOGLE_MANAGER) in found["managers"].detail
        and "GOOGLE_ADS_LOGIN_CUSTOMER_ID" in found["managers"].way_out
    )


def google_failure(kind: str, code: str, details: str = "{}") -> str:
    failure = f'{{"errorCode": {{"{kind}": "{code}"}}, "message": "No.", "details": {details}}}'
    return (
        '[{"error": {"code": 403, "message": "No.", "status": "X", "details": [{"errors":'
        f" [{failure}]}}]}}}}]"
    )


@pytest.mark.parametrize(
    ("kind", "code", "status", "way_out"),
    [
        ("authorizationError", "DEVELOPER_TOKEN_NOT_APPROVED", 403, "apply for access"),
        ("authorizationError", "USER_PERMISSION_DENIED", 403, "GOOGLE_ADS_LOGIN_CUSTOMER_ID"),
        ("queryError", "REQUESTED_METRICS_FOR_MANAGER", 400, "its clients"),
    ],
)
def test_google_refusals_are_named_with_the_way_out(
    kind: str, code: str, status: int, way_out: str, sandbox: Sandbox, brief: Company
) -> None:
    sandbox.fault("google_ads", "status", status=status, body=google_failure(kind, code), path="searchStream")
    with pytest.raises(PermanentError, match=f"{code}.*{way_out}"):
        load("google_ads", Settings(), brief)


def test_one_refused_account_of_several_stops_no_other(
    sandbox: Sandbox, brief: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = f'{{"resourceNames": ["customers/{ads.GOOGLE_ACCOUNT}", "customers/9998887777"]}}'
    sandbox.fault("google_ads", "status", status=200, body=names, path="listAccessible")
    (warning,) = load("google_ads", Settings(), brief).warnings
    assert (
        "account 9998887777 cannot be read, the others were" in warning
        and "USER_PERMISSION_DENIED" in warning
    )
    told = dict(query(Settings(), "select id, refused from raw_google_ads.accounts"))
    assert told[str(ads.GOOGLE_ACCOUNT)] is None and "USER_PERMISSION_DENIED" in told["9998887777"]
    assert query(Settings(), "select count(*) > 0 from raw_google_ads.spend") == [(True,)]
    assert bad(diagnose(Settings(), brief, ["google_ads"]))["account 9998887777"].level == "fail"
    # who names the readable one is not bothered
    chosen = changed(brief, "google_ads", account_ids=[str(ads.GOOGLE_ACCOUNT)])
    assert load("google_ads", Settings(), chosen).warnings == []


def test_an_account_that_refuses_later_is_complete_up_to_its_last_good_pull(
    sandbox: Sandbox, brief: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    load("meta_ads", Settings(), brief)
    sandbox.fault("meta_ads", "status", status=403, body=meta_error(200), path="act_555000222")
    settings = at(monkeypatch, sandbox, "2025-10-29T12:00:00Z")
    (warning,) = load("meta_ads", settings, brief).warnings
    assert "account 555000222 cannot be read" in warning
    through = query(
        settings, "select arg_max(complete_through, finished_at) from ledger.loads where table_name = 'spend'"
    )
    assert through == [(datetime(2025, 10, 27, 12, tzinfo=UTC),)]
    newest = dict(query(settings, "select account_id, max(day) from raw_meta_ads.spend group by 1"))
    assert newest["555000111"] > newest["555000222"]


def test_a_chunk_of_another_shape_is_a_failure(sandbox: Sandbox, brief: Company) -> None:
    sandbox.fault(
        "google_ads", "status", status=200, body='[{"rows": [], "requestId": "r1"}]', path="searchStream"
    )
    with pytest.raises(
        PermanentError, match="expected results to be a list, but the answer has: rows, requestId"
    ):
        load("google_ads", Settings(), brief)


def test_google_quota_and_refresh_token(
    sandbox: Sandbox, brief: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    delay = '{"quotaErrorDetails": {"rateScope": "DEVELOPER", "retryDelay": "900s"}}'
    sandbox.fault(
        "google_ads",
        "status",
        status=429,
        body=google_failure("quotaError", "RESOURCE_EXHAUSTED", delay),
        path="searchStream",
    )
    with pytest.raises(TransientError, match="asks to wait 900 s"):
        load("google_ads", Settings(), brief)
    assert asked(sandbox, "google_ads", "searchStream") == 1
    sandbox.clear_faults()
    monkeypatch.setenv("GOOGLE_ADS_REFRESH_TOKEN", "1//canary-wrong-0003")
    with pytest.raises(
        PermanentError,
        match=r"refresh token is not accepted \(400\): Token has been expired or revoked.*Testing",
    ) as caught:
        load("google_ads", Settings(), brief)
    assert "canary" not in str(caught.value)


def test_the_version_is_a_setting(sandbox: Sandbox, brief: Company) -> None:
    load("google_ads", Settings(), changed(brief, "google_ads", api_version="v26"), tables={"accounts"})
    load("meta_ads", Settings(), changed(brief, "meta_ads", api_version="v26.0"), tables={"accounts"})
    assert {call["path"].split("/")[1] for call in sandbox.requests() if call["path"] != "/token"} == {
        "v26",
        "v26.0",
    }


# ------------------------------------------------------------------ Meta


def test_meta_follows_short_pages_and_stores_ids_without_prefix(sandbox: Sandbox, brief: Company) -> None:
    report = load("meta_ads", Settings(), brief)
    assert report.warnings == []
    days = query(
        Settings(),
        "select count(*), count(distinct (campaign_id, day)) from raw_meta_ads.spend where account_id ="
        " '555000111'",
    )
    assert days[0][0] == days[0][1] > 200
    assert asked(sandbox, "meta_ads", "act_555000111/insights") > 8
    assert query(Settings(), "select count(*) from raw_meta_ads.spend where conversions > 0")[0][0] > 10


def test_meta_counts_the_actions_that_are_named(sandbox: Sandbox, brief: Company) -> None:
    load("meta_ads", Settings(), changed(brief, "meta_ads", conversion_actions=["link_click"]))
    assert query(Settings(), "select distinct conversions from raw_meta_ads.spend order by 1") == [
        (Decimal(0),),
        (Decimal(9),),
    ]


def test_meta_keeps_the_spend_of_deleted_campaigns(
    sandbox: Sandbox, brief: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = at(monkeypatch, sandbox, "2025-11-10T12:00:00Z")
    load("meta_ads", settings, brief)
    assert query(settings, "select status from raw_meta_ads.campaigns where id = '238500003'") == [
        ("DELETED",)
    ]
    assert query(
        settings, "select sum(spend) > 100 from raw_meta_ads.spend where campaign_id = '238500003'"
    ) == [(True,)]
    # without naming states Meta hides it: what was loaded stays
    load("meta_ads", settings, changed(brief, "meta_ads", campaign_statuses=[]))
    assert query(
        settings,
        "select count(*) from raw_meta_ads.spend where campaign_id = '238500003' and deleted_at is not null",
    ) == [(0,)]


def test_meta_versions_that_have_ended_are_told(sandbox: Sandbox, brief: Company) -> None:
    old = changed(brief, "meta_ads", api_version="v24.0")
    report = load("meta_ads", Settings(), old, tables={"accounts"})
    (warning,) = report.warnings
    assert (
        "v24.0 was asked for and v25.0 answers: that version has ended" in warning
        and "meta_ads.api_version" in warning
    )
    assert "v25.0 answers" in bad(diagnose(Settings(), old, ["meta_ads"]))["version"].detail


def meta_error(code: int, subcode: int = 0) -> str:
    return (
        f'{{"error": {{"message": "No.", "type": "OAuthException", "code": {code}, "error_subcode":'
        f" {subcode}}}}}"
    )


def test_meta_answers_what_is_too_much_at_once_as_a_report(
    sandbox: Sandbox, brief: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    load("meta_ads", Settings(), brief)
    whole = query(Settings(), LIVING.format("meta_ads"))
    monkeypatch.setattr(meta_source, "POLL", 0.0)
    monkeypatch.setenv("SCORELINE_HOME", str(Settings().home / "again"))
    sandbox.fault(
        "meta_ads",
        "status",
        status=400,
        body=meta_error(100, 1_504_018),
        path="act_555000111/insights",
        times=1,
    )
    load("meta_ads", Settings(), brief)
    assert query(Settings(), LIVING.format("meta_ads")) == whole
    assert asked(sandbox, "meta_ads", "6001-") >= 3
    sandbox.fault(
        "meta_ads",
        "status",
        status=400,
        body=meta_error(2, 1_504_038),
        path="act_555000111/insights",
        times=1,
    )
    sandbox.fault(
        "meta_ads",
        "status",
        status=200,
        body='{"async_status": "Job Failed", "async_percent_completion": 3}',
        path="6001-",
    )
    with pytest.raises(TransientError, match="ended as Job Failed; run it again later"):
        load("meta_ads", Settings(), brief)


@pytest.mark.parametrize("code", [2, 4, 17, 613, 80_000, 80_004])
def test_meta_throttling_is_a_400_that_is_sat_out(code: int, sandbox: Sandbox, brief: Company) -> None:
    sandbox.fault("meta_ads", "status", status=400, body=meta_error(code), path="adaccounts", times=2)
    assert load("meta_ads", Settings(), brief, tables={"accounts"}).tables["accounts"].rows_total == 2


def test_meta_refusals(sandbox: Sandbox, brief: Company) -> None:
    for code, text in (
        (190, "the token is not accepted"),
        (200, "may not read this"),
        (10, "may not read this"),
    ):
        sandbox.fault("meta_ads", "status", status=400, body=meta_error(code), path="adaccounts", times=1)
        with pytest.raises(PermanentError, match=f"{text}.*ads_read"):
            load("meta_ads", Settings(), brief)


def test_meta_rests_when_a_budget_is_nearly_used_up() -> None:
    usage = (
        '{"555": [{"type": "ads_insights", "call_count": 80, "total_time": 1,'
        ' "estimated_time_to_regain_access": 0}]}'
    )
    assert meta_source.pause_asked({"x-business-use-case-usage": usage}) == meta_source.REST
    assert meta_source.pause_asked({"x-business-use-case-usage": usage.replace("80", "70")}) is None
    assert (
        meta_source.pause_asked({"x-business-use-case-usage": usage.replace('access": 0', 'access": 3')})
        == 180.0
    )
    assert (
        meta_source.pause_asked(
            {"x-fb-ads-insights-throttle": '{"app_id_util_pct": 1.5, "acc_id_util_pct": 91}'}
        )
        == meta_source.REST
    )
    assert meta_source.pause_asked({"x-app-usage": "no JSON"}) is None and meta_source.pause_asked({}) is None


def test_meta_stays_in_the_hour_of_the_lower_tier(company: Company, sandbox: Sandbox) -> None:
    client = meta_source.connect(Settings(), company)
    assert client is not None
    assert [(limit.most, limit.seconds) for limit in client.budget.lanes["insights"]] == [
        (4, 0),
        (600, 3_600),
    ]


# ------------------------------------------------------------------ LinkedIn


@pytest.fixture
def without_refresh(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> Iterator[None]:
    monkeypatch.delenv("LINKEDIN_ADS_REFRESH_TOKEN")
    yield


def linkedin(company: Company, *tables: str) -> LoadReport:
    return load("linkedin_ads", Settings(), company, tables=tables or None)


def test_linkedin_names_campaigns_and_adds_conversions(sandbox: Sandbox, brief: Company) -> None:
    linkedin(brief)
    rows = query(
        Settings(),
        "select distinct campaign_name, currency from raw_linkedin_ads.spend where campaign_id = '1112'",
    )
    assert rows == [("CFO guide to IT cost; lead form", "USD")]
    total = query(Settings(), "select sum(conversions) from raw_linkedin_ads.spend")[0][0]
    assert total > 10
    half = changed(brief, "linkedin_ads", conversion_metrics=["externalWebsiteConversions"])
    linkedin(half)
    assert query(Settings(), "select sum(conversions) from raw_linkedin_ads.spend")[0][0] < total


def test_linkedin_answers_that_may_be_cut_are_asked_for_in_halves(
    sandbox: Sandbox, brief: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    linkedin(brief, "spend")
    whole, calls = (
        query(Settings(), LIVING.format("linkedin_ads")),
        asked(sandbox, "linkedin_ads", "adAnalytics"),
    )
    monkeypatch.setattr(linkedin_source, "MOST", 40)
    monkeypatch.setenv("SCORELINE_HOME", str(Settings().home / "again"))
    linkedin(brief, "spend")
    assert query(Settings(), LIVING.format("linkedin_ads")) == whole
    assert asked(sandbox, "linkedin_ads", "adAnalytics") > 2 * calls
    monkeypatch.setattr(linkedin_source, "MOST", 2)
    with pytest.raises(PermanentError, match="has 2 campaigns or more on"):
        linkedin(brief, "spend")


def test_linkedin_versions_end(sandbox: Sandbox, brief: Company) -> None:
    with pytest.raises(PermanentError, match=r"has ended \(426\).*202511.*linkedin_ads.api_version"):
        linkedin(changed(brief, "linkedin_ads", api_version="202511"))


def test_linkedin_tokens_are_renewed_and_waited_for(
    sandbox: Sandbox, brief: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = []
    pause = Budget.pause
    monkeypatch.setattr(Budget, "pause", lambda self, seconds: (waited.append(seconds), pause(self, 0.01))[1])
    sandbox.fault(
        "linkedin_ads", "wrong_key", path="adAccounts$", times=2
    )  # the old one has ended, the new one is not known yet
    linkedin(brief, "accounts")
    assert waited == [linkedin_source.KNOWN_EVERYWHERE] and asked(sandbox, "linkedin_ads", "accessToken") == 1


@pytest.mark.usefixtures("without_refresh")
def test_linkedin_tells_when_the_token_ends(
    sandbox: Sandbox, brief: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {finding.check: finding for finding in diagnose(Settings(), brief, ["linkedin_ads"])}["token"]
    assert (told.level, told.detail) == ("ok", "the access token ends on 19 November 2025, in 23 days")
    assert linkedin(brief, "accounts").warnings == []
    settings = at(monkeypatch, sandbox, "2025-11-10T15:00:00Z")
    (warning,) = linkedin(brief, "accounts").warnings
    assert "ends on 19 November 2025, in 9 days" in warning and "LINKEDIN_ADS_ACCESS_TOKEN" in warning
    assert "in 9 days" in bad(diagnose(settings, brief, ["linkedin_ads"]))["token"].detail
    at(monkeypatch, sandbox, "2025-11-20T15:00:00Z")
    with pytest.raises(PermanentError, match=r"not accepted \(401\).*LINKEDIN_ADS_ACCESS_TOKEN"):
        linkedin(brief, "accounts")


@pytest.mark.usefixtures("without_refresh")
def test_linkedin_loads_without_knowing_when_the_token_ends(
    sandbox: Sandbox, brief: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINKEDIN_ADS_CLIENT_SECRET", "WPL.wrong-canary")
    (warning,) = linkedin(brief, "accounts").warnings
    assert "the sign-in is not accepted (401)" in warning and "canary" not in warning
    monkeypatch.delenv("LINKEDIN_ADS_CLIENT_SECRET")
    assert linkedin(brief, "accounts").warnings == []
    told = {finding.check: finding for finding in diagnose(Settings(), brief, ["linkedin_ads"])}["token"]
    assert told.level == "ok" and "LINKEDIN_ADS_CLIENT_ID" in told.detail


def test_linkedin_without_names_still_brings_spend(sandbox: Sandbox, brief: Company) -> None:
    sandbox.fault("linkedin_ads", "status", status=403, path="adCampaigns")
    report = linkedin(brief)
    assert any("campaigns is not available" in warning and "r_ads" in warning for warning in report.warnings)
    assert report.tables["spend"].rows_total > 100

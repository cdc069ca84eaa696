"""The doctor names what is wrong and the way out, and never a secret."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dlt_pipelines.core.load import load
from dlt_pipelines.core.source import Finding
from dlt_pipelines.doctor.checks import diagnose
from dlt_pipelines.errors import PermanentError
from dlt_pipelines.registry import SOURCES
from dlt_pipelines.sources import hubspot
from dlt_pipelines.sources.hubspot.records import WITHOUT_DIRECTION
from foundation.settings import PROJECT_ROOT, Company, Settings
from sandbox import Sandbox
from tests.dlt_pipelines.conftest import at
from tests.support.cases import secrets


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubspot, "BURST", (10_000, 10.0))


def bad(findings: list[Finding]) -> dict[str, Finding]:
    """check -> finding, of those that need a person."""
    assert all(finding.way_out for finding in findings if finding.level in ("warn", "fail"))
    return {finding.check: finding for finding in findings if finding.level in ("warn", "fail")}


def test_nothing_connected_is_information(settings: Settings, company: Company) -> None:
    findings = diagnose(settings, company)
    assert {finding.source for finding in findings} == {*SOURCES, "home", "settings"}
    assert bad(findings) == {}
    told = next(finding for finding in findings if finding.source == "hubspot")
    assert (told.level, told.check) == ("info", "credentials") and "HUBSPOT_API_KEY" in told.detail


def test_a_healthy_account(sandbox: Sandbox, company: Company) -> None:
    findings = diagnose(Settings(), company)
    assert bad(findings) == {}
    details = {(finding.source, finding.check): finding.detail for finding in findings}
    assert "requests left today" in details["hubspot", "budget"]
    assert "of 10000 requests" in details["autotask", "budget"]
    assert (
        "250 members" in details["hubspot", "warm_list"] or "249 members" in details["hubspot", "warm_list"]
    )
    text = str(findings)
    assert not [name for name, secret in secrets().items() if secret in text]


def test_half_of_the_credentials(
    settings: Settings, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOTASK_USERNAME", "someone@example.com")
    assert set(bad(diagnose(settings, company))) == {"AUTOTASK_SECRET", "AUTOTASK_INTEGRATION_CODE"}


def test_a_wrong_key_and_nobody_there(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBSPOT_API_KEY", "pat-na1-canary-wrong-0001")
    monkeypatch.setenv("AUTOTASK_SECRET", "canary-wrong-0002")
    findings = diagnose(Settings(), company, ["hubspot", "autotask"])
    assert "not accepted" in bad(findings)["access"].detail
    assert {finding.source for finding in findings if finding.level == "fail"} == {"hubspot", "autotask"}
    assert "canary" not in str(findings)
    monkeypatch.setattr("dlt_pipelines.wire.client.TRIES", 1)
    monkeypatch.setenv("HUBSPOT_BASE_URL", "http://127.0.0.1:9")
    assert "network" in bad(diagnose(Settings(), company, ["hubspot"]))["reach"].way_out


@pytest.mark.parametrize(
    ("section", "change", "check", "named"),
    [
        ("hubspot", {"warm_list": "Cold 250"}, "warm_list", "Cold 250"),
        ("hubspot", {"pipelines": ["default", "gone"]}, "pipelines", "gone"),
        ("hubspot", {"connected_outcomes": ["no-such-id"]}, "connected_outcomes", "no-such-id"),
        (
            "hubspot",
            {"first_appointment_types": ["Erstes Treffen"]},
            "first_appointment_types",
            "Erstes Treffen",
        ),
        ("hubspot", {"coi_meeting_types": ["Coffee"]}, "coi_meeting_types", "Coffee"),
        ("hubspot", {"decision_maker_property": "no_such"}, "decision_maker_property", "no_such"),
        ("hubspot", {"coi_property": "firstname"}, "coi_property", "of type string"),
        ("hubspot", {"mrr_property": "no_mrr"}, "mrr_property", "no_mrr"),
        (
            "hubspot",
            {"lifecycle_stages": ["lead", "customer"]},
            "lifecycle_stages",
            "subscriber (Subscriber)",
        ),
        ("autotask", {"reactive_queue_ids": [1]}, "reactive_queue_ids", "names 1"),
        ("autotask", {"complete_status_ids": [5, 99]}, "complete_status_ids", "99"),
        ("autotask", {"time_off_codes": ["Siesta"]}, "time_off_codes", "Siesta"),
    ],
)
def test_configured_ids_that_do_not_exist(
    section: str, change: dict[str, Any], check: str, named: str, sandbox: Sandbox, company: Company
) -> None:
    changed = company.model_copy(update={section: getattr(company, section).model_copy(update=change)})
    found = bad(diagnose(Settings(), changed, [section]))
    assert set(found) <= {check, "decision_maker_values"}
    assert named in found[check].detail and "company.toml" in found[check].way_out


def test_a_portal_in_another_currency(sandbox: Sandbox, company: Company) -> None:
    pounds = company.model_copy(update={"company": company.company.model_copy(update={"currency": "GBP"})})
    (found,) = bad(diagnose(Settings(), pounds, ["hubspot"])).values()
    assert (found.check, found.level) == (
        "currency",
        "warn",
    ) and "HubSpot counts in USD, company.toml in GBP" in found.detail


def test_missing_scopes_and_permissions(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault(
        "hubspot",
        "missing_scopes",
        scopes=["crm.objects.deals.read", "crm.lists.read", "crm.schemas.contacts.read"],
    )
    sandbox.fault("autotask", "hide_non_billable")
    sandbox.fault("autotask", "status", status=403, path="Companies")
    found = bad(diagnose(Settings(), company, ["hubspot", "autotask"]))
    assert set(found) == {
        "deals",
        "pipelines",
        "warm_list",
        "properties of contacts",
        "properties of meetings",
        "properties of calls",
        "Companies",
        "non-billable time",
    }
    assert "crm.objects.deals.read" in found["deals"].detail


def test_mails_without_their_direction(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault("hubspot", "field_gone", path="/emails$", field="properties.hs_email_direction")
    found = bad(diagnose(Settings(), company, ["hubspot"]))
    assert found["details of emails"].detail == WITHOUT_DIRECTION
    assert "sales-email-read" in found["details of emails"].way_out


def test_a_person_with_a_wrong_address(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seeds = tmp_path / "dbt" / "seeds"
    seeds.mkdir(parents=True)
    people = (PROJECT_ROOT / "dbt_project" / "seeds" / "people.csv").read_text()
    (seeds / "people.csv").write_text(people.replace("leo.b@", "leo.bb@"))
    monkeypatch.setenv("SCORELINE_DBT_DIR", str(tmp_path / "dbt"))
    found = bad(diagnose(Settings(), company, ["autotask"]))
    assert "leo.bb@cedar-ridge.example" in found["people"].detail and "leo_brandt" in found["people"].way_out


def test_a_used_up_hour(sandbox: Sandbox, company: Company) -> None:
    body = '{"externalRequestThreshold":10000,"requestThresholdTimeframe":60,"currentTimeframeRequestCount":9000}'
    sandbox.fault("autotask", "status", status=200, body=body, path="ThresholdInformation")
    assert "9000 of 10000" in bad(diagnose(Settings(), company, ["autotask"]))["budget"].detail
    from dlt_pipelines.core.load import load
    from dlt_pipelines.errors import TransientError

    with pytest.raises(TransientError, match="9000 of the account's 10000 requests an hour are used"):
        load("autotask", Settings(), company)


def test_unknown_source(settings: Settings, company: Company) -> None:
    with pytest.raises(PermanentError, match="unknown source 'hubspt'; did you mean 'hubspot'"):
        diagnose(settings, company, ["hubspt"])


def test_a_malformed_variable_is_the_finding_of_its_source_alone(
    settings: Settings, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "WAREHOUSE_SOURCE_URL": "nonsense-canary",
        "MONGODB_URL": "foo://canary",
        "SIMPLEFIN_ACCESS_URL": "https://canary:canary@[::1",
        "HUBSPOT_API_KEY": "canary€",
        "INTERCOM_API_KEY": "canary",
        "INTERCOM_BASE_URL": "htps://canary",
    }.items():
        monkeypatch.setenv(name, value)
    findings = diagnose(settings, company)
    failed = {finding.source: finding.detail for finding in findings if finding.level == "fail"}
    assert set(failed) == {"company_warehouse", "mongodb", "simplefin", "hubspot", "intercom"}
    assert {finding.source for finding in findings} == {*SOURCES, "home", "settings"}
    assert "HUBSPOT_API_KEY: character 7 of 7 is not printable ASCII" in failed["hubspot"]
    assert "INTERCOM_BASE_URL: not a web address" in failed["intercom"]
    assert "canary" not in str(findings)


def test_what_no_library_should_raise_stops_no_other_source(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(f"never seen before, with {sandbox.environment['HUBSPOT_API_KEY']}")

    entry = SOURCES["hubspot"]
    monkeypatch.setitem(entry.__dict__, "source", replace(entry.source, connect=broken))
    found = bad(diagnose(Settings(), company, ["hubspot", "manual"]))
    assert "RuntimeError: never seen before, with ***" in found["access"].detail


def test_the_age_of_a_credential(sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    def age(as_of: str) -> Finding:
        settings = at(monkeypatch, sandbox, as_of)
        return next(f for f in diagnose(settings, company, ["smartlead"]) if f.check == "SMARTLEAD_API_KEY")

    # a load sees it first
    load("smartlead", at(monkeypatch, sandbox, "2025-10-27T12:00:00Z"), company, tables={"campaigns"})
    assert age("2025-10-28T12:00:00Z").detail == "set, the same since 2025-10-27 (1 day)"
    assert age("2026-10-27T12:00:00Z").level == "ok"
    old = age("2026-10-28T13:00:00Z")
    assert old.level == "warn" and "(366 days)" in old.detail and "rotate_after_days" in old.way_out
    # back in time: a clock that was ahead makes nothing younger for ever
    assert age("2025-10-01T12:00:00Z").detail == "set, the same since 2025-10-01 (0 days)"
    monkeypatch.setenv("SMARTLEAD_API_KEY", "canary-another-key")
    assert age("2026-10-28T13:00:00Z").detail == "set, the same since 2026-10-28 (0 days)"
    kept = Settings().home / "secrets" / "ages" / "smartlead.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "canary" not in kept.read_text(encoding="utf-8") and secrets()[
        "SMARTLEAD_API_KEY"
    ] not in kept.read_text(encoding="utf-8")
    kept.write_text("damaged", encoding="utf-8")
    assert age("2026-10-29T13:00:00Z").level == "ok"


def test_a_misspelt_name_in_the_file_of_variables(
    settings: Settings, company: Company, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "some.env").write_text(
        "HUBSPOT_APIKEY=x\nPOSTGRES_PASSWORD=y\nSCORELINE_ENV_FILE=\n", encoding="utf-8"
    )
    monkeypatch.setenv("SCORELINE_ENV_FILE", str(tmp_path / "some.env"))
    found = bad(diagnose(settings, company))
    assert (
        set(found) == {"HUBSPOT_APIKEY"}
        and found["HUBSPOT_APIKEY"].way_out == "Correct the name: HUBSPOT_API_KEY."
    )


def test_a_load_that_failed_is_named_by_the_doctor(sandbox: Sandbox, company: Company) -> None:
    sandbox.fault("intercom", "status", status=200, path="conversations/search", body='{"items_v2": []}')
    with pytest.raises(PermanentError):
        load("intercom", Settings(), company, tables={"conversations"})
    sandbox.clear_faults()
    found = bad(diagnose(Settings(), company, ["intercom"]))["last load"]
    assert found.level == "fail" and "expected conversations to be a list" in found.detail
    load("intercom", Settings(), company, tables={"conversations"})
    assert "last load" not in bad(diagnose(Settings(), company, ["intercom"]))

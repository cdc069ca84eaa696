"""The doctor's checks of Copper: access, zone, configured types, stages and fields, people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from dlt_pipelines.core.source import Finding
from dlt_pipelines.doctor.findings import existing, people_missing, readable
from dlt_pipelines.errors import NotAvailable
from dlt_pipelines.sources.copper.access import LOOK_OUT, SOURCE, Facts
from dlt_pipelines.sources.copper.lists import (
    activity_types,
    custom_field_options,
    custom_fields,
    pipeline_stages,
)
from dlt_pipelines.sources.copper.searches import dated, search
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.paging import expect
from foundation.settings import Company, Settings


def diagnose(client: Client[Facts], settings: Settings, company: Company) -> Iterator[Finding]:
    """Access, the account's zone, configured types, stages and fields, people, and whether the key's owner
    sees anything."""
    wanted = company.copper
    about = expect(client.get_once("/account"), dict, "Copper account")
    zone = about.get("primary_timezone")
    if zone and zone != company.company.time_zone:
        yield Finding(
            SOURCE,
            "time zone",
            "warn",
            f"the account's zone is {zone}, the company's {company.company.time_zone}; days are cut in the"
            " company's",
            "Correct company.time_zone in company.toml if that is not meant.",
        )
    way_out = f"Give the key's owner access to it. {LOOK_OUT}"
    yield readable(SOURCE, "users", lambda: next(search(client, "users", {}), []), way_out)
    yield readable(SOURCE, "opportunities", lambda: next(search(client, "opportunities", {}), []), way_out)
    yield from _diagnose_activities(client, settings, way_out)
    names = {
        str(row.get("name") or "").strip().lower()
        for row in activity_types(client)
        if row["category"] == "user" and not row.get("is_disabled")
    }
    calls = [name for name in wanted.call_types if name.lower() in names]
    yield (
        Finding(SOURCE, "call_types", "ok", f"{', '.join(calls)} count as calls")
        if calls
        else existing(
            SOURCE, "call_types", wanted.call_types, {name: name for name in sorted(names)}, "activity type"
        )
    )
    mails = {str(row.get("name") or "").strip().lower() for row in activity_types(client)} & {
        name.lower() for name in wanted.email_types
    }
    if not mails:
        yield Finding(
            SOURCE,
            "email_types",
            "warn",
            "the account has no activity type for e-mails; e-mails sent will be missing",
            "Connect mailboxes in Copper, or name the type with which people log their mails:"
            " copper.email_types in company.toml.",
        )
    stages = {stage["id"]: str(stage.get("name")) for stage in pipeline_stages(client)}
    for letter, ids in (("a", wanted.stage_a_ids), ("b", wanted.stage_b_ids), ("c", wanted.stage_c_ids)):
        yield existing(SOURCE, f"stage_{letter}_ids", ids, stages, "pipeline stage")
    if wanted.sale_type_field_id is not None:
        fields = {field["id"]: str(field.get("name")) for field in custom_fields(client)}
        yield existing(SOURCE, "sale_type_field_id", [wanted.sale_type_field_id], fields, "custom field")
        options = {option["id"]: str(option.get("name")) for option in custom_field_options(client)}
        for setting, ids in (
            ("wholesale_option_ids", wanted.wholesale_option_ids),
            ("distribution_option_ids", wanted.distribution_option_ids),
        ):
            yield existing(SOURCE, setting, ids, options, "option of that field")
    emails = {str(row.get("email") or "").lower() for page in search(client, "users", {}) for row in page}
    yield from people_missing(SOURCE, settings, emails, "Copper user")


def _diagnose_activities(client: Client[Facts], settings: Settings, way_out: str) -> Iterator[Finding]:
    now = settings.now()
    try:
        found = next(dated(client, "activities", {}, "activity_date", now - timedelta(days=14), now), [])
    except NotAvailable as error:
        yield Finding(SOURCE, "activities", "fail", str(error), way_out)
        return
    if found:
        yield Finding(
            SOURCE, "activities", "ok", f"{client.facts.told.total or len(found)} in the last 14 days"
        )
    else:
        yield Finding(
            SOURCE, "activities", "warn", "the key's owner sees no activity of the last 14 days", LOOK_OUT
        )

"""The doctor's checks of Autotask: zone, permissions, configured ids, people and budget."""

from __future__ import annotations

import urllib.parse
from collections.abc import Generator, Iterator
from datetime import timedelta

from dlt_pipelines.core.source import Finding
from dlt_pipelines.doctor.findings import existing, people_missing
from dlt_pipelines.errors import NotAvailable
from dlt_pipelines.sources.autotask.access import POLITE_SHARE, SOURCE, Facts, threshold
from dlt_pipelines.sources.autotask.fields import ENTITIES
from dlt_pipelines.sources.autotask.queries import (
    any_of,
    condition,
    count,
    iso,
    picklist_rows,
    picklist_values,
    walk,
)
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.paging import expect
from foundation.settings import Company, Settings

NON_BILLABLE_WARNING = (
    "Autotask: the last 30 days hold no non-billable and no internal time. The API user's security level"
    " probably lacks the permission to view non-billable time entries; utilization would show 100 %. Grant it"
    " in Autotask: Admin, Security Levels, Timesheets."
)


def diagnose(client: Client[Facts], settings: Settings, company: Company) -> Iterator[Finding]:
    """Zone, permissions, configured ids, people and budget."""
    zone = client.facts.zone.known
    yield Finding(
        SOURCE, "zone", "ok", f"{zone.get('zoneName')}, {urllib.parse.urlsplit(zone['url']).hostname}"
    )
    readable = yield from _permissions(client)
    if "Tickets" in readable:
        yield from _ticket_settings(client, company)
    if "BillingCodes" in readable:
        names = {
            row["name"]: row["name"]
            for page in walk(client, "BillingCodes", ["id", "name"], [])
            for row in page
        }
        yield existing(SOURCE, "time_off_codes", company.autotask.time_off_codes, names, "billing code")
    if "TimeEntries" in readable:
        yield _diagnose_non_billable(client, settings)
    if "Resources" in readable:
        emails = {
            str(row.get("email") or "").lower()
            for page in walk(client, "Resources", ["id", "email"], [])
            for row in page
        }
        yield from people_missing(SOURCE, settings, emails, "Autotask resource")
    used, allowed = threshold(client)
    spare = used <= POLITE_SHARE * allowed
    yield Finding(
        SOURCE,
        "budget",
        "ok" if spare else "warn",
        f"{used} of {allowed} requests of the running hour are used, by all integrations",
        (
            ""
            if spare
            else "Loads wait until less than 80 % are used; see which other integration sends most requests."
        ),
    )


def _permissions(client: Client[Facts]) -> Generator[Finding, None, set[str]]:
    """Which entities the API user may query; returns them."""
    readable: set[str] = set()
    for entity in ENTITIES.values():
        try:
            info = expect(
                client.get(f"/{entity}/entityInformation", lane=entity), dict, f"Autotask {entity}", "info"
            )
        except NotAvailable as error:
            info, reason = {}, str(error)
        else:
            reason = f"the API user may not query {entity}"
        if info.get("canQuery"):
            readable.add(entity)
            yield Finding(SOURCE, entity, "ok", "may be queried")
        else:
            yield Finding(
                SOURCE,
                entity,
                "fail",
                reason,
                "Give the API user's security level access to it (Admin, Security Levels).",
            )
    return readable


def _ticket_settings(client: Client[Facts], company: Company) -> Iterator[Finding]:
    """The queues and statuses that company.toml names."""
    lists = {
        field["name"]: {
            int(value["value"]): str(value.get("label"))
            for value in picklist_values(field)
            if str(value.get("value")).isdigit()
        }
        for field in picklist_rows(client, "Tickets")
        if field.get("name") in ("queueID", "status")
    }
    yield existing(
        SOURCE,
        "reactive_queue_ids",
        company.autotask.reactive_queue_ids,
        lists.get("queueID", {}),
        "queue",
    )
    yield existing(
        SOURCE,
        "complete_status_ids",
        company.autotask.complete_status_ids,
        lists.get("status", {}),
        "ticket status",
    )


def _diagnose_non_billable(client: Client, settings: Settings) -> Finding:
    recent = condition("dateWorked", "gte", iso(settings.now() - timedelta(days=30)))
    internal = {
        "op": "and",
        "items": [condition("ticketID", "notExist", None), condition("taskID", "notExist", None)],
    }
    entries = count(client, "TimeEntries", [recent])
    if entries and not count(
        client, "TimeEntries", [recent, any_of(condition("isNonBillable", "eq", True), internal)]
    ):
        text, _, way_out = NON_BILLABLE_WARNING.removeprefix("Autotask: ").partition(" Grant it")
        return Finding(SOURCE, "non-billable time", "warn", text, f"Grant it{way_out}")
    return Finding(
        SOURCE,
        "non-billable time",
        "ok",
        f"{entries} time entries in 30 days, non-billable or internal ones among them",
    )

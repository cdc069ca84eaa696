"""The doctor's checks of HubSpot: scopes, configured ids, people and budget."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial
from typing import Any

from dlt_pipelines.core.source import Finding
from dlt_pipelines.doctor.findings import currency_differs, existing, people_missing, readable
from dlt_pipelines.errors import NotAvailable
from dlt_pipelines.sources.hubspot import marketing
from dlt_pipelines.sources.hubspot.api import ADD_SCOPE, SOURCE, paged, path, record_rows, results
from dlt_pipelines.sources.hubspot.catalogue import warm_list
from dlt_pipelines.sources.hubspot.fields import TARGETS
from dlt_pipelines.sources.hubspot.memory import Facts
from dlt_pipelines.sources.hubspot.records import MAIL_SCOPE, WITHOUT_DIRECTION
from dlt_pipelines.wire.client import Client
from foundation.calendar import local_date
from foundation.settings import Company, Settings


def diagnose(client: Client[Facts], settings: Settings, company: Company) -> Iterator[Finding]:
    """Scopes, configured ids, people and budget, with a request per object or so."""
    facts = client.get_once(path(company, "account"))
    yield Finding(
        SOURCE, "account", "ok", f"portal {facts.get('portalId')}, time zone {facts.get('timeZone')}"
    )
    yield from currency_differs(SOURCE, "HubSpot", facts.get("companyCurrency"), company)
    for name in TARGETS:
        ask = partial(client.get, path(company, "objects", name), {"limit": 1})
        yield readable(SOURCE, name, ask, ADD_SCOPE)
    yield from _diagnose_mails(client, company)
    yield readable(SOURCE, "owners", lambda: client.get(path(company, "owners"), {"limit": 1}), ADD_SCOPE)
    known: dict[str, dict[str, dict[str, Any]]] = {}
    for name in ("contacts", "deals", "meetings", "calls"):
        ask = partial(client.get_once, path(company, "properties", name))
        found = readable(SOURCE, f"properties of {name}", ask, ADD_SCOPE)
        if found.level == "ok":
            known[name] = {
                row["name"]: row
                for row in results(client.get_once(path(company, "properties", name)), "HubSpot properties")
            }
        else:
            yield found
    yield from _diagnose_settings(known, company)
    try:
        pipelines = {
            row["id"]: row["label"]
            for row in results(client.get_once(path(company, "pipelines", "deals")), "HubSpot pipelines")
        }
        yield existing(SOURCE, "pipelines", company.hubspot.pipelines, pipelines, "deal pipeline")
    except NotAvailable as error:
        yield Finding(SOURCE, "pipelines", "fail", str(error), "Add the scope to the key.")
    if company.hubspot.warm_list:
        try:
            found_list = warm_list(client, company)
        except NotAvailable as error:
            yield Finding(SOURCE, "warm_list", "fail", str(error), "Add the scope to the key.")
        else:
            if found_list:
                yield Finding(
                    SOURCE,
                    "warm_list",
                    "ok",
                    f'list "{found_list["name"]}" has {found_list.get("size")} members',
                )
            else:
                yield Finding(
                    SOURCE,
                    "warm_list",
                    "fail",
                    f'no contact list is named "{company.hubspot.warm_list}"',
                    "Correct hubspot.warm_list in company.toml, or remove it.",
                )
    yield from marketing.diagnose(client, company, local_date(settings.now(), company.zone))
    yield from _diagnose_people(client, settings, company)
    left = client.facts.requests_left_today or ""
    count = f"{int(left):,}" if left.isdecimal() else "unknown number of"
    yield Finding(SOURCE, "budget", "ok" if left else "info", f"{count} requests left today")


def _diagnose_mails(client: Client, company: Company) -> Iterator[Finding]:
    """Whether mails come with their details: a key without the scope for them gets the mails, and silently
    nothing about them."""
    asked = {"limit": 10, "properties": "hs_email_direction"}
    with contextlib.suppress(NotAvailable):  # said above
        mails = record_rows(client.get(path(company, "objects", "emails"), asked), "HubSpot emails")
        if any(mail["properties"].get("hs_email_direction") for mail in mails):
            yield Finding(SOURCE, "details of emails", "ok", "mails come with their direction")
        elif mails:
            yield Finding(SOURCE, "details of emails", "warn", WITHOUT_DIRECTION, MAIL_SCOPE)


def _diagnose_settings(known: dict[str, dict[str, dict[str, Any]]], company: Company) -> Iterator[Finding]:
    """The properties and values that company.toml names."""
    settings = company.hubspot
    for setting, name, wanted, kinds in (
        ("decision_maker_property", "contacts", settings.decision_maker_property, ()),
        ("coi_property", "contacts", settings.coi_property, ("date", "datetime")),
        ("mrr_property", "deals", settings.mrr_property, ("number",)),
    ):
        if name not in known:
            continue
        found = known[name].get(wanted)
        if found is None:
            yield Finding(
                SOURCE,
                setting,
                "fail",
                f"{name} have no property {wanted}",
                f"Correct hubspot.{setting} in company.toml; use the property's internal name.",
            )
        elif kinds and found.get("type") not in kinds:
            yield Finding(
                SOURCE,
                setting,
                "fail",
                f"the property {wanted} of {name} is of type {found.get('type')}, not {' or '.join(kinds)}",
                f"Choose another property for hubspot.{setting} in company.toml.",
            )
        else:
            yield Finding(SOURCE, setting, "ok", f"{name} have the property {wanted}")
    for setting, name, prop, wanted_values, what in (
        ("connected_outcomes", "calls", "hs_call_disposition", settings.connected_outcomes, "call outcome"),
        (
            "first_appointment_types",
            "meetings",
            "hs_activity_type",
            settings.first_appointment_types,
            "meeting type",
        ),
        ("coi_meeting_types", "meetings", "hs_activity_type", settings.coi_meeting_types, "meeting type"),
        (
            "decision_maker_values",
            "contacts",
            settings.decision_maker_property,
            settings.decision_maker_values,
            "value",
        ),
        ("renewal_deal_types", "deals", "dealtype", settings.renewal_deal_types, "deal type"),
    ):
        options = known.get(name, {}).get(prop, {}).get("options")
        if options:  # a property of free text lists no options, so nothing can be compared
            yield existing(
                SOURCE, setting, wanted_values, {str(o["value"]): str(o["label"]) for o in options}, what
            )
    stages = {
        str(o["value"]): str(o["label"])
        for o in known.get("contacts", {}).get("lifecyclestage", {}).get("options") or ()
    }
    ordered = {stage.strip().lower() for stage in settings.lifecycle_stages}
    if missing := [f"{value} ({label})" for value, label in stages.items() if value.lower() not in ordered]:
        yield Finding(
            SOURCE,
            "lifecycle_stages",
            "warn",
            f"hubspot.lifecycle_stages lacks {', '.join(missing)}: whether contacts in it are leads is"
            " unknown",
            "Add it to hubspot.lifecycle_stages in company.toml, in its place.",
        )


def _diagnose_people(client: Client, settings: Settings, company: Company) -> Iterator[Finding]:
    try:
        emails = {
            str(row.get("email", "")).lower()
            for page in paged(
                client, path(company, "owners"), {"limit": 100, "archived": "false"}, rows=results
            )
            for row in page
        }
    except NotAvailable:
        return  # said above
    yield from people_missing(SOURCE, settings, emails, "HubSpot owner")

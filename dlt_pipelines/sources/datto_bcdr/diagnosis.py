"""The doctor's checks of Datto BCDR."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dlt_pipelines.core.source import Finding
from dlt_pipelines.doctor.findings import existing, readable
from dlt_pipelines.sources.datto_bcdr.access import BLANK, SOURCE, Facts
from dlt_pipelines.sources.datto_bcdr.lists import all_devices, all_domains, assets_of, backups_of, having
from dlt_pipelines.wire.client import Client
from foundation.settings import Company, Settings


def diagnose(client: Client[Facts], settings: Settings, company: Company) -> Iterator[Finding]:
    """What the key may read, and whether the configured service plans exist."""
    devices = having(all_devices(client), "serialNumber")
    hidden = sum(1 for device in devices if device.get("hidden"))
    yield Finding(SOURCE, "devices", "ok", f"{len(devices)} devices, {hidden} of them hidden")
    wanted = company.datto_bcdr.continuity_service_plans
    plans = sorted({str(device["servicePlan"]) for device in devices if device.get("servicePlan")})
    yield existing(SOURCE, "continuity_service_plans", wanted, {plan: plan for plan in plans}, "service plan")
    if devices:
        yield readable(SOURCE, "assets", lambda: assets_of(client, devices[0]), BLANK)
    domains: list[dict[str, Any]] = []
    yield readable(
        SOURCE, "saas_domains", lambda: domains.extend(having(all_domains(client), "saasCustomerId")), BLANK
    )
    if domains:
        yield readable(
            SOURCE, "saas_backups", lambda: backups_of(client, domains[0]["saasCustomerId"]), BLANK
        )
    if client.facts.requests_left is not None:
        left = f"{client.facts.requests_left} requests left, as Datto counts them"
        yield Finding(SOURCE, "budget", "ok", left)

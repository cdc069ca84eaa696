"""The doctor's checks of Datto RMM."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dlt_pipelines.core.source import Finding
from dlt_pipelines.doctor.findings import existing, readable
from dlt_pipelines.sources.datto_rmm.access import SOURCE, request_rate
from dlt_pipelines.sources.datto_rmm.lists import listing
from dlt_pipelines.wire.client import Client
from foundation.settings import Company, Settings


def diagnose(client: Client, settings: Settings, company: Company) -> Iterator[Finding]:
    """What the key may read, whether the configured antivirus and field exist, and the account's minute."""
    way_out = (
        "Give the key's user a security level that sees devices and sites of all clients (Setup, Users)."
    )
    lists: dict[str, list[Any]] = {}

    def read(name: str) -> None:
        lists[name] = listing(client, f"/api/v2/account/{name}", name)[0]

    for name in ("devices", "sites"):
        yield readable(SOURCE, name, lambda name=name: read(name), way_out)  # type: ignore[misc]
    devices = [device for device in lists.get("devices", []) if isinstance(device, dict)]
    if devices:
        products = {str((device.get("antivirus") or {}).get("antivirusProduct")) for device in devices} - {
            "None"
        }
        yield existing(
            SOURCE,
            "hosted_antivirus",
            company.datto_rmm.hosted_antivirus,
            {name: name for name in sorted(products)},
            "antivirus product",
        )
    slot = company.datto_rmm.udf_slot
    if slot and not any((device.get("udf") or {}).get(f"udf{slot}") for device in devices):
        yield Finding(
            SOURCE,
            "udf_slot",
            "warn",
            f"datto_rmm.udf_slot is {slot}, but that field is empty on every device",
            "Correct company.toml.",
        )
    rate = request_rate(client)
    if rate:
        used, allowed = rate
        spare = used <= 0.8 * allowed
        yield Finding(
            SOURCE,
            "budget",
            "ok" if spare else "warn",
            f"{used} of {allowed} requests of the running minute are used, by all integrations",
            "" if spare else "Loads slow down for others; see which integration sends so many requests.",
        )

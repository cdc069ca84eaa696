"""Datto BCDR and SaaS Protection (Partner Portal API, v1).

GET /v1/bcdr/device                      -> raw_datto_bcdr.devices (100 a page)
GET /v1/bcdr/device/{serial}/asset       -> raw_datto_bcdr.assets: agents and shares with their last good
    backup, one call a device
GET /v1/saas/domains                     -> raw_datto_bcdr.saas_domains
GET /v1/saas/{customer}/applications     -> raw_datto_bcdr.saas_backups: what was backed up in each of the
    last days, one call a client
GET /v1/saas/{customer}/seats            -> raw_datto_bcdr.saas_seats, one call a client

Nothing can be asked for by its change, and yesterday's state can't be had again: every run reads everything
and replaces the snapshot of its local day (seats: every so many days, as company.toml says, because listing
them takes up to a minute a client). Hidden devices, paused and archived assets stay, with their flags. One
device or client that can't be read (404, no answer in time) stops no other: it gets a row without asset,
application or seat whose `error` says why, so that it does not look healthy; so does one whose answer has a
shape that nobody knows, or is empty where the device or client has something. Three in a row that do not
answer, and the run ends.

Quirks: seconds in BCDR and milliseconds in SaaS (told apart by their size), ISO texts beside them; 0 is
never; windows of the SaaS history begin at the later end; lastFullyProtectedTime is an instant or a word such
as OVER_10_DAYS_AGO; sizes come with a unit of their own; assets arrive as a list, as pages, or as an object
with keys "0", "1", applications as a page or as a list of pages; an error may come with status 200; `/saas`
answers 401 to a key that was made for one vendor, while BCDR accepts it (the three SaaS tables are then not
available).

UNCONFIRMED: numbers and units of the request limits (two requests at once, one for SaaS; 429 and 504 wait 2,
4, 8... seconds; X-API-Limit-Resets is believed when it is a small number); what `count` of a page means (only
totalPages is used); words of a backup's status other than "success" and of Google's applications (stored as
they come; good_statuses in company.toml); which devices are "continuity" (continuity_service_plans). The
account has no id: it is told by the reseller's name on its devices, or by its key while it has none.

Settings: DATTO_API_PUBLIC_KEY, DATTO_API_SECRET_KEY, DATTO_BCDR_BASE_URL, section [datto_bcdr] of
company.toml.
"""

from __future__ import annotations

import hashlib
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import dlt
import urllib3
from pydantic import Field, SecretStr

from dlt_pipelines.core.records import Fields, instant, kinds, sound, typed
from dlt_pipelines.core.run import Run, snapshot_day
from dlt_pipelines.core.source import Source, Table, replaces_same
from dlt_pipelines.doctor.findings import Finding, existing, readable
from dlt_pipelines.errors import Gone, NotAvailable, PermanentError, SourceError, TransientError, Unexpected
from dlt_pipelines.wire.budget import Budget, Limit
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.credentials import Credentials
from dlt_pipelines.wire.messages import Answer, Retry, retry_after
from dlt_pipelines.wire.paging import Complaint, entries, expect, once
from foundation.settings import Company, Settings
from foundation.settings.types import WebAddress

SOURCE = "datto_bcdr"
VENDOR_URL = "https://api.datto.com"
PAGE = 100
READ_SECONDS = 120.0
"""SaaS lists take 20 to 60 seconds."""
HISTORY_DAYS = 3
"""Days of the SaaS history that are asked for; figures over two days need two of them."""
IN_A_ROW = 3
"""So many devices or clients one after the other without an answer, and the vendor is down."""
SEAT_TYPES = "User,SharedMailbox,SharedDrive,Site,TeamSite,Team"
_UNITS = {"B": 0, "KB": 1, "MB": 2, "GB": 3, "TB": 4, "PB": 5}

FIELDS: dict[str, Fields] = {
    "devices": {
        "snapshot_date": ("snapshot_date", "date"),
        "serial_number": ("serialNumber", "text"),
        "name": ("name", "text"),
        "model": ("model", "text"),
        "client_company_name": ("clientCompanyName", "text"),
        "organization_id": ("organizationId", "bigint"),
        "organization_name": ("organizationName", "text"),
        "reseller_company_name": ("resellerCompanyName", "text"),
        "is_hidden": ("hidden", "bool"),
        "service_plan": ("servicePlan", "text"),
        "last_seen_date": ("lastSeenDate", "timestamp"),
        "registration_date": ("registrationDate", "timestamp"),
        "service_period": ("servicePeriod", "timestamp"),
        "warranty_expire": ("warrantyExpire", "timestamp"),
        "local_storage_used_bytes": ("localStorageUsed", "bigint"),
        "local_storage_available_bytes": ("localStorageAvailable", "bigint"),
        "offsite_storage_used_bytes": ("offsiteStorageUsed", "bigint"),
        "active_tickets": ("activeTickets", "bigint"),
        "agent_count": ("agentCount", "bigint"),
        "share_count": ("shareCount", "bigint"),
        "alert_count": ("alertCount", "bigint"),
        "uptime_seconds": ("uptime", "bigint"),
    },
    "assets": {
        "snapshot_date": ("snapshot_date", "date"),
        "device_serial_number": ("device_serial_number", "text"),
        "asset_key": ("asset_key", "text"),
        "asset_id": ("assetId", "bigint"),
        "volume": ("volume", "text"),
        "name": ("name", "text"),
        "asset_type": ("type", "text"),
        "operating_system": ("os", "text"),
        "is_paused": ("isPaused", "bool"),
        "is_archived": ("isArchived", "bool"),
        "never_backed_up": ("never_backed_up", "bool"),
        "last_snapshot": ("lastSnapshot", "timestamp"),
        "last_good_backup": ("last_good_backup", "timestamp"),
        "latest_offsite": ("latestOffsite", "timestamp"),
        "local_snapshots": ("localSnapshots", "bigint"),
        "last_backup": ("last_backup", "timestamp"),
        "last_backup_status": ("last_backup_status", "text"),
        "last_backup_error": ("last_backup_error", "text"),
        "local_verification_status": ("local_verification_status", "text"),
        "screenshot_status": ("screenshot_status", "text"),
        "last_screenshot_attempt": ("lastScreenshotAttempt", "timestamp"),
        "last_screenshot_succeeded": ("lastScreenshotAttemptStatus", "bool"),
        "error": ("error", "text"),
    },
    "saas_domains": {
        "snapshot_date": ("snapshot_date", "date"),
        "customer_id": ("saasCustomerId", "bigint"),
        "customer_name": ("saasCustomerName", "text"),
        "domain": ("domain", "text"),
        "organization_id": ("organizationId", "bigint"),
        "organization_name": ("organizationName", "text"),
        "product_type": ("productType", "text"),
        "external_subscription_id": ("externalSubscriptionId", "text"),
        "retention_type": ("retentionType", "text"),
        "seats_used": ("seatsUsed", "bigint"),
        "active_services": ("backupStats.activeServicesCount", "bigint"),
        "services_with_recent_backup": ("backupStats.activeServicesWithRecentBackupCount", "bigint"),
        "backup_percentage": ("backupStats.backupPercentage", "decimal"),
    },
    "saas_backups": {
        "snapshot_date": ("snapshot_date", "date"),
        "customer_id": ("customer_id", "bigint"),
        "suite_type": ("suiteType", "text"),
        "app_type": ("appType", "text"),
        "time_window": ("timeWindow", "text"),
        "window_begins": ("window_begins", "timestamp"),
        "window_ends": ("window_ends", "timestamp"),
        "status": ("status", "text"),
        "total_services": ("totalServiceCount", "bigint"),
        "active_services": ("activeServiceCount", "bigint"),
        "services_with_backup": ("activeServiceWithBackupCount", "bigint"),
        "services_with_perfect_backup": ("activeServiceWithPerfectBackupCount", "bigint"),
        "uningested_services": ("uningestedServiceCount", "bigint"),
        "last_fully_protected": ("last_fully_protected", "timestamp"),
        "last_fully_protected_word": ("last_fully_protected_word", "text"),
        "error": ("error", "text"),
    },
    "saas_seats": {
        "snapshot_date": ("snapshot_date", "date"),
        "customer_id": ("customer_id", "bigint"),
        "main_id": ("mainId", "text"),
        "name": ("name", "text"),
        "seat_type": ("seatType", "text"),
        "seat_state": ("seatState", "text"),
        "is_billable": ("billable", "bool"),
        "date_added": ("dateAdded", "timestamp"),
        "error": ("error", "text"),
    },
}
"""Table -> column -> (field on the wire or made here, type). Links into devices and pictures of screens stay
    where they are."""

KEYS = {
    "devices": ("serial_number", "snapshot_date"),
    "assets": ("device_serial_number", "snapshot_date", "asset_key"),
    "saas_domains": ("customer_id", "snapshot_date"),
    "saas_backups": ("customer_id", "snapshot_date", "suite_type", "app_type", "time_window"),
    "saas_seats": ("customer_id", "snapshot_date", "main_id"),
}
_MAY_LACK = {
    "devices": (
        "reseller_company_name",
        "organization_id",
        "organization_name",
        "offsite_storage_used_bytes",
    ),
    # rows are made of several objects, and a device without assets or a client without history has none of
    # them
    "assets": tuple(FIELDS["assets"]),
    "saas_domains": ("organization_id", "organization_name"),
    "saas_backups": tuple(FIELDS["saas_backups"]),
    "saas_seats": tuple(FIELDS["saas_seats"]),
}


class DattoCredentials(Credentials):
    """What the Partner Portal needs: a key pair made with the vendor selection left blank."""

    public_key: SecretStr = Field(alias="DATTO_API_PUBLIC_KEY")
    secret_key: SecretStr = Field(alias="DATTO_API_SECRET_KEY")
    base_url: WebAddress | None = Field(None, alias="DATTO_BCDR_BASE_URL")


WAY_OUT = (
    "Check DATTO_API_PUBLIC_KEY and DATTO_API_SECRET_KEY (Partner Portal: Admin, Integrations, API Keys)."
)
BLANK = "Make a key with the vendor selection left blank (Partner Portal: Admin, Integrations, API Keys)."


@dataclass
class Facts:
    """What is known of the connection."""

    key: str
    """A hash of the public key."""
    requests_left: str | None = None
    """As the last answer said."""


@connects(DattoCredentials, SOURCE)
def connect(access: Access[DattoCredentials]) -> Client[Facts]:
    """A client with two requests at once, one of them for SaaS."""
    public = access.credentials.public_key.get_secret_value()
    secret = access.credentials.secret_key.get_secret_value()
    signed = urllib3.make_headers(basic_auth=f"{public}:{secret}")
    access.redact.learn(signed["authorization"].partition(" ")[2])
    two = Limit(2, 0)
    facts = Facts(hashlib.sha256(public.encode()).hexdigest()[:12])
    vendor = replace(
        access.vendor("Datto BCDR", VENDOR_URL, WAY_OUT),
        headers=signed,
        budget=Budget({"": (two,), "saas": (Limit(1, 0), two)}),
        judge=partial(_judge, facts=facts),
        read_seconds=READ_SECONDS,
        patience=2.0,
    )
    return Client(vendor, facts, access.counters)


def _judge(answer: Answer, facts: Facts) -> Retry | SourceError | None:
    facts.requests_left = answer.headers.get("X-API-Limit-Remaining", facts.requests_left)
    status, text = answer.status, answer.start
    body = answer.json() if len(answer.body) < 2_000 else None
    if isinstance(body, dict) and "code" in body and "items" not in body:
        text = f"{body['code']}: {body.get('message')}"
        if status == 200:
            return _by_code(str(body["code"]).lower(), text)
    if status == 429:
        return Retry(f"too many requests: {text}", _pause(answer), everybody=True)
    if status == 504 and "/seats" in answer.path:
        # long lists of seats time out each time; five tries would take five minutes
        return TransientError(f"answers 504: {text}")
    if status == 401 and answer.path.startswith("/v1/saas"):
        return NotAvailable(f"the key may not read SaaS Protection (401): {text}. {BLANK}")
    if status == 403:
        return NotAvailable(f"the key may not read this (403): {text}. {BLANK}")
    return None


def _by_code(code: str, text: str) -> Retry | SourceError:
    """An error that comes with status 200."""
    if "notfound" in code or code == "404":
        return Gone(f"not found (404): {text}")
    if "unauthorized" in code or code == "401":
        return PermanentError(f"the credentials are not accepted: {text}. {WAY_OUT}")
    if "denied" in code or "forbidden" in code or code == "403":
        return NotAvailable(f"the key may not read this: {text}. {BLANK}")
    return Retry(f"answers with an error: {text}")


def _pause(answer: Answer) -> float | None:
    """Seconds to wait at a 429: Retry-After, or the vendor's own header when it can only be seconds."""
    asked = retry_after(answer.headers)
    resets = answer.headers.get("X-API-Limit-Resets", "")
    return float(resets) if asked is None and resets.isdigit() and int(resets) <= 120 else asked


def identify(client: Client[Facts]) -> str:
    """The account behind the credentials, so that two accounts never mix in one warehouse."""
    names = Counter(
        str(device["resellerCompanyName"]) for device in _having(all_devices(client), "resellerCompanyName")
    )
    if not names:
        return f"key {client.facts.key}"
    return f"reseller {min(names.items(), key=lambda item: (-item[1], item[0]))[0]}"


# ------------------------------------------------------------------ lists


def _items(answer: Any, what: str) -> tuple[list[Any], int]:
    """The items of an answer in any of the vendor's shapes, and the number of pages: a list, a page, a page
    whose items have the keys "0", "1", ..., or a list of pages (the published contract of /applications).

    Raises:
        Unexpected: another shape.
    """
    if isinstance(answer, list):
        if not answer or not all(isinstance(one, dict) and "pagination" in one for one in answer):
            return answer, 1
        parts = [_items(one, what) for one in answer]
        return [item for items, _ in parts for item in items], (
            max(pages for _, pages in parts) if len(parts) == 1 else 1
        )
    if (
        isinstance(answer, dict)
        and "pagination" in answer
        and all(key == "pagination" or key.isdigit() for key in answer)
    ):
        return [value for key, value in answer.items() if key.isdigit()], _page_count(answer, what)
    return expect(answer, list, what, "items"), _page_count(answer, what)


def _page_count(answer: Any, what: str) -> int:
    pagination = answer.get("pagination") if isinstance(answer, dict) else None
    if pagination is None:
        return 1
    pages = expect(answer, (int, str), what, "pagination", "totalPages")
    if not str(pages).isdigit():
        raise Unexpected(f"{what}: expected pagination.totalPages to be a whole number")
    return int(pages)


def _odd(number: int) -> Complaint:
    """What is wrong with page `number` of a list."""

    def doubt(answer: Any) -> str | None:
        pagination = answer.get("pagination") if isinstance(answer, dict) else None
        page, pages = _inner(pagination, "page"), _inner(pagination, "totalPages")
        if isinstance(page, int) and page != number:
            return f"page {page} instead of {number}"
        if page is not None and isinstance(pages, int) and number <= pages > 1 and answer.get("items") == []:
            return f"page {number} of {pages} is empty"
        return None

    return once(doubt)


def all_devices(client: Client) -> list[Any]:
    """Every device, hidden ones and those of child resellers too, each serial number once; asked for once a
    run."""
    found: dict[str, Any] = {}
    broken: list[Any] = []
    number, pages = 0, 1
    while number < pages:
        number += 1
        path = (
            f"/v1/bcdr/device?_page={number}&_perPage={PAGE}&showHiddenDevices=1&showChildResellerDevices=1"
        )
        items, pages = _items(client.get_once(path, complaint=_odd(number)), "Datto BCDR devices")
        for item in items:
            if isinstance(item, dict) and item.get("serialNumber"):
                found[str(item["serialNumber"])] = item
            else:
                broken.append(item)
    return [*found.values(), *broken]


def all_domains(client: Client) -> list[Any]:
    """Every SaaS client; asked for once a run."""
    path, what = "/v1/saas/domains", "Datto SaaS domains"
    items, pages = _items(client.get_once(path, lane="saas"), what)
    found = list(items)
    for number in range(2, pages + 1):
        found += _items(client.get_once(f"{path}?_page={number}", lane="saas", complaint=_odd(number)), what)[
            0
        ]
    return found


def _having(items: Iterable[Any], field: str) -> list[dict[str, Any]]:
    return [item for item in items if isinstance(item, dict) and item.get(field)]


def assets_of(client: Client, device: dict[str, Any]) -> list[Any]:
    """Agents and shares of a device. Asked for without paging: that gives the simplest of the three
    shapes."""
    path = f"/v1/bcdr/device/{urllib.parse.quote(str(device['serialNumber']), safe='')}/asset"
    should = _should_have(device)

    def doubt(answer: Any) -> str | None:
        return f"no asset, while the device says it has {should}" if should and answer in ([], {}) else None

    return _paged(client, path, "Datto BCDR assets", "", once(doubt))


def _should_have(device: dict[str, Any]) -> int:
    """How many assets a device says it has."""
    counts = [device.get(name) for name in ("agentCount", "shareCount")]
    return sum(count for count in counts if isinstance(count, int))


def backups_of(client: Client, customer: Any) -> list[Any]:
    """What SaaS Protection backed up for a client."""
    return _paged(
        client,
        f"/v1/saas/{customer}/applications?daysUntil={HISTORY_DAYS}",
        "Datto SaaS applications",
        "saas",
    )


def seats_of(client: Client, customer: Any) -> list[Any]:
    """Seats of a client."""
    return _paged(client, f"/v1/saas/{customer}/seats?seatType={SEAT_TYPES}", "Datto SaaS seats", "saas")


def _paged(
    client: Client, path: str, what: str, lane: str, complaint: Complaint = lambda _: None
) -> list[Any]:
    items, pages = _items(client.get(path, lane=lane, complaint=complaint), what)
    for number in range(2, pages + 1):
        more, _ = _items(
            client.get(
                f"{path}{'&' if '?' in path else '?'}_page={number}", lane=lane, complaint=_odd(number)
            ),
            what,
        )
        items += more
    return items


# ------------------------------------------------------------------ rows


def _moment(value: Any) -> Any:
    """An instant as `typed()` reads it. 0 is never; a text without a zone is UTC; anything else is left for
    `typed()` to complain about."""
    if value in (0, "0", "", None):
        return None
    if isinstance(value, str) and not value.isdigit():
        with suppress(ValueError):
            parsed = datetime.fromisoformat(value)
            return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).isoformat()
    return value


def _bytes(size: Any, warn: Callable[[str], None]) -> Any:
    """`{"size": 512, "units": "GB"}` in bytes."""
    if not isinstance(size, dict) or size.get("size") is None:
        return None
    unit = str(size.get("units", "B")).upper().replace("IB", "B")
    if unit not in _UNITS or not isinstance(size["size"], (int, float)):
        warn(f"datto_bcdr.devices: {str(size)[:80]} is no size; stored as empty")
        return None
    return round(size["size"] * 1024 ** _UNITS[unit])


def _device(run: Run, device: dict[str, Any]) -> dict[str, Any]:
    sizes = ("localStorageUsed", "localStorageAvailable", "offsiteStorageUsed")
    moments = ("lastSeenDate", "registrationDate", "servicePeriod", "warrantyExpire")
    return (
        device
        | {name: _bytes(device[name], run.warn) for name in sizes if name in device}
        | {name: _moment(device[name]) for name in moments if name in device}
    )


def _asset(run: Run, asset: dict[str, Any]) -> dict[str, Any]:
    backups = entries(asset, "Datto BCDR assets", "backups") if asset.get("backups") is not None else []
    newest = backups[0] if backups else {}
    good = [
        b.get("timestamp")
        for b in backups
        if _inner(b, "backup", "status") in run.company.datto_bcdr.good_statuses
    ]
    last = asset.get("lastSnapshot")
    moments = ("lastSnapshot", "latestOffsite", "lastScreenshotAttempt")
    return {
        **asset,
        **{name: _moment(asset.get(name)) for name in moments},
        "asset_key": str(asset.get("volume") or asset.get("assetId") or asset.get("name")),
        "never_backed_up": None if last is None else last in (0, "0"),
        # without a list of backups, a snapshot that exists is one that went well
        "last_good_backup": max((_moment(when) for when in good if when), key=_order, default=_moment(last)),
        "last_backup": _moment(newest.get("timestamp")),
        "last_backup_status": _inner(newest, "backup", "status"),
        "last_backup_error": str(_inner(newest, "backup", "errorMessage") or "")[:500] or None,
        "local_verification_status": _inner(newest, "localVerification", "status"),
        "screenshot_status": _inner(newest, "advancedVerification", "screenshotVerification", "status"),
    }


def _order(value: Any) -> datetime:
    try:
        return instant(value)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def _inner(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _windows(customer: Any, item: Any) -> Iterator[dict[str, Any]]:
    """One row per application and window of its history; an application without history has one without
    window.

    Raises:
        Unexpected: the item has another shape.
    """
    what = "Datto SaaS applications"
    if str(expect(item, dict, what).get("customerId", customer)) != str(customer):
        return
    for suite in entries(item, what, "suites"):
        for app in entries(suite, what, "appTypes"):
            last = app.get("lastFullyProtectedTime")
            word = isinstance(last, str) and not last.isdigit() and _order(last).year == 1
            row = {
                "suiteType": suite.get("suiteType"),
                "appType": app.get("appType"),
                "uningestedServiceCount": app.get("uningestedServiceCount"),
                "last_fully_protected": None if word else _moment(last),
                "last_fully_protected_word": last if word else None,
            }
            for window in (
                entries(app, what, "backupHistory") if app.get("backupHistory") is not None else []
            ) or [{}]:
                ends = sorted(
                    (_moment(window.get(name)) for name in ("startTime", "endTime") if window.get(name)),
                    key=_order,
                )
                yield {
                    **window,
                    **row,
                    "window_begins": ends[0] if ends else None,
                    "window_ends": ends[-1] if ends else None,
                }


def _seat(seat: dict[str, Any]) -> dict[str, Any]:
    billable = seat.get("billable")
    # "1", or "" (the portal's text says "0")
    return {
        **seat,
        "billable": None if billable is None else str(billable).lower() in ("1", "true"),
        "dateAdded": _moment(seat.get("dateAdded")),
    }


def _each(
    run: Run,
    what: str,
    objects: Iterable[tuple[dict[str, Any], str]],
    read: Callable[[dict[str, Any]], list[Any]],
) -> Iterator[Any]:
    """The rows of every object, and one with `error` for each that could not be read.

    Args:
        what: named in warnings, for example `assets of device`.
        objects: what their rows have in common, and the name people know.

    Raises:
        NotAvailable: the first object may not be read, so none may.
        TransientError: several in a row did not answer.
    """
    unanswered, any_read = 0, False
    for common, name in objects:
        try:
            rows = read(common)
        except (Gone, NotAvailable, TransientError, Unexpected) as error:
            unanswered = unanswered + 1 if isinstance(error, TransientError) else 0
            if unanswered >= IN_A_ROW or (isinstance(error, NotAvailable) and not any_read):
                raise
            text = str(error).removeprefix("Datto BCDR: ")
            run.warn(f"Datto BCDR: {what} {name} could not be read, the others were: {text}")
            rows = [{"error": text[:500]}]
        else:
            unanswered, any_read = 0, True
        yield from ({**row, **common} for row in rows)


def _typed(run: Run, name: str, rows: Iterable[dict[str, Any]]) -> Iterator[Any]:
    day = snapshot_day(run, name)
    dated = [row | {"snapshot_date": day} for row in rows]
    # where an object could not be read, the other columns of the key are null
    key = KEYS[name] if len(KEYS[name]) == 2 else KEYS[name][0]
    yield from typed(f"datto_bcdr.{name}", FIELDS[name], [dated], run.warn, key=key, may_lack=_MAY_LACK[name])


def _devices(run: Run) -> Iterator[Any]:
    found = sound("datto_bcdr.devices", all_devices(run.client), "serialNumber", run.warn)
    yield from _typed(run, "devices", (_device(run, device) for device in found))


def _assets(run: Run) -> Iterator[Any]:
    devices = {
        str(device["serialNumber"]): device for device in _having(all_devices(run.client), "serialNumber")
    }
    objects = [
        ({"device_serial_number": serial}, f"{serial} ({device.get('clientCompanyName')})")
        for serial, device in devices.items()
    ]

    def read(common: dict[str, Any]) -> list[Any]:
        device = devices[common["device_serial_number"]]
        assets = entries(assets_of(run.client, device), "Datto BCDR assets")
        if not assets and (should := _should_have(device)):
            raise Unexpected(f"Datto BCDR assets: no asset, while the device says it has {should}")
        return [_asset(run, asset) for asset in assets]

    yield from _typed(run, "assets", _each(run, "assets of device", objects, read))


def _domains(run: Run) -> Iterator[Any]:
    yield from _typed(
        run,
        "saas_domains",
        sound("datto_bcdr.saas_domains", all_domains(run.client), "saasCustomerId", run.warn),
    )


def _customers(run: Run) -> tuple[list[tuple[dict[str, Any], str]], dict[Any, Any]]:
    """The clients, as `_each` wants them, and how many seats each has (None: it is not told)."""
    domains = _having(all_domains(run.client), "saasCustomerId")
    objects = [
        ({"customer_id": domain["saasCustomerId"]}, str(domain.get("saasCustomerName"))) for domain in domains
    ]
    return objects, {domain["saasCustomerId"]: domain.get("seatsUsed") for domain in domains}


def _not_nothing(rows: list[Any], what: str, seats: Any) -> list[Any]:
    """The rows of a client. One with seats has something to tell: silence is not health.

    Raises:
        Unexpected: there are none, and the client has seats, or nobody knows how many.
    """
    if not rows and seats not in (0, "0"):
        raise Unexpected(
            f"{what}: nothing came for a client with {'an unknown number of' if seats is None else seats}"
            " seats"
        )
    return rows


def _backups(run: Run) -> Iterator[Any]:
    customers, seats = _customers(run)

    def read(common: dict[str, Any]) -> list[Any]:
        customer = common["customer_id"]
        rows = [row for item in backups_of(run.client, customer) for row in _windows(customer, item)]
        return _not_nothing(rows, "Datto SaaS applications", seats[customer])

    yield from _typed(run, "saas_backups", _each(run, "SaaS backups of", customers, read))


def _seats(run: Run) -> Iterator[Any]:
    every, day = run.company.datto_bcdr.seats_every_days, snapshot_day(run, "saas_seats")
    last = run.state.get("seats_read_on")
    if not every or not run.due(last, every):
        return

    customers, seats = _customers(run)

    def read(common: dict[str, Any]) -> list[Any]:
        rows = [
            _seat(seat) for seat in entries(seats_of(run.client, common["customer_id"]), "Datto SaaS seats")
        ]
        return _not_nothing(rows, "Datto SaaS seats", seats[common["customer_id"]])

    rows = list(_each(run, "SaaS seats of", customers, read))
    if not any(row.get("error") for row in rows):
        dlt.current.source_state()["seats_read_on"] = day
    yield from _typed(run, "saas_seats", rows)


def _table(
    name: str, grain: str, fetch: Callable[[Run], Iterator[Any]], newest: str | None = None
) -> Table[Run]:
    return Table(
        name,
        grain,
        KEYS[name],
        kinds(FIELDS[name]),
        fetch,
        write=replaces_same("snapshot_date"),
        whole=True,
        # where an object could not be read, the other columns of the key are null
        nullable=len(KEYS[name]) > 2,
        newest=newest,
        is_snapshot=True,
    )


TABLES = (
    _table(
        "devices",
        "One row per backup device and local day, hidden ones too.",
        _devices,
        newest="last_seen_date",
    ),
    _table(
        "assets",
        "One row per protected machine or share and local day, paused and archived ones too. asset_key null:"
        " the assets of that device could not be read that day, error says why.",
        _assets,
        newest="last_snapshot",
    ),
    _table("saas_domains", "One row per client of SaaS Protection and local day.", _domains),
    _table(
        "saas_backups",
        "One row per client, application, window of its backup history (a day, counted back from the reading)"
        " and local day of reading. Services are counted, not named. app_type null: the client could not be"
        " read that day, error says why.",
        _backups,
        newest="window_ends",
    ),
    _table(
        "saas_seats",
        "One row per seat (a user, mailbox, site or team) and local day on which seats were read. main_id"
        " null: the seats of that client could not be read that day, error says why.",
        _seats,
    ),
)


def diagnose(client: Client[Facts], settings: Settings, company: Company) -> Iterator[Finding]:
    """What the key may read, and whether the configured service plans exist."""
    devices = _having(all_devices(client), "serialNumber")
    hidden = sum(1 for device in devices if device.get("hidden"))
    yield Finding(SOURCE, "devices", "ok", f"{len(devices)} devices, {hidden} of them hidden")
    wanted = company.datto_bcdr.continuity_service_plans
    plans = sorted({str(device["servicePlan"]) for device in devices if device.get("servicePlan")})
    yield existing(SOURCE, "continuity_service_plans", wanted, {plan: plan for plan in plans}, "service plan")
    if devices:
        yield readable(SOURCE, "assets", lambda: assets_of(client, devices[0]), BLANK)
    domains: list[dict[str, Any]] = []
    yield readable(
        SOURCE, "saas_domains", lambda: domains.extend(_having(all_domains(client), "saasCustomerId")), BLANK
    )
    if domains:
        yield readable(
            SOURCE, "saas_backups", lambda: backups_of(client, domains[0]["saasCustomerId"]), BLANK
        )
    if client.facts.requests_left is not None:
        left = f"{client.facts.requests_left} requests left, as Datto counts them"
        yield Finding(SOURCE, "budget", "ok", left)


source = Source(SOURCE, DattoCredentials, TABLES, connect, identify, diagnose)

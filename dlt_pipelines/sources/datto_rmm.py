"""Datto RMM (REST, API v2).

POST /auth/oauth/token           -> an access token, good for 100 hours
GET  /api/v2/account             -> which account this is
GET  /api/v2/account/devices     -> raw_datto_rmm.devices: patch and antivirus state of every device, one
    dated snapshot a day
GET  /api/v2/account/sites       -> raw_datto_rmm.sites: one dated snapshot a day
GET  /api/v2/system/request_rate -> how much of the account's minute others have used

Nothing can be asked for by its change, and yesterday's state of a device can't be had again: every run reads
the whole lists (250 a page) and replaces the snapshot of its local day. A snapshot is only written when its
last page was reached and it holds as many rows as the vendor counts; a list that changed meanwhile is read
once more. What left the list is absent from later snapshots; suspended and deleted devices that are still
listed stay, with their flags.

Quirks: times are epoch milliseconds although the published description says ISO texts (both are read); the
last page's nextPageUrl is null or ""; nextPageUrl loses query parameters, so only its changes are taken over,
and it is followed on the configured host or not at all; the uid of the system site "Deleted Devices" is no
GUID; one item may be broken without its page being so (it is left out and named). User-defined fields hold
customers' recovery keys: none is stored, except the one slot that is configured. A 403 means no permission,
an API that is switched off, or, after too many requests, a block of the address for some minutes.

UNCONFIRMED: the region behind each platform name (the address is a setting, never guessed); body and
Retry-After of a 429 (without the header it is waited a minute); bodies of errors (quoted as text). The limit
of 600 reads a minute is shared with every other integration: half of it at most is taken, less when others
are busy. A figure that the vendor sends no more is a warning.

Settings: DATTO_RMM_URL (the API address shown beside the generated key), DATTO_RMM_API_KEY,
DATTO_RMM_API_SECRET, DATTO_RMM_BASE_URL (instead of DATTO_RMM_URL, for any host), section [datto_rmm] of
company.toml.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import urllib3
from pydantic import Field, SecretStr

from dlt_pipelines.core.api_versions import only
from dlt_pipelines.core.records import Fields, kinds, sound, typed
from dlt_pipelines.core.run import Run, snapshot_day
from dlt_pipelines.core.source import Source, Table, replaces_same
from dlt_pipelines.doctor.findings import Finding, existing, readable
from dlt_pipelines.errors import NotAvailable, PermanentError, SourceError, TransientError
from dlt_pipelines.wire.bearer import Bearer
from dlt_pipelines.wire.budget import Budget, Limit
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.credentials import Credentials
from dlt_pipelines.wire.messages import Answer, Retry, retry_after
from dlt_pipelines.wire.paging import capped, expect, once
from foundation.settings import Company, Settings
from foundation.settings.types import WebAddress

SOURCE = "datto_rmm"
HOST = re.compile(r"[a-z0-9]+-api\.centrastage\.net")
PAGE = 250
MINUTE = (600, 60.0)
"""Reads of the whole account in any minute, all keys together."""
POLITE = 300
"""The most of them that we take."""
BUSY = 50
"""With less than this left of the account's minute, others go first."""
WAIT = 60.0
"""Seconds to wait at a 429 without Retry-After: the length of the vendor's window."""

FIELDS: dict[str, Fields] = {
    "devices": {
        "snapshot_date": ("snapshot_date", "date"),
        "device_uid": ("uid", "text"),
        "device_id": ("id", "bigint"),
        "site_uid": ("siteUid", "text"),
        "site_id": ("siteId", "bigint"),
        "site_name": ("siteName", "text"),
        "hostname": ("hostname", "text"),
        "device_class": ("deviceClass", "text"),
        "category": ("deviceType.category", "text"),
        "device_type": ("deviceType.type", "text"),
        "operating_system": ("operatingSystem", "text"),
        "is_online": ("online", "bool"),
        "is_suspended": ("suspended", "bool"),
        "is_deleted": ("deleted", "bool"),
        "reboot_required": ("rebootRequired", "bool"),
        "last_seen": ("lastSeen", "timestamp"),
        "last_reboot": ("lastReboot", "timestamp"),
        "last_audit_date": ("lastAuditDate", "timestamp"),
        "creation_date": ("creationDate", "timestamp"),
        "warranty_date": ("warrantyDate", "date"),
        "antivirus_product": ("antivirus.antivirusProduct", "text"),
        "antivirus_status": ("antivirus.antivirusStatus", "text"),
        "patch_status": ("patchManagement.patchStatus", "text"),
        "patches_approved_pending": ("patchManagement.patchesApprovedPending", "bigint"),
        "patches_not_approved": ("patchManagement.patchesNotApproved", "bigint"),
        "patches_installed": ("patchManagement.patchesInstalled", "bigint"),
        "portal_url": ("portalUrl", "text"),
        "udf": ("udf", "text"),
    },
    "sites": {
        "snapshot_date": ("snapshot_date", "date"),
        "site_uid": ("uid", "text"),
        "site_id": ("id", "bigint"),
        "site_name": ("name", "text"),
        "description": ("description", "text"),
        "on_demand": ("onDemand", "bool"),
        "device_count": ("devicesStatus.numberOfDevices", "bigint"),
        "online_device_count": ("devicesStatus.numberOfOnlineDevices", "bigint"),
        "offline_device_count": ("devicesStatus.numberOfOfflineDevices", "bigint"),
        "autotask_company_id": ("autotaskCompanyId", "text"),
        "autotask_company_name": ("autotaskCompanyName", "text"),
    },
}
"""Table -> column -> (field on the wire, type). Addresses, users' names and remote-control links stay where
    they are."""

_MAY_LACK = (
    "warranty_date",
    "portal_url",
    "udf",
    "description",
    "autotask_company_id",
    "autotask_company_name",
)
_MOMENTS = ("lastSeen", "lastReboot", "lastAuditDate", "creationDate")


class DattoRmmCredentials(Credentials):
    """What Datto RMM needs: a user's API key and secret, and where the platform is (no secret, and no
    default: see the docstring)."""

    api_key: SecretStr = Field(alias="DATTO_RMM_API_KEY")
    api_secret: SecretStr = Field(alias="DATTO_RMM_API_SECRET")
    url: WebAddress | None = Field(None, alias="DATTO_RMM_URL")
    base_url: WebAddress | None = Field(None, alias="DATTO_RMM_BASE_URL")


WAY_OUT = (
    "Check DATTO_RMM_API_KEY and DATTO_RMM_API_SECRET (Datto RMM: Setup, Users, Generate API Keys), that"
    " DATTO_RMM_URL is the address shown beside them, and that API access is enabled (Setup, Global Settings,"
    " Access Control)."
)


@connects(DattoRmmCredentials, SOURCE)
def connect(access: Access[DattoRmmCredentials]) -> Client[Limit]:
    """A client that keeps to half of the account's minute, which is its `facts`. It fetches no token yet.

    Raises:
        PermanentError: DATTO_RMM_URL is missing or is not an address of Datto RMM's API.
    """
    credentials = access.credentials
    vendor = access.vendor("Datto RMM", access.address or _platform(credentials.url), WAY_OUT)
    tokens = Client(
        replace(
            vendor,
            # fixed, public values of the vendor
            headers=urllib3.make_headers(basic_auth="public-client:public"),
            judge=_token_judge,
        ),
        counters=access.counters,
    )

    def token() -> tuple[str, float]:
        fields = {
            "grant_type": "password",
            "username": credentials.api_key.get_secret_value(),
            "password": credentials.api_secret.get_secret_value(),
        }
        answer = tokens.form("/auth/oauth/token", fields)
        seconds = answer.get("expires_in") if isinstance(answer, dict) else None
        return expect(answer, str, "Datto RMM token", "access_token"), float(seconds or 3600)

    minute = Limit(POLITE, MINUTE[1])
    vendor = replace(
        vendor, auth=Bearer(token, access.redact), budget=Budget({"": (minute,)}), judge=_Judge()
    )
    return Client(vendor, minute, access.counters)


def _platform(url: str | None) -> str:
    """The API's address of a platform; people copy it with `/api` or without."""
    if not url:
        raise PermanentError(
            "DATTO_RMM_URL not set. It is the API address shown beside the generated key, such as"
            " https://pinotage-api.centrastage.net."
        )
    parts = urllib.parse.urlsplit(url.strip())
    if parts.scheme != "https" or parts.username or parts.port or not HOST.fullmatch(parts.hostname or ""):
        raise PermanentError(
            f"DATTO_RMM_URL names {parts.hostname or 'no host'}, which is not Datto RMM's API"
            " (https://<platform>-api.centrastage.net); nothing is sent there. The right address is shown"
            " beside the generated key."
        )
    return f"https://{parts.hostname}"


def _token_judge(answer: Answer) -> Retry | SourceError | None:
    if answer.status == 400:
        # OAuth allows 400 as well as 401 for a wrong key
        return PermanentError(f"the credentials are not accepted (400): {answer.start}. {WAY_OUT}")
    return None


class _Judge:
    """Reads the vendor's refusals; a 403 that follows on a 429 is a block of the address."""

    def __init__(self) -> None:
        self._limited = False

    def __call__(self, answer: Answer) -> Retry | SourceError | None:
        if answer.status == 429:
            self._limited = True
            asked = retry_after(answer.headers)
            return Retry(
                "the account's requests for this minute are used up",
                WAIT if asked is None else asked,
                everybody=True,
            )
        if answer.status == 403 and self._limited:
            return TransientError(
                "403 after too many requests: Datto has probably blocked this address for some minutes. Run"
                " it again later."
            )
        if answer.status == 403:
            return NotAvailable(
                f"the key may not read this (403): {answer.start}. The key's user needs access to devices and"
                " sites, API access must be enabled, and after too many requests Datto blocks an address for"
                " some minutes."
            )
        return None


def identify(client: Client) -> str:
    """The account behind the credentials, so that two accounts never mix in one warehouse."""
    return f"account {expect(client.get_once('/api/v2/account'), str, 'Datto RMM account', 'uid')}"


def begin(run: Run) -> None:
    """Before the first row: take no more of the account's minute than others leave."""
    found = _rate(run.client)
    if found is None:
        return
    used, allowed = found
    left = int(0.9 * allowed) - used  # from 90 % on the service slows every caller down
    if left < BUSY:
        run.client.budget.pause(MINUTE[1])
        left = allowed // 4
    run.client.facts.most = max(1, min(POLITE, left))


def _rate(client: Client) -> tuple[int, int] | None:
    """(reads of the account in the last minute, reads allowed); None when the vendor does not say."""
    try:
        facts = client.get("/api/v2/system/request_rate")
        what = "Datto RMM request rate"
        return expect(facts, int, what, "accountCount"), expect(facts, int, what, "accountRateLimit")
    except PermanentError:
        return None


def pages(client: Client, path: str, key: str) -> Iterator[tuple[list[Any], dict[str, Any]]]:
    """Pages of a list: items and page details. The first one is asked for without a number, so whether pages
    count from 0 does not matter."""
    what = f"Datto RMM {key}"

    def walk() -> Iterator[tuple[list[Any], dict[str, Any]]]:
        params: dict[str, str] = {"max": str(PAGE)}
        seen = [params]
        while True:
            answer = client.get(path, params, complaint=once(partial(_incomplete, key=key, asked=params)))
            items = expect(answer, list, what, key)
            details = answer.get("pageDetails") or {}
            yield items, details
            following = details.get("nextPageUrl")
            if not following:
                return
            _check_host(following, client.vendor.base_url)
            params = params | _query(following)
            if params in seen:
                raise PermanentError(
                    f"{what}: nextPageUrl leads back to a page that was read; the vendor's paging seems stuck"
                )
            seen.append(params)

    yield from capped(walk(), 10_000, what)


def _query(url: str) -> dict[str, str]:
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))


def _check_host(url: str, base_url: str) -> None:
    there, ours = (urllib.parse.urlsplit(address) for address in (url, base_url))
    if (there.scheme, there.hostname, there.port or 443) != (ours.scheme, ours.hostname, ours.port or 443):
        raise PermanentError(
            f"Datto RMM: nextPageUrl names {there.scheme}://{there.hostname}, not"
            f" {ours.scheme}://{ours.hostname}; nothing is sent there"
        )


def _incomplete(answer: Any, key: str, asked: dict[str, str]) -> str | None:
    """What is wrong with a page that contradicts itself."""
    items, details = (
        (answer.get(key), answer.get("pageDetails")) if isinstance(answer, dict) else (None, None)
    )
    if not isinstance(items, list) or not isinstance(details, dict):
        return None
    if isinstance(details.get("count"), int) and details["count"] != len(items):
        return f"a page of {len(items)} rows that says it has {details['count']}"
    if (
        details.get("nextPageUrl")
        and "page" in asked
        and _query(details["nextPageUrl"]).get("page") == asked["page"]
    ):
        return "the page before once more"
    return None


def listing(client: Client, path: str, key: str) -> tuple[list[Any], int]:
    """All items of a list, each uid once, and how many the vendor counts that did not come.

    Rows that are added or removed meanwhile move others over the edge of a page: a list that lacks rows is
    read once more.
    """
    found: dict[str, Any] = {}
    for _ in range(2):
        broken: list[Any] = []
        total = 0
        for items, details in pages(client, path, key):
            for item in items:
                if isinstance(item, dict) and item.get("uid"):
                    found[str(item["uid"])] = item
                else:
                    broken.append(item)
            total = details["totalCount"] if isinstance(details.get("totalCount"), int) else 0
        lacking = max(0, total - len(found) - len(broken))
        if not lacking:
            break
    return [*found.values(), *broken], lacking


def _snapshot(run: Run, name: str) -> Iterator[Any]:
    items, lacking = listing(run.client, f"/api/v2/account/{name}", name)
    if lacking:
        text = f"datto_rmm.{name}: {lacking} of {len(items) + lacking} rows did not come, in two tries"
        run.warn(f"{text}; the list keeps changing", lacks=name)
    day = snapshot_day(run, name)
    slot = run.company.datto_rmm.udf_slot
    rows = [
        _row(item, day, f"udf{slot}" if slot else None)
        for item in sound(f"datto_rmm.{name}", items, "uid", run.warn)
    ]
    yield from typed(
        f"datto_rmm.{name}",
        FIELDS[name],
        [rows],
        run.warn,
        key=(f"{name[:-1]}_uid", "snapshot_date"),
        may_lack=_MAY_LACK,
    )


def _row(item: dict[str, Any], day: str, slot: str | None) -> dict[str, Any]:
    fields = item.get("udf")
    kept = fields.get(slot) if slot and isinstance(fields, dict) else None
    # 0: it never happened
    moments = {name: None for name in _MOMENTS if item.get(name) == 0}
    return {**item, **moments, "udf": kept, "snapshot_date": day}


def _table(name: str, grain: str, newest: str | None = None) -> Table[Run]:
    def fetch(run: Run) -> Iterator[Any]:
        return _snapshot(run, name)

    return Table(
        name,
        grain,
        ("snapshot_date", f"{name[:-1]}_uid"),
        kinds(FIELDS[name]),
        fetch,
        write=replaces_same("snapshot_date"),
        whole=True,
        newest=newest,
        is_snapshot=True,
    )


TABLES = (
    _table(
        "devices",
        "One row per device and local day, suspended and deleted ones that are still listed too. Patch counts"
        " are null where unknown (no policy, no data, no Windows); offline machines keep their last ones, see"
        " last_seen.",
        newest="last_seen",
    ),
    _table(
        "sites",
        'One row per site (a client) and local day, the system site "Deleted Devices" too; linked with a'
        " company of Autotask.",
    ),
)


def totals(run: Run) -> Iterator[tuple[str, int]]:
    """How many devices are listed now, suspended and deleted ones too: the newest snapshot should hold as
    many."""
    if "devices" not in run.unavailable:
        answer = run.client.get("/api/v2/account/devices", {"max": "1"})
        yield "devices", expect(answer, int, "Datto RMM devices", "pageDetails", "totalCount")


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
    rate = _rate(client)
    if rate:
        used, allowed = rate
        spare = used <= 0.8 * allowed
        yield Finding(
            SOURCE,
            "budget",
            "ok" if spare else "warn",
            f"{used} of {allowed} requests of the running minute are used, by all integrations",
            "" if spare else "Loads slow down for others; see which integration asks so much.",
        )


source = Source(
    SOURCE,
    DattoRmmCredentials,
    TABLES,
    connect,
    identify,
    diagnose,
    begin=begin,
    totals=totals,
    versions=only("v2"),
)

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

from collections.abc import Iterator
from typing import Any

from dlt_pipelines.core.api_versions import only
from dlt_pipelines.core.records import kinds, sound, typed
from dlt_pipelines.core.run import Run, snapshot_day
from dlt_pipelines.core.source import Source, Table, replaces_same
from dlt_pipelines.sources.datto_rmm.access import SOURCE, DattoRmmCredentials, begin, connect, identify
from dlt_pipelines.sources.datto_rmm.diagnosis import diagnose
from dlt_pipelines.sources.datto_rmm.fields import FIELDS, MAY_LACK
from dlt_pipelines.sources.datto_rmm.lists import listing
from dlt_pipelines.wire.paging import expect

_MOMENTS = ("lastSeen", "lastReboot", "lastAuditDate", "creationDate")


def _snapshot(run: Run, name: str) -> Iterator[Any]:
    items, lacking = listing(run.client, f"/api/v2/account/{name}", name)
    if lacking:
        text = f"datto_rmm.{name}: {lacking} of {len(items) + lacking} rows are missing after two tries"
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
        may_lack=MAY_LACK,
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

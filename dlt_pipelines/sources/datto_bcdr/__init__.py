"""Datto BCDR and SaaS Protection (Partner Portal API, v1).

GET /v1/bcdr/device                      -> raw_datto_bcdr.devices (100 a page)
GET /v1/bcdr/device/{serial}/asset       -> raw_datto_bcdr.assets: agents and shares with their last good
    backup, one call a device
GET /v1/saas/domains                     -> raw_datto_bcdr.saas_domains
GET /v1/saas/{customer}/applications     -> raw_datto_bcdr.saas_backups: what was backed up in each of the
    last days, one call a client
GET /v1/saas/{customer}/seats            -> raw_datto_bcdr.saas_seats, one call a client

Nothing can be asked for by its change, and yesterday's state can't be had again: every run reads everything
and replaces the snapshot of its local day (seats: every few days, as company.toml says, because listing them
takes up to a minute a client). Hidden devices, paused and archived assets stay, with their flags. One device
or client that can't be read (404, no answer in time) stops no other: it gets a row without asset, application
or seat whose `error` says why, so that it does not look healthy; so does one whose answer has a shape that
nobody knows, or is empty where the device or client has something. Three in a row that do not answer, and the
run ends.

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

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import dlt

from dlt_pipelines.core.api_versions import only
from dlt_pipelines.core.records import kinds, sound, typed
from dlt_pipelines.core.run import Run, snapshot_day
from dlt_pipelines.core.source import Source, Table, replaces_same
from dlt_pipelines.errors import Gone, NotAvailable, SourceError, TransientError, Unexpected
from dlt_pipelines.sources.datto_bcdr.access import SOURCE, DattoCredentials, connect, identify
from dlt_pipelines.sources.datto_bcdr.diagnosis import diagnose
from dlt_pipelines.sources.datto_bcdr.fields import FIELDS, KEYS, MAY_LACK
from dlt_pipelines.sources.datto_bcdr.lists import (
    all_devices,
    all_domains,
    assets_of,
    assets_said,
    backups_of,
    having,
    seats_of,
)
from dlt_pipelines.sources.datto_bcdr.rows import asset_row, device_row, seat_row, window_rows
from dlt_pipelines.wire.paging import entries

IN_A_ROW = 3
"""So many devices or clients one after the other without an answer, and the vendor is down."""


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
        NotAvailable: the first object may not be read, so none may; or none could be read.
        TransientError: several in a row did not answer, or none did.
    """
    unanswered, any_read = 0, False
    failed: dict[str, SourceError] = {}
    for common, name in objects:
        try:
            rows = read(common)
        except (Gone, NotAvailable, TransientError, Unexpected) as error:
            unanswered = unanswered + 1 if isinstance(error, TransientError) else 0
            if unanswered >= IN_A_ROW or (isinstance(error, NotAvailable) and not any_read):
                raise
            failed[name] = error
            rows = [{"error": _said(error)[:500]}]
        else:
            unanswered, any_read = 0, True
        yield from ({**row, **common} for row in rows)
    if failed and not any_read:
        # nothing is known of this day; yesterday's rows stay what they are
        name, first = next(iter(failed.items()))
        kind = TransientError if isinstance(first, TransientError) else NotAvailable
        more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
        raise kind(f"{what} {name}{more} could not be read: {_said(first)}")
    others = ", the others were" if len(failed) == 1 else ""
    for name, why in failed.items():
        run.warn(f"Datto BCDR: {what} {name} could not be read{others}: {_said(why)}")


def _said(error: SourceError) -> str:
    return str(error).removeprefix("Datto BCDR: ")


def _typed(run: Run, name: str, rows: Iterable[dict[str, Any]]) -> Iterator[Any]:
    day = snapshot_day(run, name)
    dated = [row | {"snapshot_date": day} for row in rows]
    # where an object could not be read, the other columns of the key are null
    key = KEYS[name] if len(KEYS[name]) == 2 else KEYS[name][0]
    yield from typed(f"datto_bcdr.{name}", FIELDS[name], [dated], run.warn, key=key, may_lack=MAY_LACK[name])


def _devices(run: Run) -> Iterator[Any]:
    found = sound("datto_bcdr.devices", all_devices(run.client), "serialNumber", run.warn)
    yield from _typed(run, "devices", (device_row(run, device) for device in found))


def _assets(run: Run) -> Iterator[Any]:
    devices = {
        str(device["serialNumber"]): device for device in having(all_devices(run.client), "serialNumber")
    }
    objects = [
        ({"device_serial_number": serial}, f"{serial} ({device.get('clientCompanyName')})")
        for serial, device in devices.items()
    ]

    def read(common: dict[str, Any]) -> list[Any]:
        device = devices[common["device_serial_number"]]
        assets = entries(assets_of(run.client, device), "Datto BCDR assets")
        if not assets and (should := assets_said(device)):
            raise Unexpected(f"Datto BCDR assets: no asset, while the device says it has {should}")
        return [asset_row(run, asset) for asset in assets]

    yield from _typed(run, "assets", _each(run, "assets of device", objects, read))


def _domains(run: Run) -> Iterator[Any]:
    yield from _typed(
        run,
        "saas_domains",
        sound("datto_bcdr.saas_domains", all_domains(run.client), "saasCustomerId", run.warn),
    )


def _customers(run: Run) -> tuple[list[tuple[dict[str, Any], str]], dict[Any, Any]]:
    """The clients, as `_each` wants them, and how many seats each has (None: it is not told)."""
    domains = having(all_domains(run.client), "saasCustomerId")
    objects = [
        ({"customer_id": domain["saasCustomerId"]}, str(domain.get("saasCustomerName"))) for domain in domains
    ]
    return objects, {domain["saasCustomerId"]: domain.get("seatsUsed") for domain in domains}


def _not_nothing(rows: list[Any], what: str, seats: Any) -> list[Any]:
    """Return the rows of a client. No rows of a client with seats are unknown, not healthy.

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
        rows = [row for item in backups_of(run.client, customer) for row in window_rows(customer, item)]
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
            seat_row(seat)
            for seat in entries(seats_of(run.client, common["customer_id"]), "Datto SaaS seats")
        ]
        return _not_nothing(rows, "Datto SaaS seats", seats[common["customer_id"]])

    rows = list(_each(run, "SaaS seats of", customers, read))
    if rows and not any(row.get("error") for row in rows):
        dlt.current.source_state()["seats_read_on"] = day
    yield from _typed(run, "saas_seats", rows)


def _table(
    name: str, grain: str, fetch: Callable[[Run], Iterator[Any]], newest: str | None = None, **more: Any
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
        **more,
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
        may_be_empty=True,  # on the days on which seats are not due
    ),
)

source = Source(SOURCE, DattoCredentials, TABLES, connect, identify, diagnose, versions=only("v1"))

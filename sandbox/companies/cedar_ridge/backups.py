"""The clients' backups: a Datto appliance at most clients with its agents and shares, and SaaS Protection of
their mailboxes.

Backups run every hour or every day and mostly work; now and then an asset fails for some days, rarely for
weeks. Some assets are paused, replaced machines are archived, an appliance that was replaced stays in the
list as hidden. Servers are called as in Datto RMM.
"""

from __future__ import annotations

import random
from datetime import date
from typing import Any

from sandbox.companies import names
from sandbox.companies.base import DAY, DEMO_CLOCK, FIRST_MONDAY, HOUR, LAST_MONDAY, Book, at, season, vanish
from sandbox.companies.cedar_ridge.directory import slug
from sandbox.companies.cedar_ridge.machines import LEAVER, LEFT, ClientFirm, client_firms, server_names
from sandbox.engine.formats import bcdr_time
from sandbox.engine.store import from_ms

RESELLER = "Cedar Ridge IT"
PLANS = ("Infinite Cloud", "Time-Based Retention 1 Year", "Private")
_ERRORS = (
    "The agent could not be reached.",
    "VSS writer timed out.",
    "Not enough free space on the local volume.",
    'Snapshot failed: "C:" is in use.',
)
_START, _END = at(FIRST_MONDAY, 0), at(LAST_MONDAY, 0) + 7 * DAY
_LASTS = (0.3, 0.6, 1.0, 1.4, 1.8, 2.4, 3.0, 3.6, 4.5, 6.0, 9.0, 16.0)
"""Days that a trouble lasts; each is as likely."""


def write(book: Book) -> None:
    """All appliances, assets and SaaS customers."""
    for client in client_firms(book):
        rng = book.rng("backups", client.number)
        if client.number % 16 != 7:
            _appliances(book, rng, client)
        if client.number % 9 != 4:
            _saas(book, rng, client)


# ------------------------------------------------------------------ BCDR


def _appliances(book: Book, rng: random.Random, client: ClientFirm) -> None:
    main = _appliance(book, rng, client, "siris", client.since + 20 * DAY)
    servers = server_names(book, client)
    protected = servers + [
        f"{client.short}-DT-{number:02d}" for number in range(1, 1 + rng.choice((0, 1, 1, 2, 3)))
    ]
    for name in protected or [f"{client.short}-DT-01"]:
        _asset(book, rng, client, main, name, "agent")
    for number in range(rng.choice((0, 0, 1, 2))):
        _asset(book, rng, client, main, f"{client.short}-NAS/share {number + 1}", "share")
    if client.number < 7:
        _asset(book, rng, client, main, f'{client.short}-NAS/R&D "old"', "share")
    if rng.random() < 0.25:
        second = _appliance(book, rng, client, "alto", client.since + 40 * DAY)
        _asset(book, rng, client, second, f"{client.short}-BRANCH", "agent")
    if rng.random() < 0.7:
        # the one that was replaced, and the machine it last protected
        old = _appliance(book, rng, client, "old", client.since + 10 * DAY, hidden=True)
        _asset(book, rng, client, old, f"{client.short}-OLD-DC", "agent", archived=True)


def _appliance(
    book: Book, rng: random.Random, client: ClientFirm, kind: str, since: int, *, hidden: bool = False
) -> str:
    serial = f"{rng.getrandbits(48):012X}"
    begun = from_ms(since)
    ends = begun.replace(year=begun.year + 3)
    used = rng.randrange(200, 6_000)
    props: dict[str, Any] = {
        "name": f"{client.short.lower()}-{kind}" if client.number != 33 or not hidden else "backupDevice",
        "model": {"siris": "S5-X", "alto": "ALTO 4", "old": "S3-P"}[kind] if client.number % 20 else "CLDSIRIS",
        "organizationId": 4_400 + client.number if client.number % 13 else None,
        "organizationName": client.name if client.number % 13 else None,
        "clientCompanyName": client.name,
        "resellerCompanyName": RESELLER,
        "hidden": hidden,
        "servicePlan": PLANS[(client.number * 7 + len(kind)) % 11 % 3],
        "registrationDate": bcdr_time(since),
        "servicePeriod": ends.isoformat(),
        "warrantyExpire": ends.isoformat() if client.number % 5 else "",
        # the unit differs from row to row
        "localStorageUsed": {"size": used, "units": "GB"} if used < 4_000 else {"size": used // 1024, "units": "TB"},
        "localStorageAvailable": {"size": 3, "units": "TB"},
        "offsiteStorageUsed": {"size": used * 1024, "units": "MB"},
        "internalIP": f"10.{client.number}.0.9",
        "activeTickets": 0,
    }  # fmt: skip
    if hidden:
        props["silent_since"] = since + 30 * DAY
    book.store.add("datto_bcdr.devices", serial, since, props)
    if client.number == LEAVER:
        vanish(book, "datto_bcdr.devices", serial, LEFT + 14 * DAY)
    return serial


def _asset(
    book: Book,
    rng: random.Random,
    client: ClientFirm,
    device: str,
    name: str,
    kind: str,
    *,
    archived: bool = False,
) -> None:
    asset = book.new_id("datto_bcdr.assets", 9_001)
    since = client.since + round(rng.uniform(20, 60) * DAY)
    if rng.random() < 0.12:
        since = round(rng.uniform(_START, _END))  # protected later
    props: dict[str, Any] = {
        "device": device,
        "name": name,
        # a share of an old appliance has no volume
        "volume": f"{rng.getrandbits(128):032x}" if kind == "agent" or asset % 3 else None,
        "type": kind,
        "os": None if kind == "share" else "Windows 11 Pro" if "-DT-" in name else "Windows Server 2022",
        "fqdn": None,
        "localIp": f"10.{client.number}.0.{asset % 250}",
        "isPaused": False,
        "isArchived": archived,
        "since": since + (3 * DAY if rng.random() < 0.3 else 0),
        "interval": 1 if kind == "agent" else 24,
        "troubles": _troubles(rng, since, _END, 140, [rng.choice(_ERRORS)]),
    }
    if archived:
        props["stopped_at"] = since + 30 * DAY
    book.store.add("datto_bcdr.assets", asset, since, props)
    chance = rng.random()
    if not archived and chance < 0.03:
        when = round(rng.uniform(since, _END))
        book.store.change("datto_bcdr.assets", asset, when, {"isArchived": True, "stopped_at": when})
    elif not archived and chance < 0.09:
        when = round(rng.uniform(since, max(since, DEMO_CLOCK) + 200 * DAY))
        book.store.change("datto_bcdr.assets", asset, when, {"isPaused": True, "stopped_at": when})
        if chance < 0.07:
            again = when + round(rng.uniform(3, 60) * DAY)
            book.store.change("datto_bcdr.assets", asset, again, {"isPaused": False, "stopped_at": None})


def _troubles(
    rng: random.Random, begins: int, ends: int, days_between: float, what: list[Any]
) -> list[list[Any]]:
    """Spans of failure, more of them in busy weeks."""
    found: list[list[Any]] = []
    when = begins
    while True:
        when += round(rng.expovariate(1 / days_between) * DAY)
        if when >= ends:
            return found
        day = from_ms(when).date()
        if rng.random() < season(date.fromordinal(day.toordinal() - day.weekday())):
            over = when + round(_LASTS[int(rng.random() * len(_LASTS))] * rng.uniform(0.7, 1.3) * DAY)
            found.append([when, over, *what])
            when = over + HOUR


# ------------------------------------------------------------------ SaaS


def _saas(book: Book, rng: random.Random, client: ClientFirm) -> None:
    google = client.number % 14 == 9
    users = min(60, max(4, round(rng.lognormvariate(2.6, 0.6))))
    if google:
        services = {"GoogleAppsMail": users, "GoogleAppsDrive": users}
    else:
        services = {
            "Office365Exchange": users + 2,
            "Office365OneDrive": users,
            "Office365SharePoint": rng.randrange(1, 12),
            "Office365Teams": rng.randrange(1, 9),
        }
    customer, since = 5_501 + client.number, client.since + 15 * DAY
    troubles = []
    for app, active in services.items():
        for trouble in _troubles(rng, since, _END, 260, [app]):
            troubles.append([*trouble, 1 if rng.random() < 0.8 else min(active, rng.randrange(2, 6))])
    props = {
        "saasCustomerName": client.name,
        "domain": slug(client.name),
        "organizationId": 4_400 + client.number if client.number % 13 else None,
        "organizationName": client.name if client.number % 13 else None,
        "productType": "GoogleApps" if google else "Office365",
        "externalSubscriptionId": (
            f"Classic:{'GoogleApps' if google else 'Office365'}:{71_000 + client.number}"
        ),
        "retentionType": "ICR" if client.number % 3 else "TBR",
        "seatsUsed": users,
        "services": services,
        "troubles": troubles,
    }
    book.store.add("datto_bcdr.customers", customer, since, props)
    if client.number == LEAVER:
        vanish(book, "datto_bcdr.customers", customer, LEFT + 14 * DAY)
    for number in range(users):
        seat = book.new_id("datto_bcdr.seats", 20_001)
        first, last = rng.choice(names.FIRST), rng.choice(names.LAST)
        kind = (
            "User" if number < users - 1 or number < 5 else rng.choice(("SharedMailbox", "Site", "TeamSite"))
        )
        joined = since if rng.random() < 0.8 else round(rng.uniform(since, _END))
        seat_props = {
            "customer": customer,
            "mainId": f"{first}.{last}{number}@{slug(client.name)}".lower(),
            "name": f"{names.UNUSUAL_NAMES[number % 7] if seat % 331 == 0 else first} {last}",
            "seatType": kind,
            "seatState": rng.choices(("Active", "Paused", "Unprotected"), (95, 2, 3))[0],
            "billable": "1" if kind == "User" else "",
            "dateAdded": bcdr_time(joined),
            "remoteId": f"canary-remote-id-{seat}",
        }
        book.store.add("datto_bcdr.seats", seat, joined, seat_props)
        if rng.random() < 0.12:
            left = round(rng.uniform(joined, _END))
            book.store.change("datto_bcdr.seats", seat, left, {"seatState": "Archived", "billable": ""})

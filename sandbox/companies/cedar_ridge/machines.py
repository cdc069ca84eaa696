"""The clients' machines in Datto RMM: one site per client of Autotask, its workstations, servers, printers
and switches.

Most are patched within two weeks of the vendor's patch day and run the hosted antivirus; a few lag, are
switched off for weeks or lose their antivirus for a while. Windows 10 gives way to Windows 11, mostly around
its end in October 2025. Machines are replaced; what is taken away stays in the list for a month as deleted.
One client leaves after the demo's clock.
"""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sandbox.companies import names
from sandbox.companies.base import DAY, FIRST_MONDAY, HOUR, LAST_MONDAY, Book, at, vanish
from sandbox.engine.store import GONE, Version, from_ms, parse_ms

DELETED_SITE = (1, "deleted-devices-site", "Deleted Devices")
"""Id, uid (no GUID) and name of the system site."""
LEAVER, LEFT = 57, at(date(2026, 3, 31), 18)
"""Number of the client that leaves, and when."""
HOSTED = "Datto AV"
RECOVERY_KEY = "canary-recovery-key-571032"
"""What the technicians keep in a user-defined field, and nobody may store."""

_START, _END = at(FIRST_MONDAY, 0), at(LAST_MONDAY + timedelta(days=7), 0)
_PATCH_DAYS = [
    at(first + timedelta(days=(1 - first.weekday()) % 7 + 7), 13)
    for first in (date(2024 + month // 12, month % 12 + 1, 1) for month in range(5, 36))
]
"""The second Tuesday of every month, at noon or so."""
_WIN_10, _WIN_11 = "10.0.19045", ("10.0.22631", "10.0.26100")
_SERVERS = (
    "2016 Standard 10.0.14393",
    "2019 Standard 10.0.17763",
    "2022 Standard 10.0.20348",
    "2022 Datacenter 10.0.20348",
)
_MODELS = {
    "Laptop": ("Dell Latitude 5440", "ThinkPad T14", "HP EliteBook 840"),
    "Desktop": ("Dell OptiPlex 7010", "HP ProDesk 400"),
}

Change = tuple[int, dict[str, Any]]


@dataclass(frozen=True)
class ClientFirm:
    """A client as Autotask has it; `number` counts from 0."""

    number: int
    id: int
    name: str
    since: int

    @property
    def short(self) -> str:
        """The prefix of its machines' names: `ALDE`."""
        return "".join(letter for letter in self.name.upper() if letter.isalpha())[:4] + f"{self.number:02d}"


def client_firms(book: Book) -> list[ClientFirm]:
    """The clients of Autotask, in the order of their ids."""
    rows = sorted(
        (key, versions[0].props) for key, versions in book.store.tables["autotask.companies"].items()
    )
    clients = [(key, props) for key, props in rows if props.get("companyType") == 1 and key > 0]
    return [
        ClientFirm(number, key, props["companyName"], parse_ms(props["createDate"]))
        for number, (key, props) in enumerate(clients)
    ]


def server_names(book: Book, client: ClientFirm) -> list[str]:
    """The servers of a client, the same in Datto RMM and in its backups."""
    count = book.rng("servers", client.number).choices((0, 1, 2, 3, 5), (16, 38, 26, 14, 6))[0]
    return [f"{client.short}-{role}" for role in ("DC1", "FS1", "SQL1", "APP1", "RDS1")[:count]]


def write(book: Book) -> None:
    """All sites and machines."""
    clients = client_firms(book)
    store, rng = book.store, book.rng("sites")
    store.add("datto_rmm.sites", DELETED_SITE[0], _START, _site(rng, DELETED_SITE[1], DELETED_SITE[2], None))
    for client in clients:
        site = 31 + client.number
        store.add("datto_rmm.sites", site, client.since + DAY, _site(rng, _guid(rng), client.name, client))
        if client.number == LEAVER:
            vanish(book, "datto_rmm.sites", site, LEFT + DAY)
        _Fleet(book, client, store.tables["datto_rmm.sites"][site][0].props["uid"]).write()


def _site(rng: random.Random, uid: str, name: str, client: ClientFirm | None) -> dict[str, Any]:
    linked = client is not None and client.number % 21 != 20
    return {
        "uid": uid,
        "accountUid": "cedar7f0a4",
        "name": name,
        "description": (
            names.UNUSUAL_TEXTS[client.number]
            if client and client.number < len(names.UNUSUAL_TEXTS)
            else None
        ),
        "notes": None,
        "onDemand": False,
        "splashtopAutoInstall": True,
        "autotaskCompanyId": str(client.id) if client and linked else None,
        "autotaskCompanyName": name if linked else None,
        "portalUrl": "https://sandbox.rmm.example/site",
    }


def _guid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


class _Fleet:
    """The machines of one client."""

    def __init__(self, book: Book, client: ClientFirm, site_uid: str) -> None:
        self.book, self.client, self.rng = book, client, book.rng("machines", client.number)
        self.home = {"siteId": 31 + client.number, "siteUid": site_uid, "siteName": client.name}
        self.ends = LEFT if client.number == LEAVER else _END
        # a site is offered the patches of a month at once, and installs at night
        self.offered = [day + round(self.rng.random() * 0.9 * DAY) for day in _PATCH_DAYS]
        self.window = round(self.rng.uniform(8, 14) * HOUR)

    def write(self) -> None:
        rng, short = self.rng, self.client.short
        for name in server_names(self.book, self.client):
            system = f"Microsoft Windows Server {rng.choice(_SERVERS)}"
            self.machine(
                name, "Server", "VMware Virtual Platform", system, self.client.since + DAY, self.ends
            )
        seats = min(70, max(5, round(rng.lognormvariate(2.75, 0.6))))
        for number in range(seats):
            # a seat is a place at which machines follow one another
            category = "Laptop" if rng.random() < 0.6 else "Desktop"
            begins, generation = self.client.since + DAY + number * 977_000, 0
            if rng.random() < 0.12:
                begins = round(rng.uniform(_START, _END))  # someone new
            while begins < self.ends:
                lasts = round(rng.expovariate(1 / 1_500) * DAY) + 60 * DAY
                old = generation == 0 and begins < _START + 30 * DAY
                name = f"{short}-{category[0]}T-{number + 1:02d}" + (
                    "" if generation == 0 else f"-{generation + 1}"
                )
                self.machine(
                    name,
                    category,
                    rng.choice(_MODELS[category]),
                    self.workplace(old),
                    begins,
                    min(begins + lasts, self.ends),
                )
                begins, generation = begins + lasts - 3 * DAY, generation + 1
        for name, kind, model in (
            ("SW1", "rmmnetworkdevice", "UniFi Switch 24"),
            ("PRN1", "printer", "HP LaserJet M404"),
            ("ESX1", "esxihost", "ESXi 8"),
        ):
            if rng.random() < (0.3 if kind == "esxihost" else 0.8):
                self.machine(f"{short}-{name}", {"esxihost": "ESXi Host", "printer": "Printer"}.get(kind, "Network Device"), model, None,
                             self.client.since + DAY, self.ends, kind)  # fmt: skip

    def workplace(self, old: bool) -> str:
        chance = self.rng.random()
        if old and chance < 0.008:
            return "Microsoft Windows 7 Professional 6.1.7601"
        if chance < 0.03:
            return "macOS 14.5.0 Sonoma"
        return (
            f"Microsoft Windows 10 Pro {_WIN_10}"
            if old and chance < 0.75
            else f"Microsoft Windows 11 Pro {self.rng.choice(_WIN_11)}"
        )

    def machine(
        self,
        name: str,
        category: str,
        model: str,
        system: str | None,
        begins: int,
        ends: int,
        kind: str = "device",
    ) -> None:
        """One machine from its first to its last day."""
        rng, store = self.rng, self.book.store
        machine = self.book.new_id("datto_rmm.devices", 700_001)
        windows = bool(system and system.startswith("Microsoft"))
        appears = max(begins, self.client.since + DAY)
        props: dict[str, Any] = {
            "uid": _guid(rng),
            **self.home,
            "hostname": name,
            "description": name,
            "deviceClass": kind,
            # the vendor does not promise the case
            "deviceType": {"category": category.upper() if machine % 97 == 0 and kind == "device" else category, "type": model},
            "operatingSystem": system,
            "intIpAddress": f"10.{self.client.number}.0.{machine % 250}",
            "lastLoggedInUser": f"{self.client.short}\\user{machine % 50}" if windows else None,
            "a64Bit": True,
            "rebootRequired": False,
            "suspended": machine % 211 == 0,
            "deleted": False,
            "creationDate": begins,
            "warrantyDate": f"{from_ms(begins).year + 3}-06-30" if kind == "device" and machine % 3 else None,
            "antivirus": None,
            "patchManagement": None,
            "udf": {"udf5": RECOVERY_KEY, "udf7": "Managed"} if machine % 9 == 0 and windows else {},
        }  # fmt: skip
        changes: list[Change] = []
        if kind == "device":
            self.antivirus(props, changes, windows, appears, ends)
        if windows:
            self.patches(props, changes, appears, ends, category)
            if "Windows 10" in (system or "") and rng.random() < 0.9:
                moved = min(
                    round(rng.triangular(_START, at(date(2026, 6, 1), 0), at(date(2025, 9, 20), 0))), _END
                )
                changes.append(
                    (moved, {"operatingSystem": f"Microsoft Windows 11 Pro {rng.choice(_WIN_11)}"})
                )
        if kind == "device" and category != "Server" and rng.random() < 0.025:
            silent = round(rng.uniform(appears, ends))
            changes.append((silent, {"silent_since": silent}))
        store.add("datto_rmm.devices", machine, appears, props)
        changes = sorted(
            (change for change in changes if appears < change[0] < ends), key=lambda change: change[0]
        )
        store.tables["datto_rmm.devices"][machine].extend(
            Version(when, what, None, None) for when, what in changes
        )
        if ends < _END:
            gone = {"siteId": DELETED_SITE[0], "siteUid": DELETED_SITE[1], "siteName": DELETED_SITE[2]}
            store.change("datto_rmm.devices", machine, ends, {"deleted": True, "silent_since": ends, **gone})
            store.change("datto_rmm.devices", machine, ends + 30 * DAY, {}, state=GONE)

    def antivirus(
        self, props: dict[str, Any], changes: list[Change], windows: bool, begins: int, ends: int
    ) -> None:
        rng = self.rng
        if not windows and rng.random() < 0.5:
            return
        product = (
            HOSTED
            if rng.random() < 0.93
            else rng.choice(("Windows Defender Antivirus", "Bitdefender Endpoint Security", "ESET"))
        )
        good = {"antivirusProduct": product, "antivirusStatus": "RunningAndUpToDate"}
        never = rng.random() < 0.012
        props["antivirus"] = {"antivirusProduct": None, "antivirusStatus": "NotDetected"} if never else good
        when = begins + round(rng.expovariate(1 / 500) * DAY)
        while not never and when < ends:
            status = rng.choices(("RunningAndNotUpToDate", "NotRunning", "NotDetected"), (6, 3, 1))[0]
            lost = {
                "antivirusProduct": None if status == "NotDetected" else product,
                "antivirusStatus": status,
            }
            changes.append((when, {"antivirus": lost}))
            when += round(rng.uniform(1, 16) * DAY)
            changes.append((when, {"antivirus": good}))
            when += round(rng.expovariate(1 / 500) * DAY)

    def patches(
        self, props: dict[str, Any], changes: list[Change], begins: int, ends: int, category: str
    ) -> None:
        rng = self.rng
        luck = rng.random()
        if luck < 0.02:
            status = "NoPolicy" if luck < 0.01 else "NoData"
            props["patchManagement"] = None if luck < 0.002 else _patched(status, 0, 0, 0)
            return
        chance = rng.random
        pending, refused, installed = 0, (0, 0, 1, 3)[int(4 * chance())], rng.randrange(20, 160)
        props["patchManagement"] = _patched("FullyPatched", 0, refused, installed)
        slow = luck > (0.9 if category != "Server" else 0.97)
        for offered in self.offered:
            if not begins < offered < ends:
                continue
            pending += (1, 2, 2, 3, 3, 4, 5)[int(7 * chance())] + (2 if luck > 0.6 and chance() < 0.12 else 0)
            changes.append(
                (
                    offered,
                    {
                        "patchManagement": _patched("ApprovedPending", pending, refused, installed),
                        "rebootRequired": False,
                    },
                )
            )
            if slow and chance() < 0.6:
                continue  # not this month
            # in one of the client's nights
            done = offered + self.window + int(2 + (26 if slow else 11) * chance()) * DAY
            state = (
                "FullyPatched" if chance() < 0.93 else "InstallError" if chance() < 0.4 else "RebootRequired"
            )
            installed, pending = installed + pending, 1 if state == "InstallError" else 0
            patched = _patched(state, pending, refused, installed)
            changes.append((done, {"patchManagement": patched, "rebootRequired": state == "RebootRequired"}))


def _patched(status: str, pending: int, refused: int, installed: int) -> dict[str, Any]:
    return {
        "patchStatus": status,
        "patchesApprovedPending": pending,
        "patchesNotApproved": refused,
        "patchesInstalled": installed,
    }

"""What Cedar Ridge IT spends on ads: searches on Google all year, Meta for events and for its people in
Dublin, LinkedIn for decision makers. A day is told in parts while it runs, is final in the night, and is
restated for two weeks: invalid clicks are credited, conversions attributed, and now and then a day of a small
campaign is withdrawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.companies.base import FIRST_MONDAY, LAST_MONDAY, ZONE, Book, mondays, season, vanish
from sandbox.engine.store import local_ms

DUBLIN = ZoneInfo("Europe/Dublin")
GOOGLE_MANAGER, GOOGLE_ACCOUNT, GOOGLE_OLD = 9_001_110_000, 1_112_223_333, 1_112_224_444
META_ACCOUNT, META_DUBLIN = 555_000_111, 555_000_222
LINKEDIN_ACCOUNT = 5_001
UTC = ZoneInfo("UTC")
WEEKDAYS = (1.1, 1.2, 1.15, 1.1, 0.9, 0.4, 0.35)


@dataclass(frozen=True)
class Campaign:
    """A campaign: what it may cost on a normal day in the account's currency, and what a click costs."""

    account: int
    id: int
    name: str
    daily: float
    click: float
    starts: date = FIRST_MONDAY
    ends: date = LAST_MONDAY + timedelta(days=6)
    states: Mapping[date, str] = field(default_factory=dict)
    """From a day on it is in this state; "" is gone: no longer listed."""


GOOGLE = (
    Campaign(GOOGLE_ACCOUNT, 700_001, "Brand", 11, 1.4),
    Campaign(GOOGLE_ACCOUNT, 700_002, "Managed IT Chicago", 58, 9.5),
    Campaign(GOOGLE_ACCOUNT, 700_003, "Backup & continuity", 34, 12.0, starts=date(2025, 2, 3)),
    Campaign(
        GOOGLE_ACCOUNT,
        700_004,
        'Recruiting: "technicians"',
        14,
        3.1,
        starts=date(2024, 9, 2),
        ends=date(2025, 6, 29),
        states={date(2025, 6, 30): "PAUSED"},
    ),
    Campaign(GOOGLE_ACCOUNT, 700_005, "Copilot readiness \U0001f680", 22, 7.2, starts=date(2025, 8, 4)),
    Campaign(
        GOOGLE_ACCOUNT,
        700_006,
        "Trade fair 2024",
        40,
        4.0,
        ends=date(2024, 10, 13),
        states={date(2024, 10, 14): "REMOVED"},
    ),
)
META = (
    Campaign(META_ACCOUNT, 238_500_001, "Lunch and learn", 18, 1.9),
    Campaign(META_ACCOUNT, 238_500_002, "Retargeting, retention", 9, 1.1, starts=date(2024, 11, 4)),
    Campaign(
        META_ACCOUNT,
        238_500_003,
        "Security check, autumn",
        15,
        2.4,
        starts=date(2025, 9, 1),
        ends=date(2025, 11, 2),
        states={date(2025, 11, 3): "DELETED"},
    ),
    Campaign(
        META_ACCOUNT,
        238_500_004,
        "Open house 2024",
        25,
        2.0,
        starts=date(2024, 9, 9),
        ends=date(2024, 10, 6),
        states={date(2024, 12, 2): "ARCHIVED"},
    ),
    Campaign(META_DUBLIN, 238_600_001, "Helpdesk jobs Dublin", 12, 0.9, starts=date(2025, 3, 3)),
)
LINKEDIN = (
    Campaign(LINKEDIN_ACCOUNT, 1111, "Owners, 50-250 seats", 42, 11.5),
    Campaign(LINKEDIN_ACCOUNT, 1112, "CFO guide to IT cost; lead form", 26, 14.0, starts=date(2025, 1, 13)),
    Campaign(
        LINKEDIN_ACCOUNT,
        1113,
        "Webinar Q3",
        30,
        10.0,
        starts=date(2025, 7, 7),
        ends=date(2025, 9, 28),
        states={date(2025, 9, 29): "COMPLETED"},
    ),
    Campaign(
        LINKEDIN_ACCOUNT,
        1114,
        "Test of formats",
        5,
        6.0,
        starts=date(2025, 10, 6),
        ends=date(2025, 10, 19),
        states={date(2025, 10, 30): ""},
    ),
)


def write_google(book: Book) -> None:
    """Google Ads: a manager account, a client with all campaigns, and a client that was closed."""
    accounts = (
        (GOOGLE_MANAGER, "Cedar Ridge manager", True, "ENABLED"),
        (GOOGLE_ACCOUNT, "Cedar Ridge IT", False, "ENABLED"),
    )
    for account, name, manager, status in (
        *accounts,
        (GOOGLE_OLD, "Cedar Ridge IT (2019)", False, "CANCELED"),
    ):
        props = {"name": name, "currency": "USD", "zone": ZONE.key, "manager": manager, "status": status}
        book.store.add("google_ads.accounts", account, 0, props)
    _write(book, "google_ads", GOOGLE, {GOOGLE_ACCOUNT: ZONE}, "ENABLED")


def write_meta(book: Book) -> None:
    """Meta: an account in dollars, and one in euros on Dublin's days."""
    for account, name, currency, zone in (
        (META_ACCOUNT, "Cedar Ridge IT", "USD", ZONE),
        (META_DUBLIN, "Cedar Ridge Dublin", "EUR", DUBLIN),
    ):
        book.store.add(
            "meta_ads.accounts",
            account,
            0,
            {"name": name, "currency": currency, "zone": zone.key, "status": 1},
        )
    _write(book, "meta_ads", META, {META_ACCOUNT: ZONE, META_DUBLIN: DUBLIN}, "ACTIVE")


def write_linkedin(book: Book) -> None:
    """LinkedIn: one account in dollars on UTC days."""
    book.store.add(
        "linkedin_ads.accounts",
        LINKEDIN_ACCOUNT,
        0,
        {"name": "Cedar Ridge IT", "currency": "USD", "status": "ACTIVE"},
    )
    _write(book, "linkedin_ads", LINKEDIN, {LINKEDIN_ACCOUNT: UTC}, "ACTIVE")


def _write(
    book: Book, vendor: str, campaigns: tuple[Campaign, ...], zones: Mapping[int, ZoneInfo], running: str
) -> None:
    for campaign in campaigns:
        zone = zones[campaign.account]
        born = {"account": campaign.account, "name": campaign.name, "status": running}
        book.store.add(f"{vendor}.campaigns", campaign.id, local_ms(zone, campaign.starts, 0.5), born)
        for day, state in campaign.states.items():
            if state:
                book.store.change(
                    f"{vendor}.campaigns", campaign.id, local_ms(zone, day, 11), {"status": state}
                )
            else:
                vanish(book, f"{vendor}.campaigns", campaign.id, local_ms(zone, day, 11))
        for monday in mondays():
            rng = book.rng("ads", vendor, campaign.id, monday)
            busy = season(monday)
            for ahead in range(7):
                day = monday + timedelta(days=ahead)
                if campaign.starts <= day <= campaign.ends:
                    _day(
                        book,
                        rng,
                        f"{vendor}.days",
                        campaign,
                        day,
                        zone,
                        campaign.daily * busy * WEEKDAYS[ahead],
                    )


def _day(
    book: Book, rng: Random, table: str, campaign: Campaign, day: date, zone: ZoneInfo, likely: float
) -> None:
    """One day of a campaign. Cost in millionths of the currency."""
    clicks = round(likely * rng.uniform(0.75, 1.25) / campaign.click)
    if clicks == 0:
        return  # nothing happened: no platform has a row then
    cost = round(clicks * campaign.click * rng.uniform(0.9, 1.1) * 1_000_000)
    conversions = sum(rng.random() < 0.035 for _ in range(clicks))
    late = sum(rng.random() < 0.01 for _ in range(clicks))
    key = f"{campaign.id}/{day}"

    def share(part: float) -> dict[str, Any]:
        return {
            "cost": round(cost * part),
            "clicks": round(clicks * part),
            "impressions": round(clicks * part * 31),
        }

    fixed = {"account": campaign.account, "campaign": campaign.id, "day": day.isoformat(), "conversions": 0}
    book.store.add(table, key, local_ms(zone, day, 10), fixed | share(0.3))
    book.store.change(table, key, local_ms(zone, day, 17), share(0.8))
    final = share(1.0) | {"conversions": conversions}
    book.store.change(table, key, local_ms(zone, day + timedelta(days=1), 2), final)
    if rng.random() < 0.3:
        book.store.change(
            table, key, local_ms(zone, day + timedelta(days=4), 13), share(rng.uniform(0.94, 0.99))
        )
    if late:
        book.store.change(
            table, key, local_ms(zone, day + timedelta(days=9), 13), {"conversions": conversions + late}
        )
    if campaign.daily < 20 and rng.random() < 0.01:
        vanish(book, table, key, local_ms(zone, day + timedelta(days=6), 13))

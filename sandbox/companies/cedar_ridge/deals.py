"""Deals: a quarter of the scorecard with exactly the golden summary, the quarters before it, and what comes
after.

At the demo's clock, 2025-Q4 has 18 deals in the sales pipeline worth 97,743.96: 2 won (both in W40), 13 lost,
3 in progress.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from sandbox.companies import names
from sandbox.companies.account import RENEWAL_STAGES, RENEWALS, STAGES
from sandbox.companies.base import (
    BEN,
    CRM_MONDAY,
    DAY,
    DEMO_CLOCK,
    HOUR,
    MAYA,
    Q4_START,
    VICTOR,
    Book,
    Owner,
    add,
    archive,
    at,
    edit,
    mondays,
)
from sandbox.companies.cedar_ridge.directory import SOURCES, Directory, Firm, Person
from sandbox.engine.formats import hubspot_time

_OPEN = [stage for stage, _, _, closed in STAGES if not closed]
WON, LOST, DISQUALIFIED = "closedwon", "closedlost", "1042010"
_CLOSED = {stage for stage, _, _, closed in (*STAGES, *RENEWAL_STAGES) if closed}
_NOT_WON = {LOST, DISQUALIFIED, "8842104"}

# amount, monthly amount, made, closed (None: open at the demo's clock), last stage, owner, deal type, name
_Q4: tuple[tuple[str | None, str | None, date, date | None, str, Owner, str, str], ...] = (
    (
        "11880.00",
        "990.00",
        date(2025, 7, 30),
        date(2025, 9, 30),
        WON,
        VICTOR,
        "newbusiness",
        "Managed IT, 22 seats",
    ),
    ("6400.00", None, date(2025, 8, 12), date(2025, 10, 2), WON, MAYA, "existingbusiness", "Server refresh"),
    (
        "4200.00",
        "350.00",
        date(2025, 8, 4),
        date(2025, 9, 29),
        LOST,
        VICTOR,
        "newbusiness",
        "Backup and continuity",
    ),
    (
        "7980.00",
        "665.00",
        date(2025, 8, 20),
        date(2025, 10, 1),
        LOST,
        VICTOR,
        "newbusiness",
        "Managed IT, 14 seats",
    ),
    ("2250.50", None, date(2025, 9, 3), date(2025, 10, 3), LOST, MAYA, "newbusiness", "Wi-Fi survey"),
    (
        "5400.00",
        "450.00",
        date(2025, 8, 28),
        date(2025, 10, 7),
        LOST,
        VICTOR,
        "newbusiness",
        "Password manager",
    ),
    ("3120.00", "260.00", date(2025, 9, 9), date(2025, 10, 8), LOST, MAYA, "newbusiness", "Phone system"),
    ("9600.00", "800.00", date(2025, 7, 22), date(2025, 10, 9), LOST, VICTOR, "newbusiness", "Co-managed IT"),
    (
        "1800.00",
        "150.00",
        date(2025, 9, 15),
        date(2025, 10, 10),
        DISQUALIFIED,
        MAYA,
        "newbusiness",
        "Email filtering",
    ),
    (
        "4800.00",
        "400.00",
        date(2025, 9, 2),
        date(2025, 10, 14),
        LOST,
        VICTOR,
        "newbusiness",
        "Firewall & VPN",
    ),
    (
        "6025.75",
        None,
        date(2025, 8, 18),
        date(2025, 10, 15),
        LOST,
        MAYA,
        "existingbusiness",
        "Firewall replacement",
    ),
    (
        "3300.00",
        "275.00",
        date(2025, 9, 22),
        date(2025, 10, 17),
        LOST,
        VICTOR,
        "newbusiness",
        "Endpoint security",
    ),
    (
        "5160.00",
        "430.00",
        date(2025, 10, 1),
        date(2025, 10, 20),
        LOST,
        VICTOR,
        "newbusiness",
        "Managed IT, 9 seats",
    ),
    ("2875.71", None, date(2025, 10, 2), date(2025, 10, 22), LOST, MAYA, "newbusiness", "Cabling"),
    (
        "4680.00",
        "390.00",
        date(2025, 9, 11),
        date(2025, 10, 24),
        LOST,
        VICTOR,
        "newbusiness",
        "Cyber insurance package",
    ),
    (
        "12240.00",
        "1020.00",
        date(2025, 9, 24),
        None,
        "presentationscheduled",
        VICTOR,
        "newbusiness",
        "Managed IT, 30 seats",
    ),
    (
        "6032.00",
        "502.00",
        date(2025, 10, 8),
        None,
        "qualifiedtobuy",
        MAYA,
        "newbusiness",
        "Managed IT, 12 seats",
    ),
    (
        None,
        None,
        date(2025, 10, 21),
        None,
        "1042001",
        VICTOR,
        "newbusiness",
        "Website inquiry (no amount yet)",
    ),
)

_PACKAGES = (
    "Managed IT",
    "Co-managed IT",
    "Backup and continuity",
    "Security bundle",
    "Phone system",
    "Network refresh",
    "Cloud move",
)


def write(book: Book, directory: Directory) -> None:
    """All deals of both pipelines."""
    people: dict[int, list[Person]] = {}
    for person in directory.people:
        if not person.quiet:
            people.setdefault(person.firm.id, []).append(person)
    firms = [firm for firm in directory.firms if firm.id in people]
    _golden_quarter(book, firms, people)
    _years(book, firms, people)
    _renewals(book, firms, people)


def _deal(
    book: Book,
    rng: random.Random,
    firm: Firm,
    people: dict[int, list[Person]],
    made: int,
    until: int,
    last: str,
    props: dict[str, Any],
    path: list[str] | None = None,
) -> int:
    """One deal with a client."""
    known = people[firm.id]
    contacts = [person.id for person in known if person.created < made][:2]
    props |= {"deal_currency_code": "USD", "hs_analytics_source": SOURCES[firm.id % len(SOURCES)]}
    return walk(book, rng, made, until, last, props, {"companies": [firm.id], "contacts": contacts}, path)


def walk(
    book: Book,
    rng: random.Random,
    made: int,
    until: int,
    last: str,
    props: dict[str, Any],
    links: dict[str, list[int]],
    path: list[str] | None = None,
    pace: int = 1,
) -> int:
    """A new deal that walks through its stages and reaches `last` at `until`, at first quickly where `pace`
    is above 1. Returns its id."""
    stages = [*(_path(rng, last) if path is None else path), last]
    base = {
        "pipeline": "default",
        "dealstage": stages[0],
        "closedate": hubspot_time(made + rng.randrange(30, 90) * DAY),
        f"hs_v2_date_entered_{stages[0]}": hubspot_time(made),
        "hs_v2_date_entered_current_stage": hubspot_time(made),
    }
    deal = add(book, "deals", made, base | props, links)
    for number, stage in enumerate(stages[1:], 1):
        _enter(book, rng, deal, made + (until - made) * number**pace // (len(stages) - 1) ** pace, stage)
    return deal


def _enter(book: Book, rng: random.Random, deal: int, when: int, stage: str) -> None:
    """A deal enters a stage; a closed one takes that instant as its close date."""
    entered = hubspot_time(when)
    change = {
        "dealstage": stage,
        f"hs_v2_date_entered_{stage}": entered,
        "hs_v2_date_entered_current_stage": entered,
    }
    if stage in _CLOSED:
        change["closedate"] = entered
        reason = rng.choice(names.LOST_REASONS)
        if reason and stage in _NOT_WON:
            change["closed_lost_reason"] = reason
    edit(book, "deals", deal, when, change)


def _path(rng: random.Random, last: str) -> list[str]:
    """The stages before the last one; some are skipped."""
    reached = _OPEN.index(last) if last in _OPEN else len(_OPEN) if last == WON else rng.randint(2, 6)
    before = _OPEN[:reached]
    return [stage for number, stage in enumerate(before) if number == 0 or rng.random() < 0.8]


def _money(amount: str | None, monthly: str | None) -> dict[str, Any]:
    return {
        "amount": amount,
        "hs_mrr": monthly,
        "hs_arr": None if monthly is None else f"{float(monthly) * 12:.2f}",
    }


def _golden_quarter(book: Book, firms: list[Firm], people: dict[int, list[Person]]) -> None:
    rng = book.rng("deals", "golden")
    afterwards = iter(((date(2025, 11, 6), WON), (date(2025, 11, 20), LOST), (date(2025, 12, 4), WON)))
    for number, (amount, monthly, made, closed, stage, owner, kind, name) in enumerate(_Q4):
        props = {
            "dealname": name,
            "dealtype": kind,
            "hubspot_owner_id": str(owner.id),
            **_money(amount, monthly),
        }
        begin = at(made, rng.uniform(9, 16))
        until = at(closed or date(2025, 10, 23), rng.uniform(9, 16))
        deal = _deal(book, rng, firms[100 + number], people, begin, until, stage, props)
        if closed is None:
            day, result = next(afterwards)
            edit(book, "deals", deal, at(day, 14.9), {"amount": amount or "3900.00"})
            _enter(book, rng, deal, at(day, 15), result)
    # lost on the last evening of the third quarter: the day after in UTC, and no part of this quarter
    props = {
        "dealname": "Copier lease",
        "dealtype": "newbusiness",
        "hubspot_owner_id": str(MAYA.id),
        **_money("1450.00", None),
    }
    _deal(
        book,
        rng,
        firms[130],
        people,
        at(date(2025, 9, 1), 10),
        at(Q4_START - timedelta(days=1), 22),
        LOST,
        props,
    )


def _years(book: Book, firms: list[Firm], people: dict[int, list[Person]]) -> None:
    """About 18 deals a quarter; those made before the golden quarter are closed before it, later ones are
    made after the demo's clock."""
    for monday in mondays(CRM_MONDAY):
        rng = book.rng("deals", monday)
        if Q4_START - timedelta(days=35) < monday <= Q4_START + timedelta(days=21):
            continue
        for _ in range(rng.choice((0, 1, 1, 2, 2, 3))):
            firm = rng.choice(firms[:400])
            owner = (
                BEN
                if BEN.left and monday < BEN.left and rng.random() < 0.2
                else rng.choice((MAYA, VICTOR, VICTOR))
            )
            made = at(monday + timedelta(days=rng.randrange(5)), rng.uniform(8, 17))
            until = made + round(rng.uniform(12, 75) * DAY)
            if made < DEMO_CLOCK:
                until = min(until, at(Q4_START - timedelta(days=3), 12) - rng.randrange(5) * DAY)
            monthly = rng.randrange(8, 70) * 15 if rng.random() < 0.75 else None
            amount = (monthly or rng.randrange(20, 80) * 10) * 12
            kind = rng.choices(("newbusiness", "existingbusiness", "renewal"), (70, 20, 10))[0]
            props = {
                "dealname": f"{rng.choice(_PACKAGES)}, {rng.randrange(5, 60)} seats",
                "dealtype": kind,
                "hubspot_owner_id": str(owner.id),
                **_money(
                    f"{amount}.00" if rng.random() < 0.96 else None,
                    None if monthly is None else f"{monthly}.00",
                ),
            }
            last = rng.choices((WON, LOST, DISQUALIFIED), (24, 64, 12))[0]
            deal = _deal(book, rng, firm, people, made, max(until, made + HOUR), last, props)
            if rng.random() < 0.04:
                archive(book, "deals", deal, made + 6 * DAY)


def _renewals(book: Book, firms: list[Firm], people: dict[int, list[Person]]) -> None:
    """The second pipeline: won renewals that no line may count, one of them of Victor in golden week 42."""
    rng = book.rng("renewals")
    for number, monday in enumerate(mondays()):
        golden = monday == Q4_START + timedelta(days=14)
        if number % 3 and not golden:
            continue
        made = at(monday - timedelta(days=20), 10)
        amount = rng.randrange(300, 2_400) * 12
        props = {
            "dealname": f"Renewal {firms[number % 60].name}",
            "pipeline": RENEWALS,
            "dealtype": "renewal",
            "hubspot_owner_id": str(VICTOR.id),
            **_money(f"{amount}.00", f"{amount / 12:.2f}"),
        }
        last = "8842103" if golden or rng.random() < 0.9 else "8842104"
        when = at(monday + timedelta(days=2), rng.uniform(9, 16))
        _deal(book, rng, firms[number % 60], people, made, when, last, props, path=["8842101"])

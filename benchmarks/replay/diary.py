"""A HubSpot account that changes every day, and a diary of what happened in it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.companies import account
from sandbox.companies.base import DAY, HOUR, MAYA, VICTOR, Book, Owner, add, archive, at, edit, vanish
from sandbox.engine.formats import hubspot_time
from sandbox.engine.store import LIVE, View, parse_ms

SALES, ELSEWHERE = "default", account.RENEWALS
OPEN, WON, LOST = "qualifiedtobuy", "closedwon", "closedlost"


@dataclass(frozen=True)
class Entry:
    """Something that happened: when (milliseconds since 1970), what, and the ids of the records that it
    touches."""

    at: int
    kind: str
    records: frozenset[str]


@dataclass
class Diary:
    """A HubSpot account that is written into a sandbox's store, and what happened in it."""

    book: Book = field(default_factory=lambda: Book(1))
    entries: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        account.write_hubspot(self.book)

    def note(self, when: int, kind: str, *records: int) -> None:
        self.entries.append(Entry(when, kind, frozenset(map(str, records))))

    def deal(
        self,
        when: int,
        amount: int,
        owner: Owner = VICTOR,
        *,
        pipeline: str = SALES,
        stage: str = OPEN,
        made: int | None = None,
    ) -> int:
        """A new deal. `made`: the day of creation that somebody typed in."""
        monthly = amount / 12
        props = {
            "dealname": f"Deal of {amount}",
            "dealtype": "newbusiness",
            "pipeline": pipeline,
            "dealstage": stage,
            "amount": f"{amount}",
            "hs_mrr": f"{monthly:.2f}",
            "deal_currency_code": "USD",
            "hubspot_owner_id": str(owner.id),
            "closedate": hubspot_time(when + 45 * DAY),
            "hs_v2_date_entered_current_stage": hubspot_time(when),
        }
        deal = add(self.book, "deals", when, props)
        if made is not None:
            self.book.store.tables["hubspot.deals"][deal][0].props["createdate"] = hubspot_time(made)
        self.note(when, "deal made" if made is None else "deal typed in with an earlier creation", deal)
        return deal

    def change(self, deal: int, when: int, kind: str, **props: Any) -> None:
        """Properties of a deal change; a new stage is entered at that moment."""
        if "dealstage" in props:
            props["hs_v2_date_entered_current_stage"] = hubspot_time(when)
        edit(self.book, "deals", deal, when, props)
        self.note(when, kind, deal)

    def close(self, deal: int, when: int, stage: str, closedate: int | None = None) -> None:
        """A deal is won or lost. `closedate`: the date that somebody typed in."""
        kind = (
            "deal closed"
            if closedate is None
            else f"deal closed with a date {'ahead' if closedate > when else 'back'}"
        )
        self.change(deal, when, kind, dealstage=stage, closedate=hubspot_time(closedate or when))

    def merge(self, winner: int, loser: int, when: int) -> None:
        edit(self.book, "deals", winner, when, {"hs_merged_object_ids": str(loser)})
        vanish(self.book, "hubspot.deals", loser, when)
        self.note(when, "deals merged", winner, loser)

    def delete(self, deal: int, when: int) -> None:
        archive(self.book, "deals", deal, when)
        self.note(when, "deal deleted", deal)

    def call(self, when: int, logged: int, owner: Owner = MAYA, deals: Sequence[int] = ()) -> int:
        """A call with some of the deals, and when it was logged."""
        props = {
            "hs_timestamp": hubspot_time(when),
            "hs_call_direction": "OUTBOUND",
            "hs_call_duration": "60000",
            "hs_call_status": "COMPLETED",
            "hubspot_owner_id": str(owner.id),
        }
        call = add(self.book, "calls", logged, props, {"deals": list(deals)})
        self.note(logged, "call" if logged - when < HOUR else "call logged late", call, *deals)
        return call

    def open_value(self, end: int, gone: frozenset[int]) -> Decimal:
        """What was open in the sales pipeline at an instant, without the records that are gone today. A deal
        that was typed in later with an earlier creation was there from that day on."""
        value = Decimal()
        for deal, versions in self.book.store.tables.get("hubspot.deals", {}).items():
            props = dict(versions[0].props)
            if deal in gone or parse_ms(props["createdate"]) > end:
                continue
            for version in self.book.store.versions("hubspot.deals", deal, end):
                props |= version.props
            if props["pipeline"] == SALES and props["dealstage"] not in (WON, LOST):
                value += Decimal(props["amount"])
        return value

    def gone(self, now: int) -> frozenset[int]:
        """Ids of the deals that were merged into others or deleted by an instant."""
        rows = View(self.book.store, now).table("hubspot.deals", LIVE).by_id
        return frozenset(self.book.store.tables.get("hubspot.deals", {})) - frozenset(rows)


def write_days(diary: Diary, begins: date, days: int, seed: int = 1) -> None:
    """Every kind of change, at random, on the working days of a span."""
    rng = random.Random(seed)
    first = at(begins, 9)
    alive = [
        diary.deal(
            first - rng.randrange(5, 120) * DAY,
            rng.randrange(5, 60) * 1000,
            rng.choice((MAYA, VICTOR)),
            pipeline=pipeline,
        )
        for pipeline in (SALES,) * 30 + (ELSEWHERE,) * 8
    ]
    closed: list[int] = []
    calls: list[int] = []
    for day in (begins + timedelta(days=number) for number in range(days)):
        if day.weekday() > 4:
            continue

        def when(day: date = day) -> int:
            return at(day, rng.uniform(8, 17))

        if rng.random() < 0.7:
            alive.append(diary.deal(when(), rng.randrange(5, 60) * 1000, rng.choice((MAYA, VICTOR))))
        for chance, act in (
            (0.25, "move"),
            (0.5, "stage"),
            (0.3, "amount"),
            (0.2, "owner"),
            (0.3, "win"),
            (0.3, "lose"),
            (0.12, "back"),
            (0.08, "ahead"),
            (0.15, "reopen"),
            (0.08, "merge"),
            (0.06, "delete"),
            (0.08, "typed"),
            (0.1, "correct"),
        ):
            if rng.random() >= chance:
                continue
            moment = when()
            if act == "typed":
                alive.append(
                    diary.deal(moment, rng.randrange(5, 60) * 1000, made=moment - rng.randrange(10, 40) * DAY)
                )
                continue
            among = closed if act in ("reopen", "correct") else alive
            if len(among) < 6:
                continue
            deal = rng.choice(among)
            _act(diary, rng, act, deal, moment, alive, closed)
        for _ in range(rng.randrange(4, 12)):
            logged = when()
            late = rng.random() < 0.1
            happened = logged - rng.randrange(2, 12) * DAY if late else logged
            calls.append(diary.call(happened, logged, rng.choice((MAYA, VICTOR)), rng.sample(alive, 1)))
        if rng.random() < 0.15:
            _touch(diary, rng, calls, when())


def _act(
    diary: Diary, rng: random.Random, act: str, deal: int, when: int, alive: list[int], closed: list[int]
) -> None:
    now = {}
    for version in diary.book.store.versions("hubspot.deals", deal, when):
        now |= version.props
    if act == "move":
        there = ELSEWHERE if now["pipeline"] == SALES else SALES
        diary.change(
            deal, when, "deal moved", pipeline=there, dealstage="8842101" if there == ELSEWHERE else OPEN
        )
    elif act == "stage" and now["pipeline"] == SALES:
        diary.change(
            deal, when, "stage changed", dealstage=rng.choice(("presentationscheduled", "contractsent"))
        )
    elif act == "amount":
        diary.change(deal, when, "amount changed", amount=str(rng.randrange(5, 60) * 1000))
    elif act == "owner":
        diary.change(deal, when, "owner changed", hubspot_owner_id=str(rng.choice((MAYA, VICTOR)).id))
    elif act in ("win", "lose", "back", "ahead") and now["pipeline"] == SALES:
        shift = {"back": -rng.randrange(8, 25) * DAY, "ahead": rng.randrange(8, 60) * DAY}.get(act)
        diary.close(deal, when, LOST if act == "lose" else WON, shift and when + shift)
        alive.remove(deal)
        closed.append(deal)
    elif act == "reopen":
        diary.change(deal, when, "deal reopened", dealstage=OPEN, closedate=hubspot_time(when + 40 * DAY))
        closed.remove(deal)
        alive.append(deal)
    elif act == "correct":
        amount = rng.randrange(5, 60) * 1000
        diary.change(
            deal, when, "amount corrected after the close", amount=str(amount), hs_mrr=f"{amount / 12:.2f}"
        )
    elif act == "merge":
        other = rng.choice([one for one in alive if one != deal])
        diary.merge(deal, other, when)
        alive.remove(other)
    elif act == "delete":
        diary.delete(deal, when)
        alive.remove(deal)


def _touch(diary: Diary, rng: random.Random, calls: list[int], when: int) -> None:
    """A call of before is moved to another day, or deleted."""
    call = calls.pop(rng.randrange(max(0, len(calls) - 60), len(calls)))
    deals = diary.book.store.tables["hubspot.calls"][call][0].links or {}
    if rng.random() < 0.5:
        archive(diary.book, "calls", call, when)
        diary.note(when, "call deleted", call, *deals.get("hubspot.deals", ()))
    else:
        edit(
            diary.book, "calls", call, when, {"hs_timestamp": hubspot_time(when - rng.randrange(1, 20) * DAY)}
        )
        diary.note(when, "call moved to another day", call, *deals.get("hubspot.deals", ()))

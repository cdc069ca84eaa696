"""Calls: what counts as a dial, and what must not."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from sandbox.companies import names
from sandbox.companies.account import (
    BUSY,
    CONNECTED,
    GATEKEEPER,
    LIVE_MESSAGE,
    NO_ANSWER,
    VOICEMAIL,
    WRONG_NUMBER,
)
from sandbox.companies.base import (
    BEN,
    DANA,
    DAY,
    HOUR,
    MAYA,
    NOOR,
    RILEY,
    VICTOR,
    Book,
    Owner,
    add,
    archive,
    at,
    before_demo,
    edit,
    spread,
    work_days,
)
from sandbox.companies.cedar_ridge.directory import Directory, Person, latecomer, unusual_contacts
from sandbox.companies.cedar_ridge.sales.plans import W40, W41, W42, W43, Plan, plan, selling_hours
from sandbox.engine.formats import hubspot_time

_MISSED = (NO_ANSWER, VOICEMAIL, NO_ANSWER, LIVE_MESSAGE, NO_ANSWER, BUSY, GATEKEEPER, WRONG_NUMBER, None)
_SUNDAY_DIALS = {W40: 1, W41: 2, W42: 3, W43: 1}
"""Dials late on Sunday: Monday in UTC. Never as many as the week before, or nobody would notice."""
_STATUS = {NO_ANSWER: "NO_ANSWER", BUSY: "BUSY"}


def add_call(
    book: Book,
    rng: random.Random,
    monday: date,
    when: int,
    owner: Owner | None,
    contact: Person | None,
    outcome: str | None,
    *,
    direction: str | None = "OUTBOUND",
    title: str | None = None,
    logged: int | None = None,
) -> int:
    """One call. Some are typed in days later, some get their outcome only after they were saved."""
    talked = outcome == CONNECTED
    duration = rng.randint(40_000, 900_000) if talked else rng.randint(0, 45_000)
    if logged is None:
        late = rng.random() < 0.05
        logged = before_demo(
            monday,
            when + (round(rng.uniform(0.5, 3) * DAY) if late else duration + rng.randint(1_000, 90_000)),
        )
        logged = max(logged, when)
    props: dict[str, Any] = {
        "hs_timestamp": hubspot_time(when if rng.random() < 0.5 else when // 1000 * 1000),
        "hs_call_duration": str(duration),
        "hs_call_direction": direction,
        "hs_call_disposition": outcome,
        "hs_call_status": _STATUS.get(outcome or "", "COMPLETED"),
        "hs_call_title": title or (rng.choice(names.CALL_TITLES) if rng.random() < 0.6 else None),
        "hubspot_owner_id": str(owner.id) if owner else None,
        "hs_object_source_label": rng.choice(("MOBILE", "CRM_UI", "INTEGRATION")),
    }
    links = {"contacts": [contact.id], "companies": [contact.firm.id]} if contact else {}
    hesitates = outcome is not None and rng.random() < 0.08
    call = add(book, "calls", logged, props | {"hs_call_disposition": None} if hesitates else props, links)
    if hesitates:
        edit(
            book,
            "calls",
            call,
            before_demo(monday, logged + rng.randint(60_000, 20 * HOUR)),
            {"hs_call_disposition": outcome},
        )
    return call


def write_calls(book: Book, directory: Directory, monday: date) -> None:
    rng = book.rng("calls", monday)
    week = plan(book, monday)
    days = work_days(monday)
    start = at(monday, 0)
    unusual = unusual_contacts(directory.people)
    mine = [p for p in directory.callable(MAYA, True, start) if p not in unusual]
    others = directory.callable(MAYA, False, start)
    titles = list(names.UNUSUAL_TEXTS) if monday == W43 else []

    # conversations that count: different decision makers each day, one or two of them called in
    per_day = spread(rng, week.conversations, [1.0] * len(days))
    inbound = rng.randint(1, 2)
    dials = 0
    for day, count in zip(days, per_day, strict=True):
        people = rng.sample(mine, count)
        if monday == W43 and unusual:
            chosen = [unusual.pop() for _ in range(min(2, count, len(unusual)))]
            people = chosen + people[: count - len(chosen)]
        for person in people:
            called_in = inbound > 0 and rng.random() < 0.4
            inbound -= called_in
            dials += not called_in
            hours = selling_hours(rng)
            title = titles.pop() if titles and not called_in else None
            direction = "INBOUND" if called_in else "OUTBOUND"
            add_call(
                book, rng, monday, at(day, hours), MAYA, person, CONNECTED, direction=direction, title=title
            )
            if dials < week.dials - 12 and rng.random() < 0.15:
                # a second conversation with the same person on the same day: a dial, no conversation
                dials += 1
                add_call(
                    book,
                    rng,
                    monday,
                    at(day, min(hours + rng.uniform(0.4, 2.5), 23.2)),
                    MAYA,
                    person,
                    CONNECTED,
                )

    # dials that reach somebody who does not decide, or nobody known
    for whom in [*rng.sample(others, rng.randint(3, 6)), None]:
        if dials < week.dials - 4:
            dials += 1
            add_call(book, rng, monday, at(rng.choice(days), selling_hours(rng)), MAYA, whom, CONNECTED)

    # the last dial half an hour before the week ends
    everybody = mine + others
    for number in range(_SUNDAY_DIALS.get(monday, 0)):
        late_sunday = at(monday + timedelta(days=6), 23.5 - number)
        add_call(
            book,
            rng,
            monday,
            late_sunday,
            MAYA,
            rng.choice(everybody),
            VOICEMAIL,
            logged=late_sunday + 95_000,
        )
        dials += 1
    for _ in range(week.dials - dials):
        title = titles.pop() if titles else None
        add_call(
            book,
            rng,
            monday,
            at(rng.choice(days), selling_hours(rng)),
            MAYA,
            rng.choice(everybody),
            rng.choice(_MISSED),
            title=title,
        )

    _warm_calls(book, directory, monday, week, rng)
    _noise_calls(book, directory, monday, rng, mine, everybody)


def _warm_calls(book: Book, directory: Directory, monday: date, week: Plan, rng: random.Random) -> None:
    """Victor calls the warm list, and others too; only calls to members count, from the day on which they
    joined."""
    days, start = work_days(monday), at(monday, 0)
    late = latecomer(directory.people)
    members = [
        p
        for p in directory.callable(VICTOR, None, start, warm=True)
        if p is not late and (p.warm_since or 0) < start
    ]
    strangers = directory.callable(VICTOR, None, start, warm=False)
    deciders = [p for p in members if p.decides]
    others = [p for p in members if not p.decides]
    talks = min(week.warm_conversations, week.warm_dials) if deciders else 0
    for person in rng.sample(deciders, talks):
        add_call(book, rng, monday, at(rng.choice(days), selling_hours(rng)), VICTOR, person, CONNECTED)
    rest = week.warm_dials - talks
    if rest and members:
        add_call(
            book, rng, monday, at(rng.choice(days), selling_hours(rng)), VICTOR, rng.choice(others), CONNECTED
        )
        for _ in range(rest - 1):
            add_call(
                book,
                rng,
                monday,
                at(rng.choice(days), selling_hours(rng)),
                VICTOR,
                rng.choice(members),
                rng.choice(_MISSED),
            )
    for person in rng.sample(strangers, rng.randint(4, 7)):
        outcome = CONNECTED if rng.random() < 0.3 else rng.choice(_MISSED)
        add_call(book, rng, monday, at(rng.choice(days), selling_hours(rng)), VICTOR, person, outcome)
    if monday == W43:
        # on Tuesday not yet a member, and a talk with a decision maker
        add_call(book, rng, monday, at(monday + timedelta(days=1), 10.4), VICTOR, late, CONNECTED)


def _noise_calls(
    book: Book,
    directory: Directory,
    monday: date,
    rng: random.Random,
    mine: list[Person],
    everybody: list[Person],
) -> None:
    """Calls that no line of Maya may count: inbound, without owner, of others (one without direction),
    archived."""
    days = work_days(monday)

    def when() -> int:
        return at(rng.choice(days), selling_hours(rng))

    for _ in range(rng.randint(2, 4)):
        add_call(
            book, rng, monday, when(), MAYA, rng.choice(everybody), rng.choice(_MISSED), direction="INBOUND"
        )
    add_call(book, rng, monday, when(), DANA, rng.choice(everybody), None, direction=None)
    add_call(book, rng, monday, when(), None, rng.choice(mine), CONNECTED)
    add_call(book, rng, monday, when(), None, rng.choice(everybody), NO_ANSWER)
    for owner, count in ((BEN, 12), (RILEY, 8), (NOOR, 5), (DANA, 1)):
        if owner.joined > monday or (owner.left and owner.left <= monday):
            continue
        for _ in range(rng.randint(count // 2, count)):
            outcome = CONNECTED if rng.random() < 0.15 else rng.choice(_MISSED)
            add_call(book, rng, monday, when(), owner, rng.choice(everybody), outcome)
    for _ in range(rng.randint(1, 2)):
        first = at(days[0], selling_hours(rng))
        call = add_call(book, rng, monday, first, MAYA, rng.choice(mine), CONNECTED, logged=first + 400_000)
        archive(book, "calls", call, first + round(rng.uniform(0.2, 3) * DAY))

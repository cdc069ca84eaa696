"""The selling side: calls, meetings, deals and the other activities of HubSpot, week by week.

Every week has a plan: how many records must count, under the rules of the scorecard. The plans of the golden
weeks are fixed, those of other weeks are drawn from trend, season, holidays and chance; the records of both
are written by the same functions, so the golden weeks look like all others. Around what counts, every week
has records that must not count (`_noise_calls` and the meetings).

After the demo's clock some records of golden week 43 change; `RESTATEMENTS` says which.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sandbox.companies import names
from sandbox.companies.account import (
    BUSY,
    COI_MEETING,
    CONNECTED,
    FIRST_APPOINTMENT,
    GATEKEEPER,
    LIVE_MESSAGE,
    NO_ANSWER,
    OTHER_MEETINGS,
    VOICEMAIL,
    WRONG_NUMBER,
)
from sandbox.companies.base import (
    BEN,
    CRM_MONDAY,
    DANA,
    DAY,
    GOLDEN_MONDAYS,
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
    mondays,
    season,
    spread,
    vanish,
    work_days,
)
from sandbox.companies.cedar_ridge.directory import Directory, Person, latecomer, unusual_contacts
from sandbox.engine.formats import hubspot_time

RESTATEMENTS = (
    (
        "2025-10-28T15:00:00Z",
        "hubspot.calls",
        "a dial of Maya on Friday of W43 is typed in late: dials 101 -> 102",
    ),
    (
        "2025-10-28T16:00:00Z",
        "hubspot.meetings",
        "the first appointment of Friday gets its outcome: ftas_attended 1 -> 2",
    ),
    (
        "2025-10-29T14:00:00Z",
        "hubspot.contacts",
        "two contacts are merged, their calls move silently: conversations_dm stays 21",
    ),
    ("2025-10-29T15:00:00Z", "hubspot.calls", "a dial of Maya in W43 is archived: dials 102 -> 101"),
)
"""What happens to W43 after the demo's clock on this side: instant, table, what."""

W40, W41, W42, W43 = GOLDEN_MONDAYS


@dataclass(frozen=True)
class Plan:
    """What must count in a week."""

    dials: int
    conversations: int
    warm_dials: int
    warm_conversations: int


_GOLDEN = {
    W40: Plan(95, 9, 19, 5),
    W41: Plan(78, 12, 22, 6),
    W42: Plan(70, 16, 27, 7),
    W43: Plan(101, 21, 14, 4),
}


def plan(book: Book, monday: date) -> Plan:
    """The plan of a week: fixed for the golden weeks, drawn for all others."""
    if monday in _GOLDEN:
        return _GOLDEN[monday]
    rng = book.rng("sales", monday)
    weeks = (monday - date(2024, 7, 1)).days // 7
    busy = season(monday)
    dials = round((74 + min(weeks, 70) * 0.5) * busy + rng.uniform(-9, 9))
    warm = monday >= date(2025, 6, 30)
    return Plan(
        dials=max(dials, 12),
        conversations=max(round(dials * rng.uniform(0.09, 0.17)), 2),
        warm_dials=max(round(21 * busy + rng.uniform(-6, 7)), 4) if warm else 0,
        warm_conversations=rng.randint(2, 8) if warm else 0,
    )


def write(book: Book, directory: Directory) -> None:
    """The whole life of the selling side."""
    for monday in mondays(CRM_MONDAY):
        _week_of_calls(book, directory, monday)
        _week_of_meetings(book, directory, monday)
        _week_of_office_work(book, directory, monday)
    _scripted_meetings(book, directory)
    _centres_of_influence(book, directory)
    _late_changes(book, directory)


# ------------------------------------------------------------------ calls

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


def _hours(rng: random.Random) -> float:
    """When one calls: mornings and afternoons, now and then in the evening (which is the next day in UTC)."""
    if rng.random() < 0.05:
        return rng.uniform(18.4, 20.8)
    return rng.choice((rng.uniform(8.1, 11.9), rng.uniform(13.0, 17.4)))


def _week_of_calls(book: Book, directory: Directory, monday: date) -> None:
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
            hours = _hours(rng)
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
            add_call(book, rng, monday, at(rng.choice(days), _hours(rng)), MAYA, whom, CONNECTED)

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
            at(rng.choice(days), _hours(rng)),
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
        add_call(book, rng, monday, at(rng.choice(days), _hours(rng)), VICTOR, person, CONNECTED)
    rest = week.warm_dials - talks
    if rest and members:
        add_call(book, rng, monday, at(rng.choice(days), _hours(rng)), VICTOR, rng.choice(others), CONNECTED)
        for _ in range(rest - 1):
            add_call(
                book,
                rng,
                monday,
                at(rng.choice(days), _hours(rng)),
                VICTOR,
                rng.choice(members),
                rng.choice(_MISSED),
            )
    for person in rng.sample(strangers, rng.randint(4, 7)):
        outcome = CONNECTED if rng.random() < 0.3 else rng.choice(_MISSED)
        add_call(book, rng, monday, at(rng.choice(days), _hours(rng)), VICTOR, person, outcome)
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
        return at(rng.choice(days), _hours(rng))

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
        first = at(days[0], _hours(rng))
        call = add_call(book, rng, monday, first, MAYA, rng.choice(mine), CONNECTED, logged=first + 400_000)
        archive(book, "calls", call, first + round(rng.uniform(0.2, 3) * DAY))


# ------------------------------------------------------------------ meetings


def add_meeting(
    book: Book,
    made: int,
    start: int,
    owner: Owner | None,
    kind: str | None,
    contacts: list[Person],
    outcome: str | None,
    *,
    attendees: tuple[Owner, ...] = (),
    title: str = "",
    settled: int | None = None,
    calendar_uid: str | None = None,
) -> int:
    """One meeting: SCHEDULED when it is made, its outcome is entered some time after it should have begun (or
    at `settled`)."""
    people = [owner] if owner else []
    props: dict[str, Any] = {
        "hs_timestamp": hubspot_time(start),
        "hs_meeting_start_time": hubspot_time(start),
        "hs_meeting_end_time": hubspot_time(start + HOUR),
        "hs_meeting_outcome": "SCHEDULED" if outcome else None,
        "hs_meeting_title": (
            title or (f"{kind or 'Meeting'} with {contacts[0].firm.name}" if contacts else kind)
        ),
        "hs_activity_type": kind,
        "hubspot_owner_id": str(owner.id) if owner else None,
        "hs_i_cal_uid": calendar_uid or f"{made}-{start}-{owner.id if owner else 0}@calendar.example",
        "hs_attendee_owner_ids": (
            ";".join(str(person.id) for person in [*people, *attendees]) if attendees else None
        ),
    }
    firms = list(dict.fromkeys(person.firm.id for person in contacts))
    meeting = add(
        book, "meetings", made, props, {"contacts": [person.id for person in contacts], "companies": firms}
    )
    if outcome and outcome != "SCHEDULED":
        edit(book, "meetings", meeting, settled or start + HOUR + 1_200_000, {"hs_meeting_outcome": outcome})
    return meeting


def _outcome(rng: random.Random) -> str:
    return rng.choices(("COMPLETED", "NO_SHOW", "CANCELED", "SCHEDULED"), (74, 11, 10, 5))[0]


def _week_of_meetings(book: Book, directory: Directory, monday: date) -> None:
    """First appointments by the day on which they are made, centre-of-influence meetings by their start, and
    others.

    The weeks around the golden ones are scripted: nothing drawn here is made or held so that it would count
    in them.
    """
    rng = book.rng("meetings", monday)
    days, start = work_days(monday), at(monday, 0)
    scripted = monday in GOLDEN_MONDAYS
    made_freely = monday <= W40 - timedelta(days=21) or monday > W43
    for owner, often in ((MAYA, (0, 1, 1, 2)), (VICTOR, (0, 1, 1)), (BEN, (0, 1))):
        if not made_freely or (owner.left and owner.left <= monday):
            continue
        for _ in range(rng.choice(often)):
            pool = [p for p in directory.callable(owner, True, start) if not _scripted(p)]
            if not pool:
                continue
            made, contact = at(rng.choice(days), _hours(rng)), rng.choice(pool)
            begins = at(
                _some_day(monday + timedelta(days=rng.randint(7, 12))), rng.choice((9.0, 10.5, 13.5, 15.0))
            )
            with_whom = (VICTOR,) if owner is MAYA and rng.random() < 0.5 else ()
            if rng.random() < 0.12:
                _reschedule(book, made, begins, owner, contact, with_whom)
            else:
                add_meeting(
                    book,
                    made,
                    begins,
                    owner,
                    FIRST_APPOINTMENT,
                    [contact],
                    _outcome(rng),
                    attendees=with_whom,
                )
    if not scripted:
        for owner in (MAYA, VICTOR, VICTOR, NOOR):
            if owner.joined <= monday and rng.random() < 0.75:
                pool = directory.callable(owner, None, start) or directory.callable(VICTOR, None, start)
                begins = at(rng.choice(days), rng.choice((7.5, 12.0, 16.5, 18.75)))
                shared = (MAYA,) if owner is VICTOR and rng.random() < 0.3 else ()
                made = begins - round(rng.uniform(3, 10) * DAY)
                add_meeting(
                    book,
                    made,
                    begins,
                    owner,
                    COI_MEETING,
                    [rng.choice(pool)],
                    _outcome(rng),
                    attendees=shared,
                )
    for host in (MAYA, VICTOR, DANA, DANA, RILEY, NOOR, None):
        if host is not None and host.joined > monday:
            continue
        pool = directory.callable(VICTOR, None, start)
        begins = at(rng.choice(days), rng.choice((8.5, 10.0, 14.0, 16.0)))
        kind = rng.choice((*OTHER_MEETINGS, None))
        made = begins - round(rng.uniform(0.1, 8) * DAY)
        add_meeting(book, made, begins, host, kind, [rng.choice(pool)], rng.choice((_outcome(rng), None)))


def _scripted(person: Person) -> bool:
    """Whether first appointments with this contact are scripted only, so that no drawn one was moved
    before."""
    return person.id % 3 == 0


def _some_day(day: date) -> date:
    """The day, or the Monday after it when it is a weekend."""
    return day + timedelta(days=7 - day.weekday()) if day.weekday() > 4 else day


def _reschedule(
    book: Book, made: int, begins: int, owner: Owner, contact: Person, attendees: tuple[Owner, ...]
) -> None:
    """A first appointment that is moved: the first record is RESCHEDULED, a second one is made for the new
    time."""
    moved = begins - DAY
    add_meeting(
        book,
        made,
        begins,
        owner,
        FIRST_APPOINTMENT,
        [contact],
        "RESCHEDULED",
        attendees=attendees,
        settled=moved,
    )
    add_meeting(
        book,
        moved + 60_000,
        begins + 7 * DAY,
        owner,
        FIRST_APPOINTMENT,
        [contact],
        "COMPLETED",
        attendees=attendees,
    )


def _scripted_meetings(book: Book, directory: Directory) -> None:
    """The meetings that decide the golden weeks, each with the reason why it counts or does not."""
    start = at(W40 - timedelta(days=28), 0)
    late = latecomer(directory.people)
    deciders = iter(p for p in directory.callable(MAYA, True, start) if _scripted(p))
    strangers = iter(p for p in directory.callable(VICTOR, True, start, warm=False) if _scripted(p))
    warm = iter(
        p for p in directory.callable(VICTOR, True, start, warm=True) if _scripted(p) and p is not late
    )
    partners = iter(directory.callable(VICTOR, False, start, warm=False))

    def day(monday: date, offset: int, hours: float) -> int:
        return at(monday + timedelta(days=offset), hours)

    before = W40 - timedelta(days=14)
    # set by Maya in W40, not attended in W41
    add_meeting(
        book, day(W40, 2, 10.2), day(W41, 2, 10.0), MAYA, FIRST_APPOINTMENT, [next(deciders)], "NO_SHOW"
    )
    # made by Victor, cancelled: set, not attended
    add_meeting(
        book,
        day(before, 3, 11.0),
        day(W41, 3, 14.0),
        VICTOR,
        FIRST_APPOINTMENT,
        [next(strangers)],
        "CANCELED",
        settled=day(W41, 2, 9.0),
    )
    # attended in W42 by both; one appointment
    add_meeting(
        book,
        day(before, 1, 15.0),
        day(W42, 2, 9.5),
        VICTOR,
        FIRST_APPOINTMENT,
        [next(strangers)],
        "COMPLETED",
        attendees=(MAYA,),
    )
    # the other spelling of the outcome
    add_meeting(
        book, day(before, 4, 9.0), day(W42, 3, 15.0), VICTOR, FIRST_APPOINTMENT, [next(strangers)], "NO SHOW"
    )
    # set on the last evening of W42, moved in W43: the second record is the same appointment
    moved = next(deciders)
    add_meeting(
        book,
        day(W42, 6, 23.3),
        day(W43, 3, 10.0),
        MAYA,
        FIRST_APPOINTMENT,
        [moved],
        "RESCHEDULED",
        settled=day(W43, 2, 11.0),
    )
    add_meeting(book, day(W43, 2, 11.1), day(W43, 10, 10.0), MAYA, FIRST_APPOINTMENT, [moved], "COMPLETED")
    # attended in W43 by both
    add_meeting(
        book,
        day(before, 2, 16.0),
        day(W43, 1, 13.0),
        MAYA,
        FIRST_APPOINTMENT,
        [next(deciders)],
        "COMPLETED",
        attendees=(VICTOR,),
        title="Demo and Q&A",
    )
    # held on Friday of W43, its outcome is typed in after the demo's clock
    add_meeting(
        book,
        day(before, 3, 16.0),
        day(W43, 4, 15.0),
        VICTOR,
        FIRST_APPOINTMENT,
        [next(strangers)],
        None,
        title="First appointment (outcome missing)",
    )
    # set by Victor in W43: one with a member of the warm list, one with a stranger
    add_meeting(
        book, day(W43, 2, 14.0), day(W43, 9, 9.0), VICTOR, FIRST_APPOINTMENT, [next(warm)], "COMPLETED"
    )
    add_meeting(
        book, day(W43, 3, 14.0), day(W43, 15, 9.0), VICTOR, FIRST_APPOINTMENT, [next(strangers)], "NO_SHOW"
    )
    add_meeting(
        book, day(W41, 1, 14.0), day(W43, 11, 9.0), VICTOR, FIRST_APPOINTMENT, [next(warm)], "COMPLETED"
    )

    # centre-of-influence meetings of Maya and Victor: 1 in W40, 2 in W41, 3 in W42, 2 in W43
    def coi(monday: date, offset: int, hours: float, owner: Owner, outcome: str, *attendees: Owner) -> None:
        begins = day(monday, offset, hours)
        add_meeting(
            book, begins - 6 * DAY, begins, owner, COI_MEETING, [next(partners)], outcome, attendees=attendees
        )

    coi(W40, 2, 12.0, VICTOR, "COMPLETED")
    coi(W41, 1, 7.5, VICTOR, "COMPLETED", MAYA)
    coi(W41, 3, 12.0, MAYA, "COMPLETED")
    coi(W41, 4, 12.0, NOOR, "COMPLETED")
    coi(W42, 0, 7.0, VICTOR, "COMPLETED")
    coi(W42, 2, 12.0, VICTOR, "COMPLETED")
    coi(W42, 3, 18.75, MAYA, "COMPLETED", VICTOR)
    coi(W42, 4, 12.0, VICTOR, "CANCELED")
    coi(W42, 1, 12.0, NOOR, "COMPLETED")
    coi(W42, 3, 12.0, NOOR, "COMPLETED")
    coi(W43, 1, 12.0, MAYA, "COMPLETED", VICTOR)
    coi(W43, 6, 19.5, VICTOR, "COMPLETED")  # Sunday evening: Monday in UTC
    coi(W43, 3, 12.0, VICTOR, "CANCELED")
    coi(W43, 2, 12.0, NOOR, "CANCELED")
    coi(W43, 4, 12.0, NOOR, "NO_SHOW")

    # an open house with more guests than one page of associations holds
    guests = directory.callable(VICTOR, None, start)[:130]
    add_meeting(
        book, day(W42, 1, 9.0), day(W43, 3, 17.0), DANA, "Demo", guests, "COMPLETED", title="Open house"
    )
    # one meeting that both calendars bring along
    guest, uid = [next(partners)], "7f3a9c@calendar.example"
    for host in (MAYA, VICTOR):
        add_meeting(
            book,
            day(W42, 0, 9.0),
            day(W42, 4, 15.5),
            host,
            "Demo",
            guest,
            "COMPLETED",
            title="Joint demo",
            calendar_uid=uid,
        )


def _centres_of_influence(book: Book, directory: Directory) -> None:
    """Contacts that are centres of influence, by the date typed into `coi_since`; none of Noor's in W43."""
    rng = book.rng("coi")
    noors = iter(p for p in directory.callable(VICTOR, False, at(W40, 0), warm=False)[30:])
    for monday in mondays(date(2024, 7, 8)):
        if monday in (W43, *([W40] if NOOR.joined > W40 else [])):
            continue
        for _ in range(
            {W41: 1, W42: 2}.get(
                monday, rng.choice((0, 1, 1, 2, 3)) if monday > W43 else rng.choice((0, 0, 1))
            )
        ):
            person = next(noors, None)
            if person is None:
                return
            owner = NOOR if monday >= W41 else VICTOR
            _make_coi(book, person, owner, monday + timedelta(days=rng.randrange(5)))
    # Victor's, in the week in which Noor has none
    person = directory.callable(VICTOR, True, at(W40, 0), warm=False)[-1]
    _make_coi(book, person, VICTOR, W43 + timedelta(days=2))


def _make_coi(book: Book, person: Person, owner: Owner, day: date) -> None:
    edit(
        book,
        "contacts",
        person.id,
        max(at(day, 16.2), person.created + HOUR),
        {"coi_since": day.isoformat(), "hubspot_owner_id": str(owner.id)},
    )


# ------------------------------------------------------------------ notes, tasks, emails


def new_task(rng: random.Random, due: int) -> dict[str, Any]:
    """Properties of a task that nobody has begun."""
    return {
        "hs_timestamp": hubspot_time(due),
        "hs_task_status": "NOT_STARTED",
        "hs_task_type": rng.choice(("TODO", "CALL", "EMAIL")),
        "hs_task_priority": rng.choice(("NONE", "LOW", "MEDIUM", "HIGH")),
        "hs_task_subject": rng.choice(names.TASK_SUBJECTS),
    }


def _week_of_office_work(book: Book, directory: Directory, monday: date) -> None:
    rng = book.rng("office", monday)
    days, start, busy = work_days(monday), at(monday, 0), season(monday)
    owners = [
        owner
        for owner in (MAYA, VICTOR, BEN, NOOR, DANA)
        if owner.joined <= monday and not (owner.left and owner.left <= monday)
    ]
    pool = directory.callable(MAYA, None, start) + directory.callable(VICTOR, None, start)

    def links(person: Person) -> dict[str, list[int]]:
        return {"contacts": [person.id], "companies": [person.firm.id]} if rng.random() < 0.94 else {}

    for _ in range(round(11 * busy)):
        when, person = at(rng.choice(days), _hours(rng)), rng.choice(pool)
        props = {
            "hs_timestamp": hubspot_time(when),
            "hs_note_body": rng.choice(names.NOTES),
            "hubspot_owner_id": str(rng.choice(owners).id),
        }
        add(book, "notes", when + 30_000, props, links(person))
    for _ in range(round(20 * busy)):
        when, person = at(rng.choice(days), _hours(rng)), rng.choice(pool)
        props = {
            "hs_timestamp": hubspot_time(when),
            "hs_email_direction": "EMAIL" if rng.random() < 0.7 else "INCOMING_EMAIL",
            "hs_email_status": "SENT" if rng.random() < 0.97 else "BOUNCED",
            "hs_email_subject": rng.choice(names.EMAIL_SUBJECTS),
            "hubspot_owner_id": str(rng.choice(owners).id),
        }
        add(book, "emails", when + 2_345, props, links(person))
    for _ in range(round(18 * busy)):
        made, person = at(rng.choice(days), _hours(rng)), rng.choice(pool)
        due = made + round(rng.uniform(0.3, 9) * DAY)
        props = new_task(rng, due) | {"hubspot_owner_id": str(rng.choice(owners).id)}
        task = add(book, "tasks", made, props, links(person))
        if rng.random() < 0.85:
            done = max(made + HOUR, due + round(rng.uniform(-1, 2) * DAY))
            edit(
                book,
                "tasks",
                task,
                done,
                {"hs_task_status": "COMPLETED", "hs_task_completion_date": hubspot_time(done)},
            )
        elif rng.random() < 0.2:
            archive(book, "tasks", task, due + DAY)
    if monday == W43:
        long = (names.UNUSUAL_TEXTS[1] + ". " + names.UNUSUAL_TEXTS[5] + ". ") * 400
        when = at(W43 + timedelta(days=1), 15)
        props = {
            "hs_timestamp": hubspot_time(when),
            "hs_note_body": long[:10_000],
            "hubspot_owner_id": str(MAYA.id),
        }
        add(book, "notes", when, props, links(pool[0]))


# ------------------------------------------------------------------ after the demo's clock


def _late_changes(book: Book, directory: Directory) -> None:
    """What `RESTATEMENTS` says, and nothing else, happens to golden week 43 on this side."""
    rng = book.rng("restatements")
    calls = book.store.tables["hubspot.calls"]
    people = {person.id: person for person in directory.people}
    friday = at(W43 + timedelta(days=4), 16.2)
    mine = directory.callable(MAYA, False, at(W43, 0))
    late = at(date(2025, 10, 28), 10)
    add_call(
        book,
        rng,
        W43 + timedelta(days=7),
        friday,
        MAYA,
        mine[7],
        VOICEMAIL,
        logged=late,
        title="Typed in on Tuesday",
    )

    meeting = next(
        record_id
        for record_id, versions in book.store.tables["hubspot.meetings"].items()
        if versions[0].props["hs_meeting_title"] == "First appointment (outcome missing)"
    )
    edit(book, "meetings", meeting, at(date(2025, 10, 28), 11), {"hs_meeting_outcome": "COMPLETED"})

    week = (at(W43, 0), at(W43 + timedelta(days=7), 0))
    own = [
        (record_id, versions)
        for record_id, versions in calls.items()
        if versions[0].props["hubspot_owner_id"] == str(MAYA.id)
        and versions[0].props["hs_call_direction"] == "OUTBOUND"
        and week[0] <= versions[0].at < week[1]
        and len(versions) == 1
    ]
    unanswered = next(
        record_id for record_id, versions in own if versions[0].props["hs_call_disposition"] == NO_ANSWER
    )
    archive(book, "calls", unanswered, at(date(2025, 10, 29), 10))

    # the loser of a merge was talked to in W43; the winner decides too, was not called, and takes all calls
    # over
    merged = at(date(2025, 10, 29), 9)
    unusual = {person.id for person in unusual_contacts(directory.people)}
    loser = next(
        person
        for _, versions in own
        if versions[0].props["hs_call_disposition"] == CONNECTED
        and (person := people.get((versions[0].links or {}).get("hubspot.contacts", (0,))[0])) is not None
        and person.decides
        and person.id not in unusual
    )
    contacts = book.store.tables["hubspot.contacts"]
    winner = next(
        person
        for person in directory.people
        if person.quiet
        and person.decides
        and person.created < at(W40, 0)
        and all(version.state is None for version in contacts[person.id][1:])
    )
    edit(book, "contacts", winner.id, merged, {"hs_merged_object_ids": str(loser.id)})
    vanish(book, "hubspot.contacts", loser.id, merged)
    for kind in ("calls", "meetings", "notes", "tasks", "emails"):
        for record_id, versions in book.store.tables[f"hubspot.{kind}"].items():
            if loser.id in (versions[0].links or {}).get("hubspot.contacts", ()):
                moved = [
                    winner.id if target == loser.id else target
                    for target in (versions[0].links or {})["hubspot.contacts"]
                ]
                firms = list((versions[0].links or {}).get("hubspot.companies", ()))
                edit(
                    book,
                    kind,
                    record_id,
                    max(merged, versions[0].at + 1),
                    {},
                    {"contacts": moved, "companies": firms},
                    silent=True,
                )

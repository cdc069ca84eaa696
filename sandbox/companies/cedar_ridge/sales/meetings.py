"""Meetings: appointments of every week, and those that are scripted."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from sandbox.companies.account import COI_MEETING, FIRST_APPOINTMENT, OTHER_MEETINGS
from sandbox.companies.base import (
    BEN,
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
    at,
    edit,
    work_days,
)
from sandbox.companies.cedar_ridge.directory import Directory, Person, latecomer
from sandbox.companies.cedar_ridge.sales.plans import W40, W41, W42, W43, selling_hours
from sandbox.engine.formats import hubspot_time


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


def write_meetings(book: Book, directory: Directory, monday: date) -> None:
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
            made, contact = at(rng.choice(days), selling_hours(rng)), rng.choice(pool)
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


def write_scripted_meetings(book: Book, directory: Directory) -> None:
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

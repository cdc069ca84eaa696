"""Notes, tasks and e-mails, and centres of influence."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from sandbox.companies import names
from sandbox.companies.base import (
    BEN,
    DANA,
    DAY,
    HOUR,
    MAYA,
    NOOR,
    VICTOR,
    Book,
    Owner,
    add,
    archive,
    at,
    edit,
    mondays,
    season,
    work_days,
)
from sandbox.companies.cedar_ridge.directory import Directory, Person
from sandbox.companies.cedar_ridge.sales.plans import W40, W41, W42, W43, selling_hours
from sandbox.engine.formats import hubspot_time


def write_centres_of_influence(book: Book, directory: Directory) -> None:
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


def new_task(rng: random.Random, due: int) -> dict[str, Any]:
    """Properties of a task that nobody has begun."""
    return {
        "hs_timestamp": hubspot_time(due),
        "hs_task_status": "NOT_STARTED",
        "hs_task_type": rng.choice(("TODO", "CALL", "EMAIL")),
        "hs_task_priority": rng.choice(("NONE", "LOW", "MEDIUM", "HIGH")),
        "hs_task_subject": rng.choice(names.TASK_SUBJECTS),
    }


def write_office_work(book: Book, directory: Directory, monday: date) -> None:
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
        when, person = at(rng.choice(days), selling_hours(rng)), rng.choice(pool)
        props = {
            "hs_timestamp": hubspot_time(when),
            "hs_note_body": rng.choice(names.NOTES),
            "hubspot_owner_id": str(rng.choice(owners).id),
        }
        add(book, "notes", when + 30_000, props, links(person))
    for _ in range(round(20 * busy)):
        when, person = at(rng.choice(days), selling_hours(rng)), rng.choice(pool)
        props = {
            "hs_timestamp": hubspot_time(when),
            "hs_email_direction": "EMAIL" if rng.random() < 0.7 else "INCOMING_EMAIL",
            "hs_email_status": "SENT" if rng.random() < 0.97 else "BOUNCED",
            "hs_email_subject": rng.choice(names.EMAIL_SUBJECTS),
            "hubspot_owner_id": str(rng.choice(owners).id),
        }
        add(book, "emails", when + 2_345, props, links(person))
    for _ in range(round(18 * busy)):
        made, person = at(rng.choice(days), selling_hours(rng)), rng.choice(pool)
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

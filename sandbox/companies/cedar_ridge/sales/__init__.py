"""The selling side: calls, meetings, deals and the other activities of HubSpot, week by week.

Every week has a plan: how many records must count, under the rules of the scorecard. The plans of the golden
weeks are fixed, those of other weeks are drawn from trend, season, holidays and chance; the records of both
are written by the same functions, so the golden weeks look like all others. Around what counts, every week
has records that must not count (`_noise_calls` in `calls.py`, and the meetings).

After the demo's clock some records of golden week 43 change; `RESTATEMENTS` says which.
"""

from __future__ import annotations

from datetime import date, timedelta

from sandbox.companies.account import CONNECTED, NO_ANSWER, VOICEMAIL
from sandbox.companies.base import CRM_MONDAY, MAYA, Book, archive, at, edit, mondays, vanish
from sandbox.companies.cedar_ridge.directory import Directory, unusual_contacts
from sandbox.companies.cedar_ridge.sales.calls import add_call, write_calls
from sandbox.companies.cedar_ridge.sales.meetings import write_meetings, write_scripted_meetings
from sandbox.companies.cedar_ridge.sales.office_work import write_centres_of_influence, write_office_work
from sandbox.companies.cedar_ridge.sales.plans import W40, W43

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


def write(book: Book, directory: Directory) -> None:
    """The whole life of the selling side."""
    for monday in mondays(CRM_MONDAY):
        write_calls(book, directory, monday)
        write_meetings(book, directory, monday)
        write_office_work(book, directory, monday)
    write_scripted_meetings(book, directory)
    write_centres_of_influence(book, directory)
    _late_changes(book, directory)


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

"""Handmade rows for the dbt tests. Ids say what a row is for."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.support.raw_warehouse import RawWarehouse, at, raw_tables

OWNERS = [
    {"id": "101", "email": "maya@test.example", "archived": False},
    {"id": "102", "email": "V.Lang@crm.example", "archived": False},
    {"id": "103", "email": "noor@test.example", "archived": False},
    {"id": "109", "email": "somebody@else.example", "archived": False},
]


def call(
    id: str, when: str, owner: str | None = "101", direction: str | None = "OUTBOUND", **more: Any
) -> dict[str, Any]:
    return {
        "id": id,
        "hs_timestamp": at(when),
        "hubspot_owner_id": owner,
        "hs_call_direction": direction,
        "hs_call_title": f"Call {id}",
        "archived": False,
        "created_at": at(when),
        "updated_at": at(when),
    } | more


def meeting(
    id: str,
    created: str,
    start: str,
    outcome: str | None = "COMPLETED",
    owner: str | None = "101",
    **more: Any,
) -> dict[str, Any]:
    return {
        "id": id,
        "hs_meeting_start_time": at(start),
        "hs_meeting_outcome": outcome,
        "hs_activity_type": "First appointment",
        "hubspot_owner_id": owner,
        "archived": False,
        "created_at": at(created),
        "updated_at": at(created),
    } | more


def contact(id: str, created: str = "2025-01-15T12:00:00", **more: Any) -> dict[str, Any]:
    return {
        "id": id,
        "firstname": f"Contact {id}",
        "archived": False,
        "created_at": at(created),
        "updated_at": at(created),
    } | more


def deal(
    id: str, stage: str, created: str, closed: str | None, owner: str = "102", **more: Any
) -> dict[str, Any]:
    return {
        "id": id,
        "dealname": f"Deal {id}",
        "pipeline": "default",
        "dealstage": stage,
        "amount": 1000,
        "mrr": 100,
        "deal_currency_code": "USD",
        "dealtype": "newbusiness",
        "createdate": at(created),
        "closedate": at(closed) if closed else None,
        "hubspot_owner_id": owner,
        "archived": False,
        "created_at": at(created),
        "updated_at": at(created),
    } | more


def link(kind: str, id: str, *contacts: str | None) -> list[dict[str, Any]]:
    return [{"from_type": kind, "from_id": id, "to_type": "contact", "to_id": to} for to in contacts]


def ticket(
    id: int, opened: str, completed: str | None, queue: int = 10, status: int = 5, **more: Any
) -> dict[str, Any]:
    return {
        "id": id,
        "ticket_number": f"T{id}",
        "title": f"Ticket {id}",
        "queue_id": queue,
        "status": status,
        "create_date": at(opened),
        "completed_date": at(completed) if completed else None,
        "assigned_resource_id": 1,
    } | more


def entry(
    id: int,
    day: str,
    hours: str,
    resource: int = 1,
    ticket_id: int | None = 1,
    non_billable: bool = False,
    **more: Any,
) -> dict[str, Any]:
    return {
        "id": id,
        "date_worked": date.fromisoformat(day),
        "hours_worked": hours,
        "resource_id": resource,
        "ticket_id": ticket_id,
        "is_non_billable": non_billable,
    } | more


def typed(
    line: int, metric: str, person: str | None, week: str, value: str, entered: str, **more: Any
) -> dict[str, Any]:
    return {
        "file": "manual.csv",
        "line": line,
        "metric": metric,
        "person_key": person,
        "week_start": date.fromisoformat(week),
        "value": value,
        "entered_by": "maya",
        "entered_at": at(entered),
    } | more


def members(day: str, *contacts: tuple[str | None, str | None], list_id: str = "44") -> list[dict[str, Any]]:
    return [
        {
            "snapshot_date": date.fromisoformat(day),
            "list_id": list_id,
            "record_id": contact_id,
            "membership_timestamp": at(joined) if joined else None,
        }
        for contact_id, joined in contacts
    ]


def fill_chicago(warehouse: RawWarehouse) -> None:
    """W41 = 6 to 12 October 2025, W42 = 13 to 19, W43 = 20 to 26, W44 is running. Chicago is at UTC-5
    (winter: -6)."""
    add = warehouse.add
    # what people wrote in the portal; one line does not exist any more, one note is about no week
    warehouse.change("""
    insert into config.notes values
        ('inside.dials', '2025-10-20', 'Two days at the <b>fair</b>.', 2, '2025-10-27T11:00:00Z', 'maya'),
        ('quarter.won', '2025-09-29', 'Two deals slipped.', 1, '2025-10-27T11:00:00Z', 'boss@board.example'),
        ('inside.dials', '2025-10-22', 'A Wednesday.', 1, '2025-10-27T11:00:00Z', 'maya'),
        ('gone.dials', '2025-10-20', 'Of a line of then.', 1, '2025-10-27T11:00:00Z', 'maya');
    insert into config.actions values
        ('a1', 'inside.dials', '2025-10-20', 'Call again', 'victor', '2025-10-31', 'open', '2025-10-27T11:00:00Z', 'maya'),
        ('a2', 'inside.dials', '2025-10-13', 'Buy a list', 'noone', '2025-10-31', 'done', '2025-10-27T11:30:00Z', 'victor');
    insert into config.normals values
        ('inside.dials', '2025-10-13', 'New dialer', '2025-10-27T11:00:00Z', 'maya');
    """)
    add("hubspot.owners", OWNERS)
    add(
        "hubspot.account",
        [
            {
                "portal_id": "777",
                "time_zone": "America/Chicago",
                "company_currency": "USD",
                "ui_domain": "app-eu1.hubspot.com",
            }
        ],
    )
    add(
        "autotask.account",
        [{"zone_name": "5", "url": "https://ws15.autotask.test/", "web_url": "https://ww15.autotask.test/"}],
    )
    add(
        "autotask.resources",
        [
            {"id": 1, "email": "sam.o@desk.example"},
            {"id": 2, "email": "tom@test.example"},
            {"id": 9, "email": "x@y.example"},
        ],
    )
    add("autotask.billing_codes", [{"id": 7, "name": "Paid Time Off "}, {"id": 8, "name": "Training"}])
    add("hubspot.deal_pipelines", [{"id": "default", "label": "Sales"}, {"id": "other", "label": "Other"}])
    stages = [("open", False, "0.4"), ("won", True, "1.0"), ("lost", True, "0.0")]
    for pipeline in ("default", "other"):
        add(
            "hubspot.deal_stages",
            [{"pipeline_id": pipeline, "id": i, "is_closed": c, "probability": p} for i, c, p in stages],
        )

    # dials: the edges of local days and weeks
    add(
        "hubspot.calls",
        [
            call("w41-late-sunday", "2025-10-13T04:30:00"),  # Sunday 23:30
            call("w41-last-second", "2025-10-13T04:59:59"),
            call("w42-first-second", "2025-10-13T05:00:00"),
            call("w42-b", "2025-10-15T15:00:00"),
            call(
                "spring-sunday", "2025-03-10T04:30:00"
            ),  # Sunday 23:30 at UTC-5, the clocks went forward that morning
            call("spring-monday", "2025-03-10T05:30:00"),  # Monday 00:30; still Sunday at last week's UTC-6
            call(
                "autumn-sunday", "2024-11-04T05:30:00"
            ),  # Sunday 23:30 at UTC-6, the clocks went back that morning
            call("year-edge", "2024-12-30T12:00:00"),  # Monday of 2025-W01
            call("w43-inbound", "2025-10-20T15:00:00", direction="INBOUND"),
            call("w43-no-direction", "2025-10-20T15:00:00", direction=None),
            call("w43-no-owner", "2025-10-20T15:00:00", owner=None),
            call("w43-deleted", "2025-10-20T15:00:00", archived=True, archived_at=at("2025-10-21T00:00:00")),
            call("w43-stranger", "2025-10-20T15:00:00", owner="109"),
            call(
                "w43-counted", "2025-10-20T15:00:00", hs_call_title="<script>alert('x')</script> \u202eabc 🙂"
            ),
            call("w44-running", "2025-10-27T06:00:00"),
            call("w44-future", "2025-11-20T06:00:00"),
        ],
    )
    # conversations with decision makers, all on 22 October (W43); inbound, so that dials stay as they are
    talk = {"hs_call_disposition": "connected", "direction": "INBOUND"}
    add(
        "hubspot.calls",
        [
            call("talk-first", "2025-10-22T15:00:00", **talk),
            call("talk-again-same-day", "2025-10-22T16:00:00", **talk),
            call("talk-next-day", "2025-10-23T15:00:00", **talk),
            call("talk-other-owner", "2025-10-22T17:00:00", owner="102", **talk),
            call(
                "talk-two-deciders", "2025-10-22T18:00:00", **(talk | {"hs_call_disposition": "live-message"})
            ),
            call("talk-budget-holder", "2025-10-22T18:30:00", **talk),
            call("talk-assistant", "2025-10-22T19:00:00", **talk),
            call("talk-dm-inside-a-word", "2025-10-22T19:30:00", **talk),
            call("talk-nobody", "2025-10-22T20:00:00", **talk),
            call("talk-voicemail", "2025-10-22T21:00:00", **(talk | {"hs_call_disposition": "voicemail"})),
            call("talk-merged-contact", "2025-10-22T22:00:00", **talk),
        ],
    )
    add(
        "hubspot.contacts",
        [
            contact("boss", buying_role="DECISION_MAKER", hs_merged_object_ids="boss-old;boss-older"),
            contact("boss-old", buying_role=None, lifecyclestage="lead", created="2025-10-21T12:00:00"),
            contact("boss2", buying_role="CHAMPION;decision_maker"),
            contact("boss3", buying_role="Decision_Maker ; OTHER"),
            contact("budget", buying_role="BUDGET_HOLDER"),
            contact("assistant", buying_role="CHAMPION"),
            contact("admin", buying_role="ADMINISTRATOR_DECISION_MAKERS"),
        ],
    )
    reached: dict[str, list[str | None]] = {
        "talk-first": ["boss", "assistant"],
        "talk-again-same-day": ["boss"],
        "talk-next-day": ["boss"],
        "talk-other-owner": ["boss"],
        "talk-two-deciders": ["boss2", "boss3", "boss"],
        "talk-budget-holder": ["budget"],
        "talk-assistant": ["assistant"],
        "talk-dm-inside-a-word": ["admin"],
        "talk-nobody": [None],
        "talk-voicemail": ["boss"],
        "talk-merged-contact": ["boss-older", "boss-old"],
    }
    for call_id, contacts in reached.items():
        add("hubspot.associations", link("call", call_id, *contacts))

    # the warm list: first snapshot on 10 October, `left` is gone from the one of the 21st, `joined` is new in
    # it
    add("hubspot.lists", [{"id": "44", "name": "warm 250", "size": 2, "processing_type": "MANUAL"}])
    add(
        "hubspot.list_members",
        members(
            "2025-10-10", ("stays", "2025-10-08T12:00:00"), ("left", "2025-09-01T12:00:00"), ("no-date", None)
        ),
    )
    add(
        "hubspot.list_members",
        members("2025-10-20", ("stays", "2025-10-08T12:00:00"), ("left", "2025-09-01T12:00:00")),
    )
    add(
        "hubspot.list_members",
        members("2025-10-21", ("stays", "2025-10-08T12:00:00"), ("joined", "2025-10-21T02:00:00")),
    )
    add("hubspot.list_members", members("2025-10-21", ("boss2", "2025-01-01T12:00:00"), list_id="99"))
    add(
        "hubspot.contacts",
        [
            contact("stays", buying_role="DECISION_MAKER"),
            contact("left"),
            contact("joined"),
            contact("no-date"),
        ],
    )
    for call_id, when, who in [
        ("warm-before-joining", "2025-10-07T15:00:00", "stays"),
        ("warm-before-first-snapshot", "2025-10-09T15:00:00", "stays"),
        ("warm-no-join-date-before-snapshot", "2025-10-09T16:00:00", "no-date"),
        ("warm-no-join-date-after-snapshot", "2025-10-10T16:00:00", "no-date"),
        ("warm-left-while-member", "2025-10-20T15:00:00", "left"),
        ("warm-left-after-leaving", "2025-10-21T15:00:00", "left"),
        ("warm-joined-before", "2025-10-20T15:00:00", "joined"),
        ("warm-joined-after", "2025-10-21T15:00:00", "joined"),
        ("warm-late-evening", "2025-10-21T04:30:00", "joined"),  # 20 October 23:30: not yet a member
        ("warm-other-list", "2025-10-22T15:00:00", "boss2"),
    ]:
        add("hubspot.calls", [call(call_id, when, owner="102")])
        add("hubspot.associations", link("call", call_id, who))
    add(
        "hubspot.calls",
        [call("warm-talk", "2025-10-22T15:00:00", owner="102", hs_call_disposition="connected")],
    )
    add("hubspot.associations", link("call", "warm-talk", "stays"))

    # first appointments
    fta = "2025-10-14T15:00:00", "2025-10-21T15:00:00"
    add(
        "hubspot.meetings",
        [
            meeting("moved", "2025-10-07T15:00:00", "2025-10-13T15:00:00", "RESCHEDULED"),
            meeting("moved-follow-up", *fta),
            meeting("canceled", "2025-10-14T16:00:00", "2025-10-20T15:00:00", "CANCELED"),
            meeting("no-show", "2025-10-15T16:00:00", "2025-10-20T16:00:00", "NO SHOW"),
            meeting("no-outcome", "2025-10-15T16:00:00", "2025-10-20T16:00:00", None),
            meeting("other-type", "2025-10-15T16:00:00", "2025-10-20T16:00:00", hs_activity_type="Review"),
            meeting(
                "shared",
                "2025-10-16T16:00:00",
                "2025-10-22T16:00:00",
                owner="102",
                hs_attendee_owner_ids="101;102; 109",
            ),
            meeting("late-sunday", "2025-10-16T16:00:00", "2025-10-27T04:30:00", owner="102"),
            meeting("deleted", "2025-10-16T16:00:00", "2025-10-22T16:00:00", archived=True),
            meeting(
                "coi",
                "2025-10-16T16:00:00",
                "2025-10-22T16:00:00",
                owner="102",
                hs_activity_type="coi meeting",
            ),
            # before and after the moved appointment has taken place
            meeting("moved-once-more", "2025-10-20T14:00:00", "2025-11-05T15:00:00", "CANCELED"),
            meeting("another", "2025-10-21T16:00:00", "2025-11-06T15:00:00", "SCHEDULED"),
            # in the calendars of both, who enter what became of it
            meeting("both", "2025-10-01T15:00:00", "2025-10-27T10:00:00", hs_i_cal_uid="u1"),
            meeting("both-too", "2025-10-01T15:00:00", "2025-10-27T10:00:00", owner="102", hs_i_cal_uid="u1"),
        ],
    )
    add(
        "hubspot.associations",
        link("meeting", "moved", "boss2") + link("meeting", "moved-follow-up", "boss2", "assistant"),
    )
    add(
        "hubspot.associations",
        link("meeting", "moved-once-more", "boss2") + link("meeting", "another", "boss2"),
    )
    add(
        "hubspot.meetings",
        [meeting("warm-fta", "2025-10-20T16:00:00", "2025-11-03T16:00:00", "SCHEDULED", owner="102")],
    )
    add("hubspot.associations", link("meeting", "warm-fta", "left"))

    add(
        "hubspot.contacts",
        [
            contact("coi", coi_since=date(2025, 10, 22), hubspot_owner_id="102"),
            contact("coi-no-owner", coi_since=date(2025, 10, 22)),
            contact("lead-by-date", became_lead_at=at("2025-10-21T03:00:00")),
            contact("lead-by-stage", created="2025-10-22T12:00:00", lifecyclestage="lead"),
            contact("no-lead", created="2025-10-22T12:00:00"),
        ],
    )
    add(
        "hubspot.deals",
        [
            deal("won", "won", "2025-09-01T12:00:00", "2025-10-22T12:00:00", mrr="250.50"),
            deal("renewal", "won", "2025-10-01T12:00:00", "2025-10-22T12:00:00", dealtype="Renewal"),
            deal("no-mrr", "won", "2025-10-01T12:00:00", "2025-10-22T12:00:00", mrr=None, amount="97743.96"),
            deal("other-pipeline", "won", "2025-10-01T12:00:00", "2025-10-22T12:00:00", pipeline="other"),
            deal(
                "other-currency",
                "won",
                "2025-10-01T12:00:00",
                "2025-10-22T12:00:00",
                deal_currency_code="EUR",
            ),
            deal("deleted", "won", "2025-10-01T12:00:00", "2025-10-22T12:00:00", archived=True),
            deal("lost-last-quarter", "lost", "2025-08-01T12:00:00", "2025-09-28T12:00:00"),
            deal("lost", "lost", "2025-08-01T12:00:00", "2025-09-30T12:00:00"),
            deal("open", "open", "2025-10-02T12:00:00", "2026-03-01T12:00:00"),
            deal("open-no-amount", "open", "2025-10-02T12:00:00", None, amount=None),
        ],
    )

    # tickets. Local times: 14:00Z is 9:00, 23:30Z is 18:30 on the same day, 04:30Z is 23:30 the day before
    add(
        "autotask.tickets",
        [
            ticket(
                1, "2025-10-14T14:00:00", "2025-10-15T04:30:00"
            ),  # closed 23:30 the same local day, next day in UTC
            ticket(2, "2025-10-14T14:00:00", "2025-10-15T14:00:00"),
            ticket(
                3, "2025-10-14T23:30:00", "2025-10-15T14:00:00"
            ),  # after hours: the next business day's ticket
            ticket(4, "2025-10-17T23:30:00", "2025-10-18T00:30:00"),  # Friday evening, closed at once
            ticket(5, "2025-10-11T15:00:00", "2025-10-13T15:00:00"),  # Saturday, closed on Monday
            ticket(6, "2025-10-14T14:00:00", "2025-10-14T15:00:00", queue=11),
            ticket(7, "2025-10-14T14:00:00", "2025-10-14T15:00:00", status=1),  # reopened
            ticket(8, "2025-10-14T14:00:00", "2025-10-14T15:00:00", deleted_at=at("2025-10-16T00:00:00")),
            ticket(9, "2025-10-14T11:00:00", None, status=1),
            ticket(10, "2025-10-21T14:00:00", "2025-10-21T15:00:00"),  # W43, before the outage
        ],
    )
    add(
        "autotask.time_entries",
        [
            entry(1, "2025-10-13", "6.25"),
            entry(2, "2025-10-13", "1.75", non_billable=True),
            entry(
                3, "2025-10-13", "2", ticket_id=None, internal_billing_code_id=8
            ),  # internal: not billable whatever the flag says
            entry(4, "2025-10-14", "8", ticket_id=None, internal_billing_code_id=7),  # time off
            entry(5, "2025-10-15", "3", ticket_id=None, task_id=55),
            entry(6, "2025-10-19", "1"),  # Sunday, by dateWorked: never shifted
            entry(7, "2025-10-15", "4", resource=9),
            entry(8, "2025-10-15", "9", deleted_at=at("2025-10-16T00:00:00")),
        ],
    )

    add(
        "manual.entries",
        [
            typed(1, "outside.events", "maya", "2025-10-13", "4", "2025-10-17T20:00:00"),
            typed(2, "outside.events", "victor", "2025-10-13", "2", "2025-10-17T21:00:00"),
            typed(
                3,
                "outside.events",
                "victor",
                "2025-10-13",
                "3",
                "2025-10-19T14:00:00",
                file="portal",
                note="Expo",
                reason="forgot one",
            ),
            typed(4, "networking_events", "noor", "2025-10-13", "0", "2025-10-17T22:00:00"),
            typed(
                5,
                "networking_events",
                "maya",
                "2025-10-20",
                "1",
                "2025-10-24T22:00:00",
                occurred_on=date(2025, 10, 23),
            ),
            typed(6, "social_engagement", None, "2025-10-13", "118", "2025-10-20T12:00:00"),
            typed(7, "hand.dials", None, "2025-10-13", "55", "2025-10-20T12:00:00"),
            typed(8, "dials", "maya", "2025-10-20", "7", "2025-10-25T12:00:00"),
        ],
    )
    add(
        "manual.rejected",
        [{"file": "manual.csv", "line": 9, "reason": "unknown metric", "content": "x,<b>,y"}],
    )

    warehouse.loaded("hubspot", through=at("2025-10-20T11:00:00"), since=at("2024-06-01T00:00:00"))
    warehouse.loaded("hubspot", through=at("2025-10-27T11:55:00"), since=at("2025-10-20T10:00:00"))
    warehouse.loaded("autotask", through=at("2025-10-22T15:00:00"), since=at("2025-10-06T04:00:00"))
    # a backfill of older weeks widens the span to the left; it must not make the source fresh, nor older
    warehouse.loaded(
        "autotask",
        through=at("2025-10-06T05:00:00"),
        since=at("2025-10-05T00:00:00"),
        finished=at("2025-10-23T11:00:00"),
    )
    warehouse.loaded(
        "autotask", "failed", finished=at("2025-10-27T11:00:00"), error="autotask: 500, try later"
    )
    warehouse.loaded("manual", through=at("2025-10-27T11:59:00"))


def fill_auckland(warehouse: RawWarehouse) -> None:
    """2026-W53 = 28 December 2026 to 3 January 2027; Auckland is at UTC+13 then. A fourteenth week of the
    fourth quarter."""
    warehouse.add("hubspot.owners", OWNERS)
    warehouse.add(
        "hubspot.calls",
        [
            call("w52-late-sunday", "2026-12-27T10:30:00"),  # Sunday 23:30; in Los Angeles Sunday 02:30
            call("w53-first-second", "2026-12-27T11:00:00"),
            call("w53-new-year", "2026-12-31T11:30:00"),  # 1 January 2027, 00:30
            call("w53-last-second", "2027-01-03T10:59:59"),
            call("w01-first-second", "2027-01-03T11:00:00"),
        ],
    )
    # what no build may stop at: see test_bounds.py
    deal = {
        "pipeline": "default",
        "deal_currency_code": "USD",
        "archived": False,
        "created_at": at("2026-12-01T00:00:00"),
    }
    closed = {
        "dealstage": "won",
        "closedate": at("2026-12-29T00:00:00"),
        "updated_at": at("2026-12-29T00:00:00"),
    }
    warehouse.add(
        "hubspot.deal_stages",
        [
            {"pipeline_id": "default", "id": "won", "label": "Won", "is_closed": True, "probability": 1},
            {"pipeline_id": "default", "id": "new", "label": "New", "is_closed": False, "probability": 0.2},
        ],
    )
    warehouse.add(
        "hubspot.deals",
        [
            {"id": "absurd", **deal, **closed, "amount": 10**20, "mrr": -(10**28)},
            {"id": "sane", **deal, **closed, "amount": 3000, "mrr": 250},
            {
                "id": "absurd-open",
                **deal,
                "dealstage": "new",
                "amount": 10**20,
                "updated_at": at("2026-12-29T00:00:00"),
            },
        ],
    )
    history = {"deal_id": "absurd-open", "set_at": at("2026-12-01T00:00:00")}
    warehouse.add(
        "hubspot.deal_history",
        [
            history | {"property": "amount", "value": "1e20"},
            history | {"property": "dealstage", "value": "new"},
            history | {"property": "closedate", "value": "99999999999999999"},
        ],
    )
    warehouse.add(
        "hubspot.companies", [{"id": "c-absurd", "numberofemployees": 2**63 - 1, "archived": False}]
    )
    warehouse.add(
        "google_ads.accounts",
        [{"id": "1", "name": "Nowhere", "currency": "USD", "time_zone": "Mars/Olympus"}],
    )
    warehouse.add(
        "google_ads.spend",
        [{"account_id": "1", "campaign_id": "1", "day": "2026-12-29", "currency": "USD", "spend": 1}],
    )
    there = [table for table in raw_tables()["hubspot"] if table != "list_members"]
    warehouse.loaded("hubspot", through=at("2027-01-05T19:00:00"), tables=there)
    warehouse.loaded(
        "hubspot",
        "not_available",
        finished=at("2027-01-05T19:01:00"),
        tables=["list_members"],
        error="the key lacks crm.lists.read",
    )
    warehouse.loaded("autotask", "not_connected")
    warehouse.loaded("manual", through=at("2027-01-05T19:59:00"))

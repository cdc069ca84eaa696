"""Supply and its account management: leads, outreach, figures of the company's databases and support, from
raw rows to the weekly fact."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.dbt_project.conftest import MakeWarehouse
from tests.support.raw_warehouse import RawWarehouse, at
from tests.support.rows import typed

pytestmark = pytest.mark.slow

_SUPPLY = [
    "leads_in_queue",
    "leads_sequencing",
    "lead_queue_runway",
    "lead_queue_runway_sending",
    "lead_queue_runway_capacity",
    "contacts_sequenced",
    "email_open_rate",
    "email_reply_rate",
    "total_yearly_capacity",
    "capacity_by_event_type",
    "total_limited_capacity",
    "new_inventory_value_q1",
]
_DESK = [
    "avg_ticket_response_hours",
    "avg_ticket_response_hours_business",
    "median_ticket_response_hours",
    "tickets_unanswered",
    "open_tickets",
]
LINES = (
    "line_id,section,section_label,sort_order,metric_id,label,owners,people,feed,valid_from,valid_to\n"
    + "".join(
        f"s.{metric},s,S,{order},{metric},,sam,,{feed},{since},\n"
        for order, (metric, feed, since) in enumerate(
            [(metric, "", "2024-07-01") for metric in _SUPPLY + _DESK]
            + [("ms_security_score", "manual", "2025-09-29")],
            1,
        )
    )
)
LINES += "one.median,one,One,99,median_ticket_response_hours,,sam,sam,,2025-10-06,\n"
GOALS = """\
line_id,valid_from,valid_to,operator,target,target_2,band,reason
s.lead_queue_runway,2025-10-20,,>=,30,,0.10,first
s.lead_queue_runway_sending,2025-10-20,,>=,30,,0.10,first
s.avg_ticket_response_hours,2025-10-20,,<=,16,,0.10,first
s.new_inventory_value_q1,2024-12-30,2025-03-30,>=,1162000,,0.10,first quarter
"""
W40, W42, W43, W44 = "2025-W40", "2025-W42", "2025-W43", "2025-W44"


@pytest.fixture(scope="module")
def warehouse(make_warehouse: MakeWarehouse) -> RawWarehouse:
    """Tuesday 2025-10-28, 07:00 in Chicago. Of the two desks Zendesk is connected, of the two databases the
    warehouse."""
    made = make_warehouse(
        "2025-10-28T12:00:00", seeds={"scorecard_lines": LINES, "goals": GOALS, "people": PEOPLE}
    )
    _add_leads(made)
    _add_figures(made)
    _add_tickets(made)
    made.add(
        "manual.entries", [typed(2, "ms_security_score", None, "2025-10-20", "0.52", "2025-10-24T12:00:00")]
    )
    for day in ("2025-10-26", "2025-10-28"):
        made.loaded("zendesk", through=at(f"{day}T12:00:00"))
    for source in ("smartlead", "company_warehouse", "manual"):
        made.loaded(source, through=at("2025-10-28T12:00:00"))
    for source in ("mongodb", "intercom"):
        made.loaded(source, "not_connected", finished=at("2025-10-28T12:00:00"))
    made.build(
        "--select",
        "+fct_scorecard_weekly",
        "+fct_scorecard_quarterly",
        "--exclude-resource-type",
        "test",
        "unit_test",
    )
    return made


HUBSPOT_MAIL = {
    "hs_email_direction": "EMAIL",
    "hs_email_status": "SENT",
    "hs_timestamp": "2025-10-22T15:00:00Z",
    "created_at": "2025-10-22T15:00:00Z",
    "hs_email_open_count": 1,
}
PEOPLE = """\
person_key,full_name,email,hubspot_email,autotask_email,team,weekly_hours,active_from,active_to
sam,Sam Okafor,sam@test.example,,,ops,40,2024-01-01,
"""


def _add_leads(made: RawWarehouse) -> None:
    made.add(
        "smartlead.campaigns",
        [
            {"id": 1, "name": "First", "max_leads_per_day": 20, "follow_up_percentage": 60},
            {"id": 2, "name": "Second", "max_leads_per_day": 30, "follow_up_percentage": 100},
            {"id": 3, "name": "Third"},
        ],
    )
    stats: dict[str, Any] = {"campaign_id": 1, "status": "active", "leads_in_progress": 7}
    made.add(
        "smartlead.campaign_stats",
        [
            stats | {"snapshot_date": "2025-10-05", "leads_not_started": 10},
            stats | {"snapshot_date": "2025-10-25", "leads_not_started": 999},
            stats | {"snapshot_date": "2025-10-26", "leads_not_started": 30},
            stats | {"snapshot_date": "2025-10-28", "leads_not_started": 100},
            stats | {"snapshot_date": "2025-10-28", "leads_not_started": 52, "campaign_id": 2},
            stats
            | {
                "snapshot_date": "2025-10-28",
                "leads_not_started": 400,
                "campaign_id": 3,
                "status": "PAUSED",
            },
            stats
            | {
                "snapshot_date": "2025-10-28",
                "leads_not_started": 38,
                "campaign_id": 4,
                "status": "DRAFTED",
                "leads_in_progress": 0,
            },
        ],
    )
    mailbox = {"snapshot_date": "2025-10-28", "is_smtp_success": True, "is_in_use": True}
    made.add(
        "smartlead.mailboxes",
        [
            mailbox | {"mailbox_id": 1, "message_per_day": 50},
            mailbox | {"mailbox_id": 2, "message_per_day": 500, "is_smtp_success": False},
        ],
    )

    def mail(id: str, lead: str, sent: str, step: int = 1, **more: Any) -> dict[str, Any]:
        return {"id": id, "campaign_id": 1, "lead_key": lead, "sequence_number": step, "sent_at": sent} | more

    made.add(
        "smartlead.sends",
        [
            mail("1", "old", "2025-10-13T15:00:00Z"),
            mail("2", "sunday", "2025-10-20T02:00:00Z"),  # still Sunday evening in Chicago
            mail("3", "a", "2025-10-20T15:00:00Z", opened_at="2025-10-20T16:00:00Z"),
            mail("4", "b", "2025-10-20T15:00:00Z"),
            mail("5", "old", "2025-10-20T15:00:00Z", campaign_id=2),  # begun again in another campaign
            mail("6", "d", "2025-10-21T15:00:00Z", is_bounced=True, opened_at="2025-10-21T16:00:00Z"),
            mail("7", "a", "2025-10-23T15:00:00Z", 2, open_count=2, replied_at="2025-10-27T15:00:00Z"),
            mail("8", "b", "2025-10-23T15:00:00Z", 2),
            mail("9", "today", "2025-10-28T11:00:00Z"),
        ],
    )

    made.add(
        "hubspot.emails", [HUBSPOT_MAIL | {"id": "h1"}]
    )  # Smartlead is connected: whoever writes by HubSpot is another matter


def _add_figures(made: RawWarehouse) -> None:
    def asked(day: str, query: str, status: str = "ok", rows: int = 1) -> dict[str, Any]:
        return {"snapshot_date": day, "query_name": query, "status": status, "row_count": rows}

    def figure(
        day: str, query: str, number: int, value: object, category: str | None = None, on: str | None = None
    ) -> dict[str, Any]:
        return {
            "snapshot_date": day,
            "query_name": query,
            "row_number": number,
            "category": category,
            "day": on,
            "value": value,
        }

    capacity, inventory = "yearly_capacity", "new_inventory_value"
    made.add(
        "company_warehouse.queries",
        [
            asked("2025-10-19", capacity, rows=0),
            asked("2025-10-26", capacity),
            asked("2025-10-27", capacity),
            asked("2025-10-28", capacity, "failed"),
            asked("2025-10-26", inventory),
            asked("2025-10-28", inventory),
        ],
    )
    # the same question asked of another database is answered once
    made.add("mongodb.queries", [asked("2025-10-27", capacity)])
    made.add("mongodb.figures", [figure("2025-10-27", capacity, 1, 999, "Gala", "2025-06-01")])
    made.add(
        "company_warehouse.figures",
        [
            {"snapshot_date": "2025-10-19", "query_name": capacity},
            figure("2025-10-26", capacity, 1, 100, "Concert", "2025-05-01"),
            figure("2025-10-26", capacity, 2, 50, "Gala", "2025-06-01"),
            figure("2025-10-27", capacity, 1, 100, "Concert", "2025-05-01"),
            figure("2025-10-27", capacity, 2, 40, "Concert", "2025-05-01"),
            figure("2025-10-27", capacity, 3, 60, "Gala", "2025-06-01"),
            figure("2025-10-28", inventory, 1, Decimal("1000.50"), "Gala", "2025-10-01"),
            figure("2025-10-28", inventory, 2, 1_161_999, "Gala", "2025-03-30"),
            figure("2025-10-28", inventory, 3, 1, "Gala", "2024-12-30"),
            figure("2025-10-28", inventory, 4, 7, "Gala", "2024-12-29"),
            figure("2025-10-28", inventory, 5, None, "Gala", "2025-02-01"),
            figure("2025-10-26", inventory, 1, 5_000, "Gala", "2025-02-01"),  # taken out since
        ],
    )


def _add_tickets(made: RawWarehouse) -> None:
    made.add("zendesk.account", [{"subdomain": "acme", "web_url": "https://acme.zendesk.com"}])
    made.add("zendesk.agents", [{"id": 5, "email": "Sam@test.example"}])

    def ticket(
        id: int, created: str, minutes: int | None, business: int | None = None, **more: Any
    ) -> dict[str, Any]:
        times = {"reply_minutes_calendar": minutes, "reply_minutes_business": business}
        told = {
            "part": "ticket",
            "generated_timestamp": 1,
            "status": "open",
            "via_channel": "email",
            "assignee_id": 5,
        }
        return {"id": id, "created_at": created, "subject": f"Ticket {id}"} | told | times | more

    made.add(
        "zendesk.tickets",
        [
            ticket(1, "2025-10-14T15:00:00Z", 60),
            ticket(2, "2025-10-15T15:00:00Z", 180),
            ticket(3, "2025-10-16T15:00:00Z", 20_000),
            ticket(4, "2025-10-17T15:00:00Z", 30),
            ticket(11, "2025-10-20T15:00:00Z", 60, 30),
            ticket(12, "2025-10-21T15:00:00Z", 600, assignee_id=6),
            ticket(13, "2025-10-27T03:00:00Z", 2_340, 120),  # Sunday night in Chicago
            ticket(14, "2025-10-22T15:00:00Z", None),
            ticket(15, "2025-10-22T15:00:00Z", None, status="closed", solved_at="2025-10-22T16:00:00Z"),
            ticket(16, "2025-10-22T15:00:00Z", None, via_channel="sample_ticket"),
            ticket(17, "2025-10-22T15:00:00Z", 1, part="deleted", generated_timestamp=2),
        ],
    )
    seen = {
        "snapshot_date": "2025-10-28",
        "snapshot_at": "2025-10-28T12:00:00Z",
        "created_at": "2025-10-26T12:00:00Z",
    }
    early = {
        "snapshot_date": "2025-10-08",
        "snapshot_at": "2025-10-08T12:00:00Z",
        "created_at": "2025-10-01T11:00:00Z",
    }
    made.add(
        "zendesk.open_tickets",
        [
            seen | {"ticket_id": 14, "status": "open", "assignee_id": 5},
            seen | {"ticket_id": 13, "status": "pending"},
            seen | {"ticket_id": 16, "status": "new", "via_channel": "sample_ticket"},
            # a week with both desks: the day on which both were looked at counts, not the later one
            early | {"ticket_id": 1, "status": "open"},
            early | {"snapshot_date": "2025-10-10", "ticket_id": 1, "status": "open"},
        ],
    )
    talk = {"conversation_id": "9", "state": "snoozed", "delivered_as": "customer_initiated"}
    made.add("intercom.open_conversations", [early | talk])


def fact(warehouse: RawWarehouse, metric: str, week: str) -> dict[str, Any]:
    (row,) = warehouse.query(
        "from marts.fct_scorecard_weekly where line_id = ? and week_label = ?", [f"s.{metric}", week]
    )
    return row


def shown(warehouse: RawWarehouse, metric: str, week: str) -> tuple[Any, ...]:
    row = fact(warehouse, metric, week)
    return (row["value"], row["status"], row["state"])


def reasons(
    warehouse: RawWarehouse, metric: str, since: str = "2025-10-20", until: str = "2025-10-26"
) -> dict[str, str | None]:
    found = warehouse.query(
        f"from metrics.{metric} where occurred_on between ?::date and ?::date", [since, until]
    )
    return {row["record_id"]: row["reason"] for row in found}


def test_the_queue_is_what_waits_in_campaigns_that_send(warehouse: RawWarehouse) -> None:
    assert shown(warehouse, "leads_in_queue", W43) == (30, "no_goal", "live")  # Sunday's, not Saturday's
    assert shown(warehouse, "leads_in_queue", W44) == (190, "no_goal", "provisional")
    assert reasons(warehouse, "leads_in_queue", "2025-10-28", "2025-10-28") == {
        "1": None,
        "2": None,
        "3": "campaign_paused",
        "4": None,
    }
    assert shown(warehouse, "leads_sequencing", W44)[0] == 14
    assert shown(warehouse, "leads_in_queue", W42) == (
        None,
        "no_goal",
        "missing",
    )  # without a snapshot there is no number


def test_runway_in_days_of_the_calendar_and_in_sending_days(warehouse: RawWarehouse) -> None:
    # five new leads on the sending days 13, 19, 20, 21 and 23 October; on the last day only follow-ups
    # went out
    assert fact(warehouse, "lead_queue_runway_sending", W43)["denominator"] == 1
    assert shown(warehouse, "lead_queue_runway_sending", W43) == (30, "met", "live")
    # of the thirteen days since the first e-mail
    assert fact(warehouse, "lead_queue_runway", W43)["value"] == pytest.approx(Decimal(30 * 13) / 5)
    # two weeks before the 28th the 13th is out; what was sent that morning is not a whole day
    assert shown(warehouse, "lead_queue_runway_sending", W44) == (190, "met", "provisional")
    assert fact(warehouse, "lead_queue_runway", W44)["value"] == pytest.approx(Decimal(190 * 14) / 4)
    days = reasons(warehouse, "lead_queue_runway", "2025-10-28", "2025-10-28")
    assert sorted(day for day in days if "-" in day) == [
        "2025-10-19",
        "2025-10-20",
        "2025-10-21",
        "2025-10-23",
    ]


def test_no_sending_is_no_runway(warehouse: RawWarehouse) -> None:
    assert shown(warehouse, "lead_queue_runway", W40) == (None, "not_applicable", "live")
    assert shown(warehouse, "leads_in_queue", W40)[0] == 10


def test_runway_at_capacity_is_bound_by_the_mailboxes(warehouse: RawWarehouse) -> None:
    # the campaigns want 20 and 30 new leads a day; one mailbox sends 50 mails, and follow-ups take 60 % of them
    # of the first campaign's: (20 * 0.4 + 30) / 50 of 50 = 38
    row = fact(warehouse, "lead_queue_runway_capacity", W44)
    assert (row["numerator"], row["denominator"], row["value"]) == (190, 38, 5)
    assert (
        reasons(warehouse, "lead_queue_runway_capacity", "2025-10-28", "2025-10-28")["3"] == "campaign_paused"
    )
    assert shown(warehouse, "lead_queue_runway_capacity", W43)[1] == "not_applicable"  # no mailbox that day


def test_a_contact_is_new_once(warehouse: RawWarehouse) -> None:
    assert reasons(warehouse, "contacts_sequenced") == {
        "3": None,
        "4": None,
        "5": "contacted_before",
        "6": None,
    }
    assert [shown(warehouse, "contacts_sequenced", week)[0] for week in (W42, W43)] == [2, 3]


def test_rates_are_of_what_was_delivered(warehouse: RawWarehouse) -> None:
    reply, opened = (fact(warehouse, f"email_{name}_rate", W43) for name in ("reply", "open"))
    assert [(row["numerator"], row["denominator"]) for row in (reply, opened)] == [(1, 5), (2, 5)]
    assert reasons(warehouse, "email_reply_rate")["6"] == "bounced"


def test_figures_of_the_last_good_snapshot(warehouse: RawWarehouse) -> None:
    assert shown(warehouse, "total_yearly_capacity", W42) == (
        0,
        "no_goal",
        "live",
    )  # asked, and nothing was there
    assert shown(warehouse, "total_yearly_capacity", W43) == (150, "no_goal", "live")
    assert shown(warehouse, "total_yearly_capacity", W44) == (
        200,
        "no_goal",
        "stale",
    )  # Monday's answer: Tuesday's query failed
    assert fact(warehouse, "capacity_by_event_type", W44)["n"] == 2
    types = warehouse.query(
        "from metrics.capacity_by_event_type where occurred_on = date '2025-10-27' order by record_id"
    )
    assert [(row["record_label"], row["numerator"]) for row in types] == [
        ("Concert (2 events)", 140),
        ("Gala (1 event)", 60),
    ]


def test_a_figure_without_a_query_is_not_connected(warehouse: RawWarehouse) -> None:
    assert shown(warehouse, "total_limited_capacity", W43) == (None, "no_goal", "not_connected")


def test_inventory_of_a_quarter_and_its_goal(warehouse: RawWarehouse) -> None:
    quarters = warehouse.query(
        "from marts.fct_scorecard_quarterly where line_id = 's.new_inventory_value_q1' order by quarter_start"
    )
    told = {row["quarter_label"]: (row["value"], row["status"]) for row in quarters}
    assert told["2025-Q1"] == (1_162_000, "met")
    assert told["2025-Q4"] == (Decimal("1000.50"), "no_goal")
    assert told["2024-Q4"] == (7, "no_goal")
    left_out = reasons(warehouse, "new_inventory_value_q1", "2025-02-01", "2025-02-01")
    assert list(left_out.values()) == ["no_number"]


def test_response_time_of_answered_tickets(warehouse: RawWarehouse) -> None:
    row = fact(warehouse, "avg_ticket_response_hours", W43)
    assert (row["numerator"], row["denominator"], row["status"]) == (50, 3, "near")  # 16.67 hours, at most 16
    assert reasons(warehouse, "avg_ticket_response_hours") == {
        "11": None,
        "12": None,
        "13": None,
        "14": "unanswered",
        "15": "unanswered",
        "16": "excluded_channel",
        "17": "deleted",
    }
    assert shown(warehouse, "avg_ticket_response_hours_business", W43)[0] == Decimal("1.25")
    assert reasons(warehouse, "avg_ticket_response_hours_business")["12"] == "no_business_hours"
    assert shown(warehouse, "avg_ticket_response_hours", W44)[:2] == (None, "not_applicable")


def test_the_median_is_the_ticket_in_the_middle(warehouse: RawWarehouse) -> None:
    assert shown(warehouse, "median_ticket_response_hours", W43)[0] == 10
    assert shown(warehouse, "median_ticket_response_hours", W42)[0] == 2  # of 30, 60, 180 and 20,000 minutes
    records = warehouse.query(
        "select record_id, reason from intermediate.int_scorecard__contributions "
        "where line_id = 's.median_ticket_response_hours' and week_start = date '2025-10-13'"
    )
    assert {row["record_id"]: row["reason"] for row in records} == {
        "1": None,
        "2": None,
        "3": "slower_than_median",
        "4": "faster_than_median",
    }


def test_a_quarter_s_median_is_that_of_its_records(warehouse: RawWarehouse) -> None:
    """30, 60, 60, 180, 600, 2,340 and 20,000 minutes; the mean of the weeks' middle tickets would be 4.67
    hours."""
    row = fact(warehouse, "median_ticket_response_hours", W43)
    assert (row["quarter_value"], row["trailing_13_value"], row["quarter_status"]) == (3, 3, "no_goal")


def test_a_line_s_median_is_that_of_its_people(warehouse: RawWarehouse) -> None:
    """Sam answered after 60 and 2,340 minutes; the ticket in the middle of the week was somebody else's."""
    rows = warehouse.query(
        "from marts.fct_scorecard_weekly where line_id = 'one.median' and week_label = ?", [W43]
    )
    assert [(row["value"], row["n"]) for row in rows] == [(20, 2)]


def test_the_unanswered_are_counted_apart(warehouse: RawWarehouse) -> None:
    assert shown(warehouse, "tickets_unanswered", W43)[0] == 1
    assert reasons(warehouse, "tickets_unanswered")["15"] == "closed_without_reply"


def test_open_tickets_of_one_desk_and_of_two(warehouse: RawWarehouse) -> None:
    assert shown(warehouse, "open_tickets", W43) == (0, "no_goal", "live")  # looked, and nothing was open
    assert shown(warehouse, "open_tickets", W44) == (2, "no_goal", "provisional")
    assert shown(warehouse, "open_tickets", W42) == (None, "no_goal", "missing")
    assert fact(warehouse, "open_tickets", "2025-W41")["value"] == 2
    labels = warehouse.query(
        "select record_label from metrics.open_tickets where occurred_on = date '2025-10-08' and counted"
        " order by 1"
    )
    assert [row["record_label"] for row in labels] == ["#1 Ticket 1 (open, 7 days)", "#9 (snoozed, 7 days)"]
    people = warehouse.query(
        "select person_key from metrics.open_tickets where occurred_on = date '2025-10-28' and record_id ="
        " '14'"
    )
    assert people == [{"person_key": "sam"}]


def test_a_score_may_be_typed_in(warehouse: RawWarehouse) -> None:
    assert shown(warehouse, "ms_security_score", W43) == (Decimal("0.52"), "no_goal", "manual")


def test_without_smartlead_the_rates_are_those_of_hubspot(make_warehouse: MakeWarehouse) -> None:
    made = make_warehouse("2025-10-28T12:00:00")
    made.add(
        "hubspot.emails",
        [
            HUBSPOT_MAIL | {"id": "1", "hs_email_reply_count": 1},
            HUBSPOT_MAIL | {"id": "2"},
            HUBSPOT_MAIL | {"id": "3", "hs_email_status": "BOUNCED"},
            HUBSPOT_MAIL | {"id": "4", "hs_email_status": "FAILED"},
            HUBSPOT_MAIL | {"id": "5", "archived": True},
            HUBSPOT_MAIL | {"id": "6", "hs_email_direction": "INCOMING_EMAIL"},
            HUBSPOT_MAIL | {"id": "7", "hs_email_open_count": None},
        ],
    )
    made.loaded("hubspot", through=at("2025-10-28T12:00:00"))
    made.build("--select", "+email_reply_rate", "--exclude-resource-type", "test", "unit_test")
    found = made.query("from metrics.email_reply_rate order by record_id")
    told = [(row["record_id"], row["numerator"], row["reason"]) for row in found]
    assert told == [
        ("1", 1, None),
        ("2", 0, None),
        ("3", 0, "bounced"),
        ("4", 0, "not_sent"),
        ("5", 0, "deleted"),
        ("7", 0, "not_tracked"),
    ]

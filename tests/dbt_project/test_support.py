"""Support tickets of Zendesk and Intercom in one shape: the wall clock and office hours, deletions, and what
counts as open."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.dbt_project.conftest import MakeWarehouse
from tests.support.raw_warehouse import RawWarehouse

PEOPLE = """\
person_key,full_name,email,zendesk_email,intercom_email,team,weekly_hours,active_from,active_to
theo,Theo Marsh,theo.marsh@test.example,Theo@test.example,,support,40,2024-01-01,
ada,Ada Lovelace,ada.lovelace@test.example,,ADA@test.example ,support,40,2024-01-01,
"""


@pytest.fixture(scope="module")
def warehouse(make_warehouse: MakeWarehouse) -> RawWarehouse:
    """Monday 2025-10-27, 07:00 in Chicago."""
    made = make_warehouse("2025-10-27T12:00:00", seeds={"people": PEOPLE})
    made.add("zendesk.account", [{"subdomain": "acme", "web_url": "https://acme.zendesk.com"}])
    made.add("zendesk.agents", [{"id": 26363656426259, "email": " Theo@Test.example ", "role": "agent"}])
    ticket: dict[str, Any] = {
        "part": "ticket",
        "generated_timestamp": 100,
        "status": "solved",
        "subject": "Printer",
        "via_channel": "email",
        "assignee_id": 26363656426259,
        "created_at": "2025-10-24T23:30:00-05:00",
        "solved_at": "2025-10-27T10:00:00Z",
        "satisfaction_score": "good",
        "reopens": 1,
        "reply_minutes_calendar": 540,
        "reply_minutes_business": 0,
        "full_resolution_minutes_calendar": 600,
    }
    blank = dict.fromkeys(
        (
            "solved_at",
            "reply_minutes_calendar",
            "reply_minutes_business",
            "full_resolution_minutes_calendar",
            "reopens",
        )
    )
    made.add(
        "zendesk.tickets",
        [
            ticket | {"id": 1},
            ticket | blank | {"id": 2, "status": "pending", "satisfaction_score": "offered"},
            ticket | {"id": 3},
            {
                "id": 3,
                "part": "deleted",
                "generated_timestamp": 200,
                "status": "deleted",
                "subject": "SCRUBBED",
            },
            {"id": 4, "part": "deleted", "generated_timestamp": 200, "status": "deleted"},
            ticket | {"id": 5, "generated_timestamp": 300, "status": "open"},
            {"id": 5, "part": "deleted", "generated_timestamp": 200, "status": "deleted"},
            ticket | {"id": 6},
            ticket
            | blank
            | {
                "id": 6,
                "part": "bare",
                "generated_timestamp": 200,
                "status": "closed",
                "assignee_id": None,
            },
            ticket | {"id": 7, "via_channel": "sample_ticket", "status": "new"},
            ticket | {"id": 8, "reply_minutes_calendar": None, "reply_seconds_calendar": 90},
            ticket | {"id": 9, "submitter_id": 26363656426259, "requester_id": 1},
            ticket | {"id": 10, "submitter_id": 1, "requester_id": 1},
            ticket | blank | {"id": 13, "part": "bare"},
            ticket | blank | {"id": 14, "part": "bare", "status": "open"},
            ticket | blank | {"id": 11},
            ticket | {"id": 12, "reply_minutes_calendar": 2**62},
        ],
    )
    day = {
        "snapshot_at": "2025-10-27T12:00:00Z",
        "snapshot_date": "2025-10-27",
        "created_at": "2025-10-26T12:00:00Z",
    }
    made.add(
        "zendesk.open_tickets",
        [day | {"ticket_id": 2, "status": "pending", "via_channel": "email", "assignee_id": 26363656426259}],
    )
    made.add(
        "zendesk.open_tickets",
        [day | {"ticket_id": 9, "status": "open", "via_channel": "email", "assignee_id": 26363656426259}],
    )
    made.add("intercom.account", [{"app_id": "x1", "web_url": "https://app.eu.intercom.com"}])
    made.add("intercom.admins", [{"id": "7", "email": "ada@test.example"}])
    talk: dict[str, Any] = {
        "created_at": "2025-10-25T00:00:00Z",
        "state": "closed",
        "open": False,
        "delivered_as": "customer_initiated",
        "source_type": "conversation",
        "title": "Outage?",
        "admin_assignee_id": "7",
        "first_contact_reply_at": "2025-10-25T01:00:00Z",
        "first_admin_reply_at": "2025-10-27T13:30:00Z",
        "last_close_at": "2025-10-27T14:00:00Z",
        "time_to_admin_reply": 1_800,
        "count_reopens": 0,
        "rating": 3,
    }
    silent = dict.fromkeys(("first_admin_reply_at", "time_to_admin_reply", "rating", "admin_assignee_id"))
    made.add(
        "intercom.conversations",
        [
            talk | {"id": "1"},
            talk | {"id": "2", "state": "snoozed", "open": True, "rating": 4, "admin_assignee_id": "0"},
            talk | silent | {"id": "3", "ai_agent_participated": True},
            talk | {"id": "4", "delivered_as": "admin_initiated"},
            talk | {"id": "5", "deleted_at": "2025-10-26T00:00:00Z"},
            talk | {"id": "6", "redacted": True, "first_contact_reply_at": None},
            {
                "id": "8",
                "created_at": "2025-10-25T00:00:00Z",
                "state": "closed",
                "delivered_as": "customer_initiated",
            },
            {
                "id": "7",
                "created_at": "2025-10-25T00:00:00Z",
                "open": True,
                "delivered_as": "customer_initiated",
                "count_conversation_parts": 1,
            },
            {
                "id": "10",
                "created_at": "2025-10-25T00:00:00Z",
                "open": True,
                "delivered_as": "customer_initiated",
            },
        ],
    )
    open_talk = day | {"delivered_as": "customer_initiated", "admin_assignee_id": "7"}
    made.add(
        "intercom.open_conversations",
        [
            open_talk | {"conversation_id": "2", "state": "snoozed"},
            open_talk | {"conversation_id": "9", "state": "open", "delivered_as": "automated"},
        ],
    )
    made.build("--select", "+int_desk__open_snapshots", "--indirect-selection", "cautious")
    return made


@pytest.fixture(scope="module")
def rows(warehouse: RawWarehouse) -> dict[str, dict[str, Any]]:
    return {
        f"{row['source']} {row['record_id']}": row
        for row in warehouse.query("from intermediate.int_desk__support_tickets")
    }


def test_the_wall_clock_and_office_hours_are_two_things(rows: dict[str, dict[str, Any]]) -> None:
    ticket, talk = rows["zendesk 1"], rows["intercom 1"]
    shown = (
        "first_reply_minutes",
        "first_reply_business_minutes",
        "reopens",
        "assignee_email",
    )
    assert (ticket["person_key"], talk["person_key"]) == ("theo", "ada"), "by the address of the desk"
    assert [ticket[name] for name in shown] == [540, 0, 1, "theo@test.example"]
    # counted from the customer's first message; the night and the weekend are in it
    assert [talk[name] for name in shown] == [
        Decimal("3630"),
        30,
        0,
        "ada@test.example",
    ]
    assert str(ticket["created_day"]) == "2025-10-24"
    assert (
        rows["intercom 6"]["first_reply_minutes"] == 3690
    )  # without a message of the customer, from the beginning
    assert rows["zendesk 8"]["first_reply_minutes"] == Decimal("1.5")  # seconds only


def test_unanswered_is_null_and_not_zero(rows: dict[str, dict[str, Any]]) -> None:
    for key in ("zendesk 2", "intercom 7"):
        row = rows[key]
        assert (
            row["is_unanswered"],
            row["first_reply_minutes"],
            row["first_reply_business_minutes"],
            row["reason"],
        ) == (
            True,
            None,
            None,
            None,
        )
        assert row["is_open"]


def test_a_reply_that_nobody_tells_is_unknown_and_closed_is_what_the_status_says(
    rows: dict[str, dict[str, Any]],
) -> None:
    told = {
        key: (row["is_unanswered"], row["is_reply_unknown"], row["is_closed"]) for key, row in rows.items()
    }
    assert (
        told["zendesk 13"] == told["zendesk 12"] == (False, True, True)
    )  # no metric set; a reply after billions of years
    assert told["zendesk 14"] == (False, True, False)
    assert told["zendesk 11"] == (True, False, True)  # its metric set says that nobody replied
    assert told["zendesk 2"] == (True, False, False)
    assert told["intercom 8"] == (False, True, True)  # without statistics
    assert told["intercom 10"] == (False, True, False) and told["intercom 7"] == (True, False, False)


def test_what_is_deleted_is_kept_and_left_out(rows: dict[str, dict[str, Any]]) -> None:
    deleted = {key for key, row in rows.items() if row["is_deleted"]}
    assert (
        deleted
        == {"zendesk 3", "zendesk 4", "intercom 5"}
        == {key for key, row in rows.items() if row["reason"] == "deleted"}
    )
    # its week still knows it, its title is gone
    assert (rows["zendesk 3"]["first_reply_minutes"], rows["zendesk 3"]["record_label"]) == (540, "#3")
    assert not any(rows[key]["is_open"] for key in deleted)
    assert (rows["zendesk 5"]["is_open"], rows["zendesk 5"]["record_label"]) == (
        True,
        "#5 Printer",
    )  # restored
    assert rows["intercom 6"]["record_label"] == "#6"  # redacted


def test_metrics_outlive_a_version_without_them(rows: dict[str, dict[str, Any]]) -> None:
    row = rows["zendesk 6"]
    assert (row["status"], row["assignee_email"], row["first_reply_minutes"], row["reopens"]) == (
        "closed",
        None,
        540,
        1,
    )


def test_what_counts_nowhere_says_why(rows: dict[str, dict[str, Any]]) -> None:
    reasons = {key: row["reason"] for key, row in rows.items() if row["reason"] not in (None, "deleted")}
    assert reasons == {
        "zendesk 7": "excluded_channel",
        "zendesk 9": "not_customer_initiated",  # an agent opened it
        "intercom 3": "ai_only",
        "intercom 4": "not_customer_initiated",
    }


def test_receipts_open_where_the_work_is_done(rows: dict[str, dict[str, Any]]) -> None:
    assert rows["zendesk 1"]["record_url"] == "https://acme.zendesk.com/agent/tickets/1"
    assert rows["intercom 1"]["record_url"] == "https://app.eu.intercom.com/a/inbox/x1/inbox/conversation/1"
    assert rows["intercom 2"]["assignee_email"] is None  # 0 is nobody


def test_open_tickets_of_a_day(warehouse: RawWarehouse) -> None:
    rows = warehouse.query("from intermediate.int_desk__open_snapshots order by source desc, record_id")
    shown = [
        (row["source"], row["record_id"], row["is_open"], row["reason"], row["age_hours"]) for row in rows
    ]
    assert shown == [
        ("zendesk", "2", True, None, 24),
        ("zendesk", "9", False, "not_customer_initiated", 24),
        ("intercom", "2", True, None, 24),
        ("intercom", "9", False, "not_customer_initiated", 24),
    ]
    assert [row["record_label"] for row in rows] == ["#2 Printer", "#9 Printer", "#2 Outage?", "#9"]

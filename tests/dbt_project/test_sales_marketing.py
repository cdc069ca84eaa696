"""Marketing and sales activity: what counts in each metric, on which day and for whom, and why the rest is
left out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from foundation.settings import HubSpotSection, MarketingSection
from tests.dbt_project.conftest import PEOPLE, MakeWarehouse
from tests.support.raw_warehouse import RawWarehouse, at, raw_tables
from tests.support.rows import OWNERS, call, contact, deal, link, meeting

LINES = """\
line_id,section,section_label,sort_order,metric_id,label,owners,people,feed,valid_from,valid_to
marketing.mqls,marketing,Marketing,10,mql_count,,maya,,,2025-06-30,
marketing.ads,marketing,Marketing,20,ad_spend,,maya,,,2025-06-30,
marketing.cost,marketing,Marketing,30,cost_per_mql,,maya,,,2025-06-30,
marketing.mails,marketing,Marketing,40,email_campaigns_sent,,maya,,,2025-06-30,
marketing.traffic,marketing,Marketing,50,website_traffic,,maya,,,2025-06-30,
marketing.typed_traffic,marketing,Marketing,60,website_traffic,,maya,,manual,2025-06-30,
"""
GOALS = "line_id,valid_from,valid_to,operator,target,target_2,band,reason\n"
METRICS = (
    *(
        "leads_generated",
        "mql_count",
        "sql_count",
        "cost_per_mql",
        "ad_spend",
        "email_campaigns_sent",
        "website_traffic",
        "forms_count",
        "form_submissions",
    ),
    *("calls_by_rep", "emails_by_rep", "meetings_by_rep", "tasks_by_rep", "notes_by_rep"),
    *("meetings_by_outcome", "meetings_held", "meetings_cancelled", "meetings_no_show", "meeting_attendees"),
    *(
        "activity_response_time",
        "activity_response_time_business",
        "open_deals",
        "pipeline_value",
        "stale_deals",
    ),
    *("win_rate", "avg_deal_size", "sales_cycle_days"),
)
FIGURES = [
    {"snapshot_date": snapshot, "query_name": "mqls", "row_number": number, "day": day, "value": value}
    for snapshot, number, day, value in (
        ("2025-10-27", 1, "2025-10-21", 30),
        ("2025-10-27", 2, None, 9),
        ("2025-10-26", 1, "2025-10-21", 5),
    )
]
STAGES = [
    "other",
    "subscriber",
    "lead",
    "98765",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
]
W37, W41 = date(2025, 9, 8), date(2025, 10, 6)
W42, W43, W44 = date(2025, 10, 13), date(2025, 10, 20), date(2025, 10, 27)


def email(
    id: str, when: str, direction: str = "EMAIL", owner: str | None = "101", status: str = "SENT", **more: Any
) -> dict[str, Any]:
    return {
        "id": id,
        "hs_timestamp": at(when),
        "hs_email_direction": direction,
        "hs_email_status": status,
        "hs_email_subject": f"Mail {id}",
        "hubspot_owner_id": owner,
        "archived": False,
        "created_at": at(when),
        "updated_at": at(when),
    } | more


def activity(id: str, when: str, owner: str | None = "101", **more: Any) -> dict[str, Any]:
    return {
        "id": id,
        "hs_timestamp": at(when),
        "hubspot_owner_id": owner,
        "archived": False,
        "created_at": at(when),
        "updated_at": at(when),
    } | more


def spend(day: str, amount: str, currency: str = "USD") -> dict[str, Any]:
    return {
        "account_id": "1",
        "campaign_id": currency,
        "campaign_name": "Ads",
        "day": day,
        "currency": currency,
        "spend": Decimal(amount),
    }


def fill_marketing(warehouse: RawWarehouse) -> None:
    reached = {"lifecyclestage": "salesqualifiedlead"}
    warehouse.add(
        "hubspot.contacts",
        [
            contact("mql-sunday-evening", became_mql_at=at("2025-10-27T02:00:00"), hubspot_owner_id="101"),
            contact(
                "mql-and-sql",
                became_mql_at=at("2025-10-21T12:00:00"),
                became_sql_at=at("2025-10-23T12:00:00"),
                **reached,
            ),
            contact("skipped-mql", became_sql_at=at("2025-10-23T12:00:00"), **reached),
            contact("no-date", created="2025-10-22T12:00:00", lifecyclestage="marketingqualifiedlead"),
            contact("gone", became_mql_at=at("2025-10-22T12:00:00"), archived=True),
            contact(
                "only-a-lead",
                created="2025-10-22T12:00:00",
                lifecyclestage="lead",
                hs_analytics_source="PAID_SEARCH",
            ),
            *(
                contact(f"stage-{stage}", created="2025-10-07T12:00:00", lifecyclestage=stage)
                for stage in ("subscriber", "other", "Lead", "98765", "55555", "evangelist")
            ),
            contact(
                "back-again",
                created="2025-10-01T12:00:00",
                lifecyclestage="subscriber",
                became_lead_at=at("2025-10-07T12:00:00"),
            ),
            contact("7"),
            contact("8"),
            contact("9"),
        ],
    )
    warehouse.add(
        "google_ads.accounts",
        [{"id": "1", "name": "Main", "currency": "USD", "time_zone": "America/Chicago"}],
    )
    warehouse.add(
        "google_ads.spend",
        [
            spend("2025-10-26", "100.10"),
            spend("2025-10-20", "49.90"),
            spend("2025-10-13", "80"),
            spend("2025-10-21", "70", "EUR"),
        ],
    )
    sent = {"type": "BATCH_EMAIL", "state": "PUBLISHED", "is_published": True}
    draft = {"type": "BATCH_EMAIL", "state": "DRAFT", "is_published": False}
    warehouse.add(
        "hubspot.marketing_mails",
        [
            sent | {"id": "sunday", "name": "News", "published_at": at("2025-10-27T03:00:00")},
            draft | {"id": "draft", "planned_at": at("2025-10-22T12:00:00")},
            sent | {"id": "welcome", "type": "AUTOMATED_EMAIL", "published_at": at("2025-10-22T12:00:00")},
            sent | {"id": "gone", "published_at": at("2025-10-22T12:00:00"), "archived": True},
            # whatever the kind, an automation sends it
            sent | {"id": "nurture", "state": "AUTOMATED_SENDING", "published_at": at("2025-10-15T12:00:00")},
            sent | {"id": "feed", "type": "RSS_EMAIL", "published_at": at("2025-10-15T12:00:00")},
            sent
            | {
                "id": "test-a",
                "type": "AB_EMAIL",
                "state": "PUBLISHED_AB",
                "published_at": at("2025-10-15T12:00:00"),
            },
            sent
            | {
                "id": "test-b",
                "type": "AB_EMAIL",
                "state": "PUBLISHED_AB_VARIANT",
                "published_at": at("2025-10-15T12:00:00"),
            },
            sent | {"id": "zones", "type": "localtime_email", "published_at": at("2025-10-15T12:00:00")},
            sent | {"id": "novel", "type": "HOLOGRAM_EMAIL", "published_at": at("2025-10-15T12:00:00")},
        ],
    )
    warehouse.add(
        "hubspot.web_traffic",
        [
            {"day": day, "source": name, "sessions": n}
            for day, name, n in (("2025-10-20", "organic", 40), ("2025-10-26", "paid", 2))
        ],
    )
    warehouse.add(
        "hubspot.forms",
        [
            {
                "id": "old",
                "name": "Old",
                "created_at": at("2024-01-01T12:00:00"),
                "archived": True,
                "archived_at": at("2025-08-01T12:00:00"),
            },
            {"id": "kept", "name": "<b>Kept</b>", "created_at": at("2024-01-01T12:00:00"), "archived": False},
            # made on the last evening of the third quarter, the day after in UTC
            {"id": "new", "name": "New", "created_at": at("2025-09-29T03:00:00"), "archived": False},
        ],
    )
    warehouse.add(
        "hubspot.form_submissions",
        [{"form_id": "kept", "conversion_id": str(n), "submitted_at": at(when), "email": "who@client.example"}
         for n, when in enumerate(("2025-09-29T03:00:00", "2025-09-29T06:00:00", "2025-10-22T12:00:00"))],
    )  # fmt: skip


def fill_activities(warehouse: RawWarehouse) -> None:
    warehouse.add("hubspot.owners", OWNERS)
    warehouse.add(
        "hubspot.calls",
        [
            call("out", "2025-10-20T15:00:00"),
            call("in", "2025-10-21T15:00:00", direction="INBOUND"),
            call("sunday-evening", "2025-10-27T02:00:00", owner="102"),
            call("gone", "2025-10-21T15:00:00", archived=True),
            call("nobody", "2025-10-21T15:00:00", owner=None),
            call("missed-or-not", "2025-09-21T15:00:00", direction=None),
        ],
    )
    warehouse.add(
        "hubspot.emails",
        [
            email("sent", "2025-10-21T15:00:00"),
            email("theirs", "2025-10-21T15:00:00", "INCOMING_EMAIL"),
            email("bounced", "2025-10-21T15:00:00", status="BOUNCED"),
            email("planned", "2025-10-21T15:00:00", status="SCHEDULED"),
            email("gone", "2025-10-21T15:00:00", archived=True),
            email("no-direction", "2025-10-21T15:00:00", None),  # type: ignore[arg-type]
            # unheard for more than fourteen days: what the contact asks then is another question
            email("unheard", "2025-09-01T15:00:00", "INCOMING_EMAIL"),
            email("unheard-again", "2025-09-15T15:00:00", "INCOMING_EMAIL"),
            email("asked-anew", "2025-09-16T15:00:00", "INCOMING_EMAIL"),
            email("heard", "2025-09-17T15:00:00"),
            # Friday 16:00 in Chicago, answered on Monday at 08:30: 64.5 hours, 1.5 of them in business
            email("asked", "2025-10-17T21:00:00", "INCOMING_EMAIL"),
            email("asked-again", "2025-10-18T21:00:00", "INCOMING_EMAIL"),
            email("answer", "2025-10-20T13:30:00", owner="102"),
            # Sunday 21:00 local, answered at 22:30 the same night
            email("night", "2025-10-27T02:00:00", "INCOMING_EMAIL"),
            email("night-answer", "2025-10-27T03:30:00"),
            email("forgotten", "2025-10-01T15:00:00", "INCOMING_EMAIL"),
            email("too-late", "2025-10-16T15:00:00"),
        ],
    )
    warehouse.add(
        "hubspot.associations",
        [
            *(
                row
                for id in ("unheard", "unheard-again", "asked-anew", "heard")
                for row in link("email", id, "6")
            ),
            *link("email", "no-direction", "5"),
            *link("call", "missed-or-not", "5"),
            *link("email", "asked", "7"),
            *link("email", "asked-again", "7"),
            *link("email", "answer", "7"),
            *link("email", "night", "8"),
            *link("email", "night-answer", "8"),
            *link("email", "forgotten", "9"),
            *link("email", "too-late", "9"),
            *link("meeting", "held", "7", "8"),
        ],
    )
    warehouse.add(
        "hubspot.meetings",
        [
            meeting("held", "2025-10-01T12:00:00", "2025-10-21T15:00:00", hs_attendee_owner_ids="101;102"),
            meeting("cancelled", "2025-10-01T12:00:00", "2025-10-21T15:00:00", "Cancelled"),
            meeting("moved", "2025-10-01T12:00:00", "2025-10-21T15:00:00", "RESCHEDULED"),
            meeting("missed", "2025-10-01T12:00:00", "2025-10-21T15:00:00", "NO SHOW"),
            meeting("untold", "2025-10-01T12:00:00", "2025-10-22T15:00:00", None),
            meeting("ahead", "2025-10-01T12:00:00", "2025-10-29T15:00:00", "SCHEDULED"),
            meeting("deleted", "2025-10-01T12:00:00", "2025-10-21T15:00:00", archived=True),
            # this morning, and this afternoon
            meeting("morning", "2025-10-01T12:00:00", "2025-10-27T11:59:00", None),
            meeting("afternoon", "2025-10-01T12:00:00", "2025-10-27T19:00:00", "COMPLETED"),
            # the calendars of two colleagues, of whom one also typed it in
            meeting(
                "both",
                "2025-09-02T12:00:00",
                "2025-09-09T15:00:00",
                hs_i_cal_uid="u1",
                hs_attendee_owner_ids="101;102",
            ),
            meeting(
                "both-victor", "2025-09-03T12:00:00", "2025-09-09T15:00:00", owner="102", hs_i_cal_uid="u1"
            ),
            meeting("both-again", "2025-09-03T12:00:00", "2025-09-09T15:00:00", hs_i_cal_uid="u1"),
            # the next one of the series
            meeting("series", "2025-09-02T12:00:00", "2025-09-10T15:00:00", hs_i_cal_uid="u1"),
        ],
    )
    warehouse.add(
        "hubspot.tasks",
        [
            activity(
                "done",
                "2025-10-20T12:00:00",
                hs_task_status="COMPLETED",
                hs_task_completion_date=at("2025-10-27T02:00:00"),
            ),
            activity("open", "2025-10-21T12:00:00", hs_task_status="NOT_STARTED"),
            activity(
                "reopened",
                "2025-10-21T12:00:00",
                hs_task_status="NOT_STARTED",
                hs_task_completion_date=at("2025-10-21T12:00:00"),
            ),
        ],
    )
    warehouse.add("hubspot.account", [{"portal_id": "1", "company_currency": "GBP"}])
    warehouse.add(
        "hubspot.notes",
        [activity("note", "2025-10-21T12:00:00"), activity("nobody", "2025-10-21T12:00:00", owner=None)],
    )


def fill_deals(warehouse: RawWarehouse) -> None:
    stages = (("first", False, "0.1"), ("won", True, "1"), ("lost", True, "0"), ("unfit", True, "0"))
    warehouse.add(
        "hubspot.deal_stages",
        [
            {"pipeline_id": "default", "id": id, "is_closed": closed, "probability": Decimal(chance)}
            for id, closed, chance in stages
        ],
    )
    warehouse.add(
        "hubspot.deals",
        [
            # open all the time, last touched by a note of 2025-09-20 on its contact: stale from 2025-10-21 on
            deal(
                "quiet",
                "first",
                "2025-09-01T12:00:00",
                None,
                amount=1000,
                stage_entered_at=at("2025-09-01T12:00:00"),
            ),
            # exactly thirty days on Sunday 2025-10-26, thirty-one on Monday
            deal("edge", "first", "2025-09-26T12:00:00", None, amount=None),
            deal("planned", "first", "2025-08-01T12:00:00", None, amount=400),
            deal("euro", "first", "2025-10-20T12:00:00", None, amount=70, deal_currency_code="EUR"),
            # closed on Sunday evening, the day after in UTC: no longer open at the end of W43
            deal("won", "won", "2025-10-06T12:00:00", "2025-10-27T02:00:00", amount=5000),
            deal("won-early", "won", "2025-08-25T12:00:00", "2025-10-14T12:00:00", amount=2000),
            deal("won-no-amount", "won", "2025-10-22T12:00:00", "2025-10-22T15:00:00", amount=None),
            deal("won-euro", "won", "2025-10-20T12:00:00", "2025-10-22T15:00:00", deal_currency_code="EUR"),
            deal("lost", "lost", "2025-10-06T12:00:00", "2025-10-22T12:00:00"),
            deal("unfit", "unfit", "2025-10-06T12:00:00", "2025-10-22T12:00:00"),
            deal("other", "won", "2025-10-06T12:00:00", "2025-10-22T12:00:00", pipeline="service"),
            # the portal's currency is the pound
            deal(
                "won-no-currency",
                "won",
                "2025-10-06T12:00:00",
                "2025-10-08T12:00:00",
                deal_currency_code=None,
            ),
            deal("gone", "lost", "2025-10-06T12:00:00", "2025-10-22T12:00:00", archived=True),
        ],
    )
    warehouse.add(
        "hubspot.deal_stages",
        [{"pipeline_id": "service", "id": "won", "is_closed": True, "probability": Decimal(1)}],
    )
    warehouse.add("hubspot.notes", [activity("touch", "2025-09-20T12:00:00")])
    warehouse.add(
        "hubspot.meetings", [meeting("visit", "2025-10-02T12:00:00", "2025-11-20T15:00:00", "SCHEDULED")]
    )
    warehouse.add(
        "hubspot.associations",
        [
            *link("deal", "quiet", "only-a-lead"),
            *link("note", "touch", "only-a-lead"),
            {"from_type": "meeting", "from_id": "visit", "to_type": "deal", "to_id": "planned"},
        ],
    )


@pytest.fixture(scope="module")
def warehouse(make_warehouse: MakeWarehouse) -> RawWarehouse:
    """Monday 2025-10-27, 07:00 in Chicago."""
    made = make_warehouse(
        "2025-10-27T12:00:00", seeds={"people": PEOPLE, "scorecard_lines": LINES, "goals": GOALS}
    )
    made.company = made.company.model_copy(
        update={
            "hubspot": HubSpotSection(
                **made.company.hubspot.model_dump()
                | {
                    "disqualified_stages": ["unfit"],
                    "lifecycle_stages": STAGES,
                }
            ),
            "marketing": MarketingSection(mql_query="mqls"),
        }
    )
    made.prepare()
    fill_marketing(made)
    fill_activities(made)
    fill_deals(made)
    for source in ("hubspot", "google_ads", "company_warehouse"):
        there = [table for table in raw_tables()[source] if table != "web_traffic"]
        made.loaded(source, through=at("2025-10-27T11:55:00"), tables=there)
    # of no account here: the portal's plan lacks them
    made.loaded("hubspot", "not_available", tables=["web_traffic"], finished=at("2025-10-27T11:56:00"))
    made.add("company_warehouse.figures", FIGURES)
    selected = [f"+{name}" for name in (*METRICS, "fct_lead_sources", "fct_sales_open_deals", "fct_unmapped")]
    made.build("--select", *selected, "+int_scorecard__coverage", "--exclude", "test_type:singular")
    return made


def rows(warehouse: RawWarehouse, metric: str) -> list[dict[str, Any]]:
    return warehouse.query(f"select * from metrics.{metric} order by occurred_on, record_id")


def value(warehouse: RawWarehouse, metric: str, week: date) -> tuple[Decimal, Decimal]:
    """Numerator and denominator of a week."""
    found = warehouse.query(
        "select coalesce(sum(numerator), 0) as up, coalesce(sum(denominator), 0) as down from"
        f" metrics.{metric} where counted and date_trunc('week', occurred_on) = ?",
        [week],
    )[0]
    return Decimal(str(found["up"])), Decimal(str(found["down"]))


def reasons(warehouse: RawWarehouse, metric: str, ids: Iterable[str] | None = None) -> dict[str, str | None]:
    return {
        row["record_id"]: row["reason"]
        for row in rows(warehouse, metric)
        if ids is None or row["record_id"] in ids
    }


def test_leads_count_once_on_the_day_of_their_first_entry(warehouse: RawWarehouse) -> None:
    assert reasons(warehouse, "mql_count") == {
        "mql-sunday-evening": None,
        "mql-and-sql": None,
        "no-date": "no_stage_date",
        "gone": "deleted",
    }
    assert value(warehouse, "mql_count", W43)[0] == 2 and value(warehouse, "mql_count", W44)[0] == 0
    assert reasons(warehouse, "sql_count") == {"mql-and-sql": None, "skipped-mql": None}
    assert {row["source"] for row in rows(warehouse, "mql_count")} == {
        "hubspot"
    }  # the company's own figures are not added


def test_only_stages_from_lead_on_make_a_lead(warehouse: RawWarehouse) -> None:
    assert {
        id: reason
        for id, reason in reasons(warehouse, "leads_generated").items()
        if id.startswith(("stage", "back"))
    } == {
        "stage-Lead": None,
        "stage-98765": None,  # the company's own, between lead and MQL
        "stage-evangelist": None,
        "stage-subscriber": "no_lead_stage",
        "stage-other": "no_lead_stage",
        "stage-55555": "unknown_stage",
        "back-again": None,  # HubSpot dated the stage
    }
    assert value(warehouse, "leads_generated", W41)[0] == 4


def test_what_no_setting_knows_is_told(warehouse: RawWarehouse) -> None:
    found = warehouse.query(
        "from marts.fct_unmapped where kind in ('lifecycle_stage', 'mail_type', 'currency') order by kind"
    )
    assert [(row["kind"], row["value_id"], row["records"]) for row in found] == [
        ("currency", "GBP", 1),
        ("lifecycle_stage", "55555", 1),
        ("mail_type", "HOLOGRAM_EMAIL", 1),
    ]
    assert "company.toml counts in USD" in found[0]["way_out"]


def test_leads_by_source(warehouse: RawWarehouse) -> None:
    found = warehouse.query("select * from marts.fct_lead_sources order by all")
    rows = [tuple(row.values()) for row in found]
    assert rows == [
        (date(2025, 1, 13), "UNKNOWN", 2, 1, 2),  # two contacts of January; stages that came later are theirs
        (W41, "UNKNOWN", 4, 0, 0),
        (W43, "PAID_SEARCH", 1, 0, 0),
        (W43, "UNKNOWN", 1, 0, 0),
    ]


def test_cost_per_lead_of_the_same_week(warehouse: RawWarehouse) -> None:
    assert value(warehouse, "ad_spend", W43)[0] == 150
    assert value(warehouse, "cost_per_mql", W43) == (150, 2)
    assert value(warehouse, "cost_per_mql", W42) == (
        80,
        0,
    )  # no lead: no cost per lead, however much was spent
    assert [
        row["reason"]
        for row in rows(warehouse, "cost_per_mql")
        if row["record_id"].startswith("google_ads:1:EUR")
    ] == ["other_currency"]


def test_campaigns_forms_and_traffic(warehouse: RawWarehouse) -> None:
    assert reasons(warehouse, "email_campaigns_sent") == {
        "sunday": None,
        "draft": "not_sent",
        "welcome": "automated",
        "gone": "deleted",
        "nurture": "automated",
        "feed": "automated",
        "test-a": None,
        "test-b": "sub_campaign",
        "zones": None,
        "novel": "unknown_mail_type",
    }
    assert value(warehouse, "email_campaigns_sent", W43)[0] == 1
    assert value(warehouse, "website_traffic", W43)[0] == 42
    forms = {(row["record_id"], row["occurred_on"]): row["reason"] for row in rows(warehouse, "forms_count")}
    assert forms == {
        ("old", date(2025, 9, 28)): "archived",
        ("kept", date(2025, 9, 28)): None,
        ("new", date(2025, 9, 28)): None,
        ("kept", date(2025, 10, 27)): None,
        ("new", date(2025, 10, 27)): None,
    }
    days = [row["occurred_on"] for row in rows(warehouse, "form_submissions")]
    assert days == [date(2025, 9, 28), date(2025, 9, 29), date(2025, 10, 22)]
    assert "who@client.example" not in str(rows(warehouse, "form_submissions"))


def test_coverage_of_optional_tables_and_of_sources_that_stand_for_each_other(
    warehouse: RawWarehouse,
) -> None:
    coverage = warehouse.query("from intermediate.int_scorecard__coverage")
    assert {
        row["line_id"]: (row["is_not_connected"], row["complete_through"] is not None) for row in coverage
    } == {
        "marketing.mqls": (False, True),
        "marketing.ads": (False, True),
        "marketing.cost": (False, True),
        "marketing.mails": (False, True),
        "marketing.traffic": (False, False),  # the plan lacks it
        "marketing.typed_traffic": (True, False),  # nothing was typed in yet
    }


def test_activities_of_reps(warehouse: RawWarehouse) -> None:
    assert reasons(warehouse, "calls_by_rep", ("out", "in", "sunday-evening", "gone", "nobody")) == {
        "out": None,
        "in": None,
        "sunday-evening": None,
        "gone": "deleted",
        "nobody": "no_owner",
    }
    assert value(warehouse, "calls_by_rep", W43)[0] == 3
    assert {
        row["record_id"]: row["person_key"] for row in rows(warehouse, "calls_by_rep") if row["counted"]
    } == {
        "missed-or-not": "maya",
        "out": "maya",
        "in": "maya",
        "sunday-evening": "victor",
    }
    mails = reasons(
        warehouse, "emails_by_rep", ("sent", "theirs", "bounced", "planned", "gone", "no-direction")
    )
    assert mails == {
        "sent": None,
        "theirs": "incoming",
        "bounced": "bounced",
        "planned": "not_sent",
        "gone": "deleted",
        "no-direction": "no_direction",
    }
    assert reasons(warehouse, "tasks_by_rep") == {
        "done": None,
        "open": "not_complete",
        "reopened": "not_complete",
    }
    assert value(warehouse, "tasks_by_rep", W43)[0] == 1
    assert reasons(warehouse, "notes_by_rep", ("note", "nobody")) == {"note": None, "nobody": "no_owner"}


def test_meetings_by_rep_and_by_outcome(warehouse: RawWarehouse) -> None:
    by_rep = {
        (row["record_id"], row["person_key"]): row["reason"]
        for row in rows(warehouse, "meetings_by_rep")
        if row["record_id"] != "visit"
    }
    assert by_rep == {
        ("held", "maya"): None,
        ("held", "victor"): None,
        ("cancelled", "maya"): "canceled",
        ("moved", "maya"): "rescheduled",
        ("missed", "maya"): None,
        ("untold", "maya"): None,
        ("ahead", "maya"): "not_yet",
        ("deleted", "maya"): "deleted",
        ("morning", "maya"): None,
        ("afternoon", "maya"): "not_yet",
        ("both", "maya"): None,
        ("both", "victor"): None,
        ("series", "maya"): None,
    }
    assert value(warehouse, "meetings_by_outcome", W43)[0] == 5  # held, cancelled, moved, missed, untold
    assert [
        value(warehouse, name, W43)[0] for name in ("meetings_held", "meetings_cancelled", "meetings_no_show")
    ] == [1, 1, 1]
    held = reasons(warehouse, "meetings_held", ("cancelled", "moved", "missed", "untold", "ahead"))
    expected = {
        "cancelled": "canceled",
        "moved": "rescheduled",
        "missed": "no_show",
        "untold": "no_outcome",
        "ahead": "not_yet",
    }
    assert held == expected
    assert value(warehouse, "meeting_attendees", W43)[0] == 4  # two colleagues and two contacts
    due = reasons(warehouse, "meetings_by_outcome", ("morning", "afternoon"))
    assert due == {"morning": None, "afternoon": "not_yet"} and value(warehouse, "meetings_held", W44)[0] == 0


def test_a_meeting_in_two_calendars_is_one(warehouse: RawWarehouse) -> None:
    """A line counts each record once, and both colleagues have the same one."""
    held = [row for row in rows(warehouse, "meetings_held") if row["occurred_on"] == date(2025, 9, 9)]
    assert sorted((row["record_id"], row["person_key"], row["reason"] or "") for row in held) == [
        ("both", "maya", ""),
        ("both", "victor", ""),
        ("both-again", "maya", "same_meeting"),
    ]
    invited = [row["numerator"] for row in rows(warehouse, "meeting_attendees") if row["record_id"] == "both"]
    assert invited == [2, 2]
    meta = warehouse.query(
        "from intermediate.int_scorecard__metrics where metric_id in ('meetings_held', 'ftas_set',"
        " 'w250_ftas_set')"
    )
    assert [row["distinct_for_team"] for row in meta] == [True] * 3


def test_response_time(warehouse: RawWarehouse) -> None:
    found = {row["record_id"]: row for row in rows(warehouse, "activity_response_time")}
    assert {key: row["reason"] for key, row in found.items()} == {
        "asked": None,
        "asked-again": "same_wait",
        "night": None,
        "forgotten": "unanswered",  # the answer took longer than fourteen days
        "unheard": "unanswered",
        "unheard-again": "same_wait",  # exactly fourteen days later
        "asked-anew": None,
        "no-direction": "no_direction",
        "missed-or-not": "no_direction",
    }
    assert found["asked-anew"]["numerator"] == 24
    assert (found["asked"]["numerator"], found["asked"]["person_key"], found["asked"]["occurred_on"]) == (
        Decimal("64.5"),
        "victor",
        date(2025, 10, 17),
    )
    assert found["night"]["numerator"] == Decimal("1.5") and found["night"]["occurred_on"] == date(
        2025, 10, 26
    )
    business = {
        row["record_id"]: row["numerator"]
        for row in rows(warehouse, "activity_response_time_business")
        if row["counted"]
    }
    assert business == {"asked": Decimal("1.5"), "night": 0, "asked-anew": 9}


def of_day(warehouse: RawWarehouse, metric: str, day: date) -> dict[str, str | None]:
    return {row["record_id"]: row["reason"] for row in rows(warehouse, metric) if row["occurred_on"] == day}


def test_the_pipeline_at_the_end_of_each_week(warehouse: RawWarehouse) -> None:
    sunday, today = date(2025, 10, 26), date(2025, 10, 27)
    assert set(of_day(warehouse, "open_deals", sunday)) == {"quiet", "edge", "planned", "euro"}
    assert set(of_day(warehouse, "open_deals", date(2025, 10, 19))) == {
        "quiet",
        "edge",
        "planned",
        "won",
        "lost",
        "unfit",
    }
    money = {
        row["record_id"]: row["numerator"]
        for row in rows(warehouse, "pipeline_value")
        if row["occurred_on"] == sunday and row["counted"]
    }
    assert money == {"quiet": 1000, "planned": 400}
    assert of_day(warehouse, "pipeline_value", sunday)["edge"] == "no_amount"
    assert of_day(warehouse, "pipeline_value", sunday)["euro"] == "other_currency"
    # before the first deal the pipeline was empty, which is a number
    empty = [row for row in rows(warehouse, "open_deals") if row["occurred_on"] == date(2025, 7, 6)]
    assert [(row["record_type"], row["numerator"], row["counted"]) for row in empty] == [
        ("snapshot", 0, True)
    ]
    stale = of_day(warehouse, "stale_deals", sunday)
    assert stale == {"quiet": None, "edge": "not_stale", "planned": "not_stale", "euro": "not_stale"}
    assert of_day(warehouse, "stale_deals", today)["edge"] is None
    # a week in which nothing is stale is a zero
    fresh = [row for row in rows(warehouse, "stale_deals") if row["occurred_on"] == date(2025, 8, 10)]
    assert [(row["record_id"], row["numerator"], row["reason"]) for row in fresh] == [
        ("2025-08-10", 0, None),
        ("planned", 1, "not_stale"),
    ]


def test_the_pipeline_now_by_probability(warehouse: RawWarehouse) -> None:
    now = warehouse.query("from marts.fct_sales_open_deals where is_now")
    found = {row["deal_id"]: (row["amount"], row["weighted"], row["stale_days"] is not None) for row in now}
    assert found == {
        "quiet": (1000, 100, True),
        "edge": (None, None, True),
        "planned": (400, 40, False),
        "euro": (None, None, False),
    }


def test_closed_deals(warehouse: RawWarehouse) -> None:
    assert reasons(warehouse, "win_rate") == {
        "won": None,
        "won-early": None,
        "won-no-amount": None,
        "won-euro": None,
        "won-no-currency": None,
        "lost": None,
        "unfit": "disqualified",
        "other": "other_pipeline",
        "gone": "deleted",
    }
    assert value(warehouse, "win_rate", W43) == (3, 4)
    sizes = {row["record_id"]: (row["numerator"], row["reason"]) for row in rows(warehouse, "avg_deal_size")}
    assert sizes["won"] == (5000, None)
    assert (sizes["won-no-amount"][1], sizes["won-euro"][1]) == ("no_amount", "other_currency")
    assert sizes["won-no-currency"][1] == "other_currency"
    days = {
        row["record_id"]: row["numerator"] for row in rows(warehouse, "sales_cycle_days") if row["counted"]
    }
    assert days == {"won": 20, "won-early": 50, "won-no-amount": 0, "won-euro": 2, "won-no-currency": 2}


def test_without_hubspot_the_companys_own_figures_tell(make_warehouse: MakeWarehouse) -> None:
    made = make_warehouse(
        "2025-10-27T12:00:00", seeds={"people": PEOPLE, "scorecard_lines": LINES, "goals": GOALS}
    )
    made.company = made.company.model_copy(update={"marketing": MarketingSection(mql_query="mqls")})
    made.prepare()
    made.loaded("hubspot", "not_connected")
    made.loaded("company_warehouse", through=at("2025-10-27T11:55:00"))
    made.add("hubspot.contacts", [contact("of-before", became_mql_at=at("2025-10-21T12:00:00"))])
    made.add("company_warehouse.figures", FIGURES)
    made.add(
        "company_warehouse.queries",
        [{"snapshot_date": "2025-10-27", "query_name": "mqls", "status": "ok", "row_count": 2}],
    )
    made.build(
        "--select", "+mql_count", "+sql_count", "+int_scorecard__coverage", "--exclude", "test_type:singular"
    )
    assert value(made, "mql_count", W43)[0] == 30
    assert [row["reason"] for row in rows(made, "mql_count")] == [None, "no_date"]
    assert rows(made, "sql_count") == []
    lines = {
        row["line_id"]: row["is_not_connected"]
        for row in made.query("from intermediate.int_scorecard__coverage")
    }
    assert lines["marketing.mqls"] is False
    assert lines["marketing.cost"] is True  # leads are there, no ad platform is

"""The marts of the sales pages: the golden figures, the funnel with skipped and open ones, the pipeline of a
past Monday, comparisons with the year before, and the same shape out of Copper."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from foundation.settings import CopperSection, HubSpotSection
from tests.dbt_project.conftest import PEOPLE, MakeWarehouse
from tests.support.raw_warehouse import RawWarehouse, at, raw_tables
from tests.support.rows import OWNERS, call, contact, deal, link, meeting

LINES = """\
line_id,section,section_label,sort_order,metric_id,label,owners,people,feed,valid_from,valid_to
sales.revenue,sales,Sales,10,revenue_target_attainment,,maya,,,2025-01-01,
sales.calls,sales,Sales,20,calls_by_rep,,maya,maya;victor,,2025-01-01,
sales.meetings,sales,Sales,30,meetings_by_rep,,maya,maya,,2025-01-01,
"""
GOALS = """\
line_id,valid_from,valid_to,operator,target,target_2,band,reason,per,kind,tolerance
sales.revenue,2025-01-01,2025-08-31,>=,50000,,0.10,first,,,
sales.revenue,2025-09-01,,>=,100000,,0.10,raised,,,
sales.calls,2025-10-20,,>=,15,,0.10,first,person_day,,
sales.meetings,2025-10-20,,>=,5,,0.10,first,person_week,,
"""
STAGES = (
    ("first", "First", 0, False, Decimal("0.1")),
    ("second", "Second", 1, False, Decimal("0.4")),
    ("won", "Won", 2, True, Decimal(1)),
    ("lost", "Lost", 3, True, Decimal(0)),
    ("unfit", "Unfit", 4, True, Decimal(0)),
)
MONDAY = date(2025, 10, 27)


def history(deal_id: str, *changes: tuple[str, str, str]) -> list[dict[str, Any]]:
    """(property, value, instant) rows of one deal."""
    return [
        {"deal_id": deal_id, "property": name, "value": value, "set_at": at(when)}
        for name, value, when in changes
    ]


def fill_golden(warehouse: RawWarehouse) -> None:
    """100 closed deals of maya's: 27 won at 15,717 each after 105 days."""
    made = date(2025, 5, 1)
    closed = made + timedelta(days=105)
    warehouse.add(
        "hubspot.deals",
        [
            deal(
                f"golden-{n}",
                "won" if n < 27 else "lost",
                f"{made}T15:00:00",
                f"{closed}T15:00:00",
                "101",
                amount=15_717,
            )
            | ({} if n % 2 else {"closed_lost_reason": "Price"})
            for n in range(100)
        ],
    )


def fill_pipeline(warehouse: RawWarehouse) -> None:
    warehouse.add("hubspot.owners", OWNERS)
    warehouse.add(
        "hubspot.deal_stages",
        [
            dict(zip(("id", "label", "display_order", "is_closed", "probability"), stage, strict=True))
            | {"pipeline_id": "default"}
            for stage in STAGES
        ],
    )
    warehouse.add(
        "hubspot.deals",
        [
            # now: second stage, 1,500, victor's, to be closed on 5 November
            deal("moved", "second", "2025-10-01T15:00:00", "2025-11-05T15:00:00", "102", amount=1_500),
            deal("overdue", "first", "2025-08-01T15:00:00", "2025-10-01T15:00:00", "109", amount=None),
            deal("unfit", "unfit", "2025-08-01T15:00:00", "2025-08-20T15:00:00", "102"),
            deal(
                "gone",
                "first",
                "2025-08-01T15:00:00",
                None,
                "102",
                archived=True,
                updated_at=at("2025-08-02T15:00:00"),
            ),
            deal("elsewhere", "first", "2025-08-01T15:00:00", None, "102", pipeline="service"),
            deal("long-ago", "lost", "2023-10-02T15:00:00", "2023-12-02T15:00:00", None),  # type: ignore[arg-type]
        ],
    )
    warehouse.add(
        "hubspot.deal_history",
        [
            *history(
                "moved",
                ("dealstage", "first", "2025-10-01T15:00:00"),
                ("amount", "1000", "2025-10-01T15:00:00"),
                ("hubspot_owner_id", "101", "2025-10-01T15:00:00"),
                ("closedate", "2025-10-20T15:00:00Z", "2025-10-01T15:00:00"),
                ("dealstage", "second", "2025-10-08T15:00:00"),
                ("amount", "1500", "2025-10-15T15:00:00"),
                ("closedate", "2025-11-20T15:00:00Z", "2025-10-16T15:00:00"),
                ("hubspot_owner_id", "102", "2025-10-21T15:00:00"),
                # pulled in again, as milliseconds: no push
                ("closedate", "1762354800000", "2025-10-23T15:00:00"),
            ),
            # an amount that was taken away is none
            *history(
                "overdue", ("amount", "700", "2025-08-01T15:00:00"), ("amount", "", "2025-08-15T15:00:00")
            ),
            *history(
                "overdue",
                ("dealstage", "first", "2025-08-01T15:00:00"),
                ("hubspot_owner_id", "109", "2025-08-01T15:00:00"),
            ),
            *history("overdue", ("closedate", "2025-10-01T15:00:00Z", "2025-08-01T15:00:00")),
        ],
    )


def fill_funnel(warehouse: RawWarehouse) -> None:
    paid = {"hs_analytics_source": "PAID_SEARCH", "lifecyclestage": "lead", "hubspot_owner_id": "101"}
    won: dict[str, Any] = paid | {
        "lifecyclestage": "customer",
        "became_customer_at": at("2025-06-01T15:00:00"),
    }
    warehouse.add(
        "hubspot.contacts",
        [
            # through every stage but opportunity
            contact(
                "all-but-one",
                became_lead_at=at("2025-01-10T15:00:00"),
                became_mql_at=at("2025-02-01T15:00:00"),
                became_sql_at=at("2025-02-10T15:00:00"),
                became_customer_at=at("2025-05-01T15:00:00"),
                **{**paid, "lifecyclestage": "customer"},
            ),
            # never an MQL by date: entered and passed it on the day of the SQL
            contact(
                "skipped",
                became_sql_at=at("2025-03-01T15:00:00"),
                **{**paid, "lifecyclestage": "salesqualifiedlead"},
            ),
            contact("dropped", hs_lead_status="UNQUALIFIED", **paid),
            *(contact(f"open-{n}", hs_lead_status="OPEN", **paid) for n in range(7)),
            *(contact(f"customer-{n}", **won) for n in range(2)),
            contact(
                "few",
                hs_analytics_source="REFERRALS",
                lifecyclestage="customer",
                became_customer_at=at("2025-06-01T15:00:00"),
            ),
            contact("no-lead"),
            contact("deleted", archived=True, **paid),
            contact("old", created="2024-01-15T12:00:00", **paid),
        ],
    )


@pytest.fixture(scope="module")
def warehouse(make_warehouse: MakeWarehouse) -> RawWarehouse:
    """Monday 2025-10-27, 07:00 in Chicago."""
    made = make_warehouse(
        "2025-10-27T12:00:00", seeds={"people": PEOPLE, "scorecard_lines": LINES, "goals": GOALS}
    )
    hubspot = HubSpotSection(**made.company.hubspot.model_dump() | {"disqualified_stages": ["unfit"]})
    made.company = made.company.model_copy(update={"hubspot": hubspot})
    made.prepare()
    fill_golden(made)
    fill_pipeline(made)
    fill_funnel(made)
    made.add(
        "hubspot.calls",
        [
            call("monday", "2025-10-20T15:00:00"),
            call("before", "2025-10-17T15:00:00"),
            call("year-before", "2024-10-22T15:00:00"),
            call("somebody", "2025-10-21T15:00:00", owner="109"),
            call("nobody", "2025-10-21T15:00:00", owner=None),
            # seven hours of this Monday, and the whole Monday 52 weeks before: 06:30 of both, then 06:58,
            # 07:30 and the afternoon
            call("today", "2025-10-27T11:30:00", owner="109"),
            *(
                call(f"then-{when}", f"2024-10-28T{when}:00", owner="109")
                for when in ("11:30", "11:58", "12:30", "20:00")
            ),
        ],
    )
    made.add(
        "hubspot.meetings",
        [
            meeting("held", "2025-10-01T12:00:00", "2025-10-21T15:00:00"),
            meeting("cancelled", "2025-10-01T12:00:00", "2025-10-21T15:00:00", "CANCELED"),
            meeting("ahead", "2025-10-22T12:00:00", "2025-11-20T15:00:00", "SCHEDULED"),
        ],
    )
    made.add(
        "hubspot.associations", [*link("call", "monday", "few", "open-1"), *link("call", "before", "few")]
    )
    made.loaded("hubspot", through=at("2025-10-27T11:55:00"))
    made.build(
        "--select",
        "+path:models/marts/sales",
        "+sales_pages_agree_with_the_metrics",
        "--indirect-selection",
        "empty",
    )
    return made


def kpi(warehouse: RawWarehouse, measure: str, period: str = "ytd", owner: str = "all") -> dict[str, Any]:
    (row,) = warehouse.query(
        "from marts.fct_sales_kpis where measure = ? and period_key = ? and owner_key = ?",
        [measure, period, owner],
    )
    return row


def test_the_golden_figures(warehouse: RawWarehouse) -> None:
    assert kpi(warehouse, "win_rate")["value"] == Decimal("0.27")
    assert kpi(warehouse, "avg_deal")["value"] == 15_717
    assert kpi(warehouse, "sales_cycle_days")["value"] == kpi(warehouse, "sales_cycle_median")["value"] == 105
    chain = {row["step"]: row for row in warehouse.query("from marts.fct_sales_chain where span = 'month'")}
    assert chain["revenue"]["needed"] == 100_000
    assert round(chain["deals"]["needed"], 4) == Decimal("6.3625") and chain["deals"]["shown"] == 7
    # the deals' decimals are carried: 6.3625 ÷ 0.27, not 7 ÷ 0.27, which would be 26
    assert (
        round(chain["opportunities"]["needed"], 3) == Decimal("23.565")
        and chain["opportunities"]["shown"] == 24
    )
    assert chain["opportunities"]["basis"] == "27 of 100 closed, 12 months to 27 Oct 2025"
    (now,) = warehouse.query("from marts.fct_sales_velocity where is_now")
    # 15,717 × 0.27 ÷ 105 = 40.4151...; the request prints it cut to 40.41
    assert now["per_deal_day"].quantize(Decimal("0.0001")) == Decimal("40.4151")
    assert now["per_day"] == pytest.approx(2 * now["per_deal_day"])


def test_targets_add_up_the_goals_of_their_months(warehouse: RawWarehouse) -> None:
    found = {
        row["span"]: (row["target"], row["won_value"])
        for row in warehouse.query("from marts.fct_sales_targets")
    }
    # the goal was raised in September: eight months at 50,000 and four at 100,000
    assert found == {"month": (100_000, 0), "quarter": (300_000, 0), "year": (800_000, 27 * 15_717)}
    # a quarter of the calendar has another name than the scorecard's thirteen weeks
    labels = "select span_label from marts.fct_sales_targets where span = 'quarter'"
    assert warehouse.query(labels) == [{"span_label": "Oct–Dec 2025"}]
    weeks = "select quarter_label from intermediate.int_calendar__days where day = date '2025-10-20'"
    assert warehouse.query(weeks) == [{"quarter_label": "2025-Q4"}]


def test_what_is_left_out_of_the_win_rate_is_named(warehouse: RawWarehouse) -> None:
    rows = warehouse.query("from marts.fct_sales_deals where left_out_reason is not null")
    assert {row["deal_id"]: row["left_out_reason"] for row in rows} == {
        "overdue": "no_amount",
        "unfit": "disqualified",
        "gone": "deleted",
    }
    assert not warehouse.query("from marts.fct_sales_deals where deal_id = 'elsewhere'")


def test_the_pipeline_of_a_past_monday_is_what_it_was_then(warehouse: RawWarehouse) -> None:
    rows = warehouse.query("from marts.fct_sales_open_deals where deal_id = 'moved'")
    seen = {
        (row["shown_day"], row["is_now"]): (
            row["stage_label"],
            row["amount"],
            row["owner_name"],
            row["close_day"],
            row["pushes"],
        )
        for row in rows
    }
    assert seen == {
        (date(2025, 10, 6), False): ("First", 1000, "Maya Torres", date(2025, 10, 20), 0),
        (date(2025, 10, 13), False): ("Second", 1000, "Maya Torres", date(2025, 10, 20), 0),
        (date(2025, 10, 20), False): ("Second", 1500, "Maya Torres", date(2025, 11, 20), 1),
        (MONDAY, False): ("Second", 1500, "Victor Lang", date(2025, 11, 5), 1),
        (MONDAY, True): ("Second", 1500, "Victor Lang", date(2025, 11, 5), 1),
    }
    assert {row["pushed_days"] for row in rows} == {0, 31}
    # the scorecard's own number of those weeks is the same
    values = warehouse.query(
        "select occurred_on, numerator from metrics.pipeline_value where record_id = 'moved' order by 1"
    )
    assert [(row["occurred_on"], row["numerator"]) for row in values] == [
        (date(2025, 10, 5), 1000),
        (date(2025, 10, 12), 1000),
        (date(2025, 10, 19), 1500),
        (date(2025, 10, 26), 1500),
        (MONDAY, 1500),
    ]


def test_stale_overdue_and_missing(warehouse: RawWarehouse) -> None:
    (now,) = warehouse.query("from marts.fct_sales_open_deals where is_now and deal_id = 'overdue'")
    assert (now["amount"], now["is_overdue"], now["stale_days"]) == (None, True, 87)
    assert now["stale_reason"] == "never an activity, in its stage since 1 Aug 2025"
    assert now["owner_key"] == "hubspot:109" and now["owner_name"] == "somebody@else.example"
    (then,) = warehouse.query(
        "from marts.fct_sales_open_deals where deal_id = 'overdue' and shown_day = date '2025-08-11'"
    )
    assert then["amount"] == 700
    months = {row["label"]: row for row in warehouse.query("from marts.fct_sales_forecast")}
    assert set(months) == {"Overdue", "Nov 2025"} and months["Overdue"]["missing_amount"] == 1
    assert months["Overdue"]["value"] is None  # what it comes to is unknown, not 0
    assert months["Nov 2025"]["weighted_stage"] == 600
    assert kpi(warehouse, "pipeline_value")["note"] == "1 without an amount in USD"


def test_the_funnel_counts_skipped_stages_and_shows_open_ones(warehouse: RawWarehouse) -> None:
    rows = warehouse.query("from marts.fct_sales_funnel where cohort = 'all' order by step_order")
    assert [
        (row["stage"], row["entered"], row["passed"], row["still_open"], row["dropped"]) for row in rows
    ] == [
        ("lead", 14, 5, 8, 1),
        ("mql", 5, 5, 0, 0),
        ("sql", 5, 4, 1, 0),
        ("opportunity", 4, 4, 0, 0),
        ("customer", 4, None, None, None),
    ]
    lead = rows[0]
    assert lead["conversion"] == pytest.approx(Decimal(5) / 14) and lead[
        "conversion_at_most"
    ] == pytest.approx(Decimal(13) / 14)
    # by the day of entry into the stage: the contact of 2024 is in no cohort of 2025
    (lead_2025,) = warehouse.query("from marts.fct_sales_funnel where cohort = '2025' and stage = 'lead'")
    assert lead_2025["entered"] == 13


def test_a_rate_of_few_leads_is_not_printed(warehouse: RawWarehouse) -> None:
    rows = warehouse.query("from marts.fct_sales_lead_sources where period_key = 'ytd' and owner_key = 'all'")
    found = {row["source_label"]: (row["leads"], row["customers"], row["customer_rate"]) for row in rows}
    assert found == {"Paid search": (12, 3, Decimal("0.25")), "Referrals": (1, 1, None)}


def test_activities_and_goals(warehouse: RawWarehouse) -> None:
    rows = warehouse.query(
        "from marts.fct_sales_activity where period_key = 'last_week' and owner_key = 'all'"
    )
    found = {row["kind"]: (row["records"], row["counted"], row["target"]) for row in rows}
    # two people with a goal of 15 calls on five working days; records of people without a goal are in no
    # attainment
    assert found["calls"] == (3, 1, 150)
    # the cancelled meeting counts as a record, not as a meeting held; the planned one counts in the week it
    # takes place
    assert found["meetings"] == (2, 1, 5)
    assert kpi(warehouse, "activities", "last_week")["value"] == 5
    (ytd,) = warehouse.query(
        "from marts.fct_sales_activity where period_key = 'ytd' and owner_key = 'maya' and kind = 'calls'"
    )
    # before there was a goal nothing is held against it
    assert (ytd["records"], ytd["counted"]) == (2, 1)
    # and a goal of six days says nothing about a year
    assert ytd["attainment"] is None and ytd["goal_since"] == date(2025, 10, 20)
    assert ytd["goal_days"] == 6 and ytd["period_days"] > 200
    whole = next(row for row in rows if row["kind"] == "calls")
    assert whole["attainment"] == pytest.approx(Decimal(1) / 150) and whole["goal_since"] is None
    days = warehouse.query(
        "from marts.fct_sales_activity_days where period_key = 'last_week' and owner_key = 'all' order by"
        " bucket_order"
    )
    assert [(row["bucket_label"], row["calls"]) for row in days][:3] == [
        ("20 Oct", 1),
        ("21 Oct", 2),
        ("22 Oct", 0),
    ]


def test_year_on_year(warehouse: RawWarehouse) -> None:
    week = kpi(warehouse, "activities", "last_week")
    # against the same weekdays 52 weeks before, in which there was one call
    assert (week["value"], week["then_value"], week["change"]) == (5, 1, 4)
    everything = kpi(warehouse, "activities", "all")
    assert (everything["value"], everything["now_value"], everything["then_value"]) == (12, 11, 1)
    (row,) = warehouse.query("from marts.dim_sales_periods where period_key = 'all'")
    assert row["comparison"] == "last 12 months against the 12 before" and row["now_first"] == date(
        2024, 10, 28
    )
    # the records begin in October 2023: there is no whole year before last year
    (last_year,) = warehouse.query("from marts.dim_sales_periods where period_key = 'last_year'")
    assert last_year["then_first"] is None and kpi(warehouse, "activities", "last_year")["change"] is None


def test_what_runs_is_compared_to_the_same_time_of_day(warehouse: RawWarehouse) -> None:
    """HubSpot was read at 06:55; on last year's Monday one call is before that time and three are after
    it."""
    week = kpi(warehouse, "activities", "this_week")
    assert (week["value"], week["now_value"], week["then_value"], week["change"]) == (1, 1, 1, 0)
    (row,) = warehouse.query("from marts.dim_sales_periods where period_key = 'this_week'")
    assert (str(row["now_until"]), str(row["then_until"])) == ("2025-10-27 06:55:00", "2024-10-28 06:55:00")
    assert row["comparison"] == "against 28 Oct 2024 until 06:55" and row["is_whole"]
    (calls,) = warehouse.query(
        "from marts.fct_sales_activity where period_key = 'this_week' and owner_key = 'all' and kind ="
        " 'calls'"
    )
    assert (calls["records"], calls["then_records"]) == (1, 1)
    # the stretch to the same time counts in every period that ends today, and whole days in those that are
    # over
    assert kpi(warehouse, "activities", "mtd")["then_value"] == 1
    assert kpi(warehouse, "activities", "last_week")["then_value"] == 1


def test_why_nothing_is_compared(warehouse: RawWarehouse) -> None:
    # a whole year before in which nothing was closed is another thing than no year
    assert kpi(warehouse, "win_rate", "ytd")["change_note"] == "nothing was closed the year before"
    assert kpi(warehouse, "avg_deal", "ytd")["change_note"] == "nothing was won the year before"
    assert kpi(warehouse, "win_rate", "last_year")["change_note"] == "no full year before"
    assert kpi(warehouse, "owners", "ytd")["change_note"] == "only known as it is now"
    assert kpi(warehouse, "activities", "last_week")["change_note"] is None
    assert kpi(warehouse, "deals_lost", "ytd")["note"] == "1 disqualified left out"


def test_engaged_contacts(warehouse: RawWarehouse) -> None:
    rows = warehouse.query(
        "from marts.fct_sales_engaged_contacts where period_key = 'all' and owner_key = 'all' order by rank"
    )
    assert [(row["contact_id"], row["activities"]) for row in rows] == [("few", 2), ("open-1", 1)]


def test_deals_of_which_none_can_be_added_come_to_no_zero(warehouse: RawWarehouse) -> None:
    """Books in pounds, every deal in dollars: how many are known, and what they come to is not."""

    def books_in(currency: str) -> None:
        warehouse.change(f"update config.settings set value = '{currency}' where name = 'company.currency'")
        changed = ("int_hubspot__deals", "int_crm__deals", "int_crm__open_deals", "int_sales__events")
        shown = ("fct_sales_kpis", "fct_sales_targets", "fct_sales_deals", "fct_sales_win_loss")
        warehouse.build("--select", *changed, *shown, "--exclude-resource-type", "test", "unit_test")

    books_in("GBP")
    assert kpi(warehouse, "deals_won")["value"] == 27
    for measure, note in (
        ("won_value", "27 without an amount in GBP"),
        ("avg_deal", "27 won, without an amount in GBP"),
    ):
        assert (kpi(warehouse, measure)["value"], kpi(warehouse, measure)["note"]) == (None, note)
    pipeline = kpi(warehouse, "pipeline_value")
    assert (pipeline["value"], pipeline["note"]) == (None, "2 without an amount in GBP")
    targets = {row["span"]: row["won_value"] for row in warehouse.query("from marts.fct_sales_targets")}
    assert targets == {"month": 0, "quarter": 0, "year": None}  # nothing was won in October
    cohorts = "select distinct won_value from marts.fct_sales_win_loss where won > 0"
    assert warehouse.query(cohorts) == [{"won_value": None}]
    books_in("USD")


def test_periods_at_a_leap_day(warehouse: RawWarehouse) -> None:
    # before the last test of this warehouse: it stays in that year
    warehouse.turn_clock("2028-02-29T18:00:00")
    warehouse.build(
        "--select",
        "int_sources__states",
        "int_crm__reach",
        "int_sales__periods",
        "dim_sales_periods",
        "fct_sales_targets",
        "--exclude",
        "sales_records_add_up",  # the records behind the measures stay as they were
    )
    found = {row["period_key"]: row for row in warehouse.query("from marts.dim_sales_periods")}
    assert (found["mtd"]["then_first"], found["mtd"]["then_last"]) == (date(2027, 2, 1), date(2027, 2, 28))
    assert found["ytd"]["then_last"] == date(2027, 2, 28)
    assert (found["this_week"]["first_day"], found["this_week"]["then_first"]) == (
        date(2028, 2, 28),
        date(2027, 3, 1),
    )
    assert found["last_year"]["description"] == "1 Jan – 31 Dec 2027"
    # the CRM was last read in 2025: nothing is compared, and nothing expected of what was won so far
    assert not any(row["is_whole"] for row in found.values())
    assert found["mtd"]["comparison"] == "not compared, the CRM is read to 27 Oct 2025 06:55"
    assert {row["expected"] for row in warehouse.query("from marts.fct_sales_targets")} == {None}


def test_pages_and_metrics_agree_while_the_crm_is_down(warehouse: RawWarehouse) -> None:
    """The last test of this warehouse. HubSpot fails for three days: what is open stays as of the last read, on
    pages and in metrics alike, and no check stops the build."""
    warehouse.turn_clock("2025-10-30T12:00:00")
    warehouse.loaded("hubspot", "failed", finished=at("2025-10-30T11:55:00"))
    models = (
        "int_sources__tables",
        "int_sources__states",
        "int_crm__reach",
        "int_crm__days",
        "int_crm__open_deals",
    )
    pages = ("int_sales__periods", "int_sales__spans", "dim_sales_periods", "fct_sales_kpis")
    warehouse.build(
        "--select",
        *models,
        *pages,
        "sales_pages_agree_with_the_metrics",
        "--exclude-resource-type",
        "unit_test",
        "--indirect-selection",
        "empty",
    )
    assert kpi(warehouse, "contacts", "all")["value"] > 0


@pytest.fixture(scope="module")
def copper(make_warehouse: MakeWarehouse) -> RawWarehouse:
    """The same team in Copper; HubSpot is not connected."""
    made = make_warehouse(
        "2025-10-27T12:00:00", seeds={"people": PEOPLE, "scorecard_lines": LINES, "goals": GOALS}
    )
    made.company = made.company.model_copy(update={"copper": CopperSection(call_types=["Phone Call"])})
    made.prepare()
    users = [
        {"id": 1, "name": "Maya", "email": "maya@test.example"},
        {"id": 2, "name": "Zoe Quinn", "email": "zoe@else.example"},
    ]
    made.add("copper.users", users)
    made.add("copper.pipelines", [{"id": 10, "name": "Sales", "is_revenue": True}])
    made.add("copper.pipelines", [{"id": 11, "name": "Hiring", "is_revenue": False}])
    made.add(
        "copper.pipeline_stages",
        [
            {"id": 100, "pipeline_id": 10, "name": "Fact finding", "win_probability": 10, "position": 1},
            {"id": 101, "pipeline_id": 10, "name": "Quote", "win_probability": 50, "position": 2},
        ],
    )
    base = {
        "pipeline_id": 10,
        "monetary_unit": "USD",
        "assignee_id": 1,
        "date_created": at("2025-07-01T15:00:00"),
    }
    base |= {
        "date_modified": at("2025-09-01T15:00:00"),
        "close_date": date(2025, 9, 1),
        "pipeline_stage_id": 101,
    }
    made.add(
        "copper.opportunities",
        [
            base
            | {
                "id": 1,
                "name": "Open",
                "status": "Open",
                "monetary_value": 800,
                "close_date": date(2025, 12, 1),
            },
            base | {"id": 2, "name": "Won", "status": "Won", "monetary_value": 600},
            base | {"id": 3, "name": "Lost", "status": "Lost", "assignee_id": 2},
            base | {"id": 4, "name": "Left", "status": "Abandoned"},
            base | {"id": 5, "name": "Hire", "status": "Open", "pipeline_id": 11},
            base | {"id": 6, "name": "Dated back", "status": "Won", "monetary_value": 50},
            base | {"id": 7, "name": "Moved out", "status": "Open", "monetary_value": 70, "pipeline_id": 11},
        ],
    )
    made.add(
        "copper.opportunity_stages",
        [
            {
                "snapshot_date": date(2025, 10, 1),
                "opportunity_id": 1,
                "pipeline_stage_id": 100,
                "monetary_value": 500,
                "assignee_id": 2,
            },
            {
                "snapshot_date": date(2025, 10, 20),
                "opportunity_id": 1,
                "pipeline_stage_id": 101,
                "monetary_value": 800,
                "assignee_id": 1,
            },
            {
                "snapshot_date": date(2025, 10, 1),
                "opportunity_id": 6,
                "pipeline_stage_id": 101,
                "monetary_value": 50,
                "assignee_id": 1,
            },
            *(
                {
                    "snapshot_date": day,
                    "opportunity_id": 7,
                    "pipeline_id": pipeline,
                    "monetary_value": 70,
                    "assignee_id": 1,
                }
                for day, pipeline in ((date(2025, 10, 1), 10), (date(2025, 10, 20), 11))
            ),
        ],
    )
    types = [(7, "user", "Phone Call"), (0, "user", "Note"), (3, "system", "Pipeline Stage Changed")]
    made.add(
        "copper.activity_types",
        [{"id": id, "category": category, "name": name} for id, category, name in types],
    )
    then = at("2025-10-21T15:00:00")
    done = {"date_created": then, "activity_date": then, "user_id": 1, "parent_type": "opportunity"}
    made.add(
        "copper.activities",
        [
            done | {"id": 1, "type_id": 7, "type_category": "user", "parent_id": 1},
            done | {"id": 2, "type_id": 0, "type_category": "user", "parent_id": 9},
            done | {"id": 3, "type_id": 3, "type_category": "system", "parent_id": 1},
        ],
    )
    made.loaded("copper", through=at("2025-10-27T11:55:00"))
    made.build(
        "--select",
        "+path:models/marts/sales",
        "+sales_pages_agree_with_the_metrics",
        "--indirect-selection",
        "empty",
    )
    return made


def test_copper_feeds_the_same_shape(copper: RawWarehouse) -> None:
    assert kpi(copper, "win_rate")["note"] == "2 of 3 closed"
    assert kpi(copper, "won_value")["value"] == 650 and kpi(copper, "activities")["value"] == 2
    assert kpi(copper, "pipeline_weighted")["value"] == 400
    owners = copper.query("from marts.dim_sales_owners order by sort_order")
    assert [row["owner_name"] for row in owners] == ["Everyone", "Maya Torres", "Victor Lang", "Zoe Quinn"]
    open_deals = copper.query("from marts.fct_sales_open_deals where is_now")
    assert [
        (row["deal_name"], row["stage_label"], row["amount"], row["last_moved_day"]) for row in open_deals
    ] == [("Open", "Quote", 800, date(2025, 10, 21))]
    (then,) = copper.query(
        "from marts.fct_sales_open_deals where shown_day = date '2025-10-13' and deal_name = 'Open'"
    )
    assert (then["stage_label"], then["amount"], then["owner_name"]) == ("Fact finding", 500, "Zoe Quinn")
    kinds = copper.query(
        "from marts.fct_sales_activity where period_key = 'last_week' and owner_key = 'all' and records > 0"
        " order by kind"
    )
    assert [row["kind"] for row in kinds] == ["calls", "notes"]


def test_copper_s_daily_lists_tell_when_a_deal_was_closed_or_moved(copper: RawWarehouse) -> None:
    closed = copper.query(
        "select record_label, deal_state, closed_on from intermediate.int_crm__deals where deal_state <>"
        " 'open' order by 1"
    )
    assert {row["record_label"]: (row["deal_state"], row["closed_on"]) for row in closed} == {
        # on no list: only the close date tells
        "Won": ("won", date(2025, 9, 1)),
        "Lost": ("lost", date(2025, 9, 1)),
        "Left": ("lost", date(2025, 9, 1)),
        # open on the list of 1 October, so not closed in September as its date says
        "Dated back": ("won", date(2025, 10, 20)),
        "Moved out": ("moved", None),
    }
    shown = (
        "select shown_day, sum(amount) as value from marts.fct_sales_open_deals where shown_day >= date"
        " '2025-10-06' group by 1 order by 1"
    )
    # 500, 50 and 70; the second list holds 800 alone
    assert [row["value"] for row in copper.query(shown)][:3] == [620, 620, 620] and copper.query(shown)[-1][
        "value"
    ] == 1600


def test_a_table_that_stopped_is_told(copper: RawWarehouse) -> None:
    """The last test of this warehouse: of Copper everything but the activities was read on Thursday."""
    copper.turn_clock("2025-10-30T12:00:00")
    others = [table for table in raw_tables()["copper"] if table != "activities"]
    copper.loaded("copper", through=at("2025-10-30T11:55:00"), tables=others)
    copper.loaded("copper", "not_available", finished=at("2025-10-30T11:55:00"), tables=["activities"])
    models = (
        "int_sources__tables",
        "int_sources__states",
        "int_sales__periods",
        "int_sales__spans",
        "dim_sales_periods",
        "fct_sales_kpis",
        "fct_sales_activity",
    )
    copper.build("--select", *models, "--exclude-resource-type", "test", "unit_test")
    for measure in ("activities", "emails"):
        for period in ("this_week", "ytd"):
            row = kpi(copper, measure, period)
            assert (row["note"], row["change"]) == ("read to 27 Oct 2025 06:55", None), (measure, period)
            assert row["value"] != 0
            assert row["change_note"] == "not compared, read to 27 Oct 2025 06:55"
        assert kpi(copper, measure, "last_week")["note"] is None
    assert kpi(copper, "deals_won", "this_week")["value"] == 0
    zeros = "from marts.fct_sales_activity where period_key = 'this_week' and records = 0"
    assert copper.query(zeros) == []

    # a week on, the deals were not read any more: what November has brought is unknown, what October has stays
    copper.turn_clock("2025-11-03T12:00:00")
    copper.loaded("copper", "failed", finished=at("2025-11-03T11:55:00"))
    pipeline = (
        "int_crm__days",
        "int_crm__open_deals",
        "int_crm__watched_deals",
        "int_sales__velocity",
        "fct_sales_open_deals",
        "fct_sales_velocity",
    )
    others = ("int_crm__reach", "fct_sales_targets", "fct_sales_chain", "fct_sales_companies")
    copper.build("--select", *models, *pipeline, *others, "--exclude-resource-type", "test", "unit_test")
    targets = {row["span"]: row for row in copper.query("from marts.fct_sales_targets")}
    november, quarter = targets["month"], targets["quarter"]
    assert [november[name] for name in ("won_value", "won_deals", "attainment", "gap", "expected")] == [
        None
    ] * 5
    assert (quarter["won_deals"], quarter["expected"]) == (1, None) and quarter["won_value"] > 0
    steps = {(row["span"], row["step"]): row["actual"] for row in copper.query("from marts.fct_sales_chain")}
    assert steps["month", "deals"] is None and steps["quarter", "deals"] == 1
    (basis,) = copper.query("select basis from marts.fct_sales_chain where span = 'month' and step = 'deals'")
    assert basis["basis"].endswith("12 months to 30 Oct 2025")

    # the pipeline of this Monday is unknown; the newest one is that of the last reading, and is dated so
    shown = "from marts.fct_sales_velocity where shown_day >= date '2025-10-27' order by shown_day"
    assert [
        (row["shown_day"], row["is_now"], row["open_deals"], row["unknown_because"])
        for row in copper.query(shown)
    ] == [
        (MONDAY, False, 1, None),
        (date(2025, 10, 30), True, 1, None),
        (date(2025, 11, 3), False, None, "Copper was last read on 30 Oct 2025 06:55"),
    ]
    # nobody knows whether somebody took care of it after the activities were refused
    movement = copper.query(
        "select distinct shown_day, is_movement_known, is_now from marts.fct_sales_open_deals"
        " where shown_day >= date '2025-10-20' order by 1"
    )
    assert [tuple(row.values()) for row in movement] == [
        (date(2025, 10, 20), True, False),
        (MONDAY, True, False),
        (date(2025, 10, 30), False, True),
    ]

    # a CRM that was never read: everybody sees the pages, and nothing on them is zero
    copper.change("delete from ledger.loads")
    copper.loaded("copper", "failed", error="401 'Invalid credentials'")
    copper.build("--select", *models, *pipeline, *others, "--exclude-resource-type", "test", "unit_test")
    assert copper.query("select distinct note, value from marts.fct_sales_kpis") == [
        {"note": "could not be read", "value": None}
    ]
    assert copper.query("from marts.fct_sales_open_deals") == []
    assert copper.query("select distinct comparison from marts.dim_sales_periods") == [
        {"comparison": "not compared, the CRM was not read yet"}
    ]
    assert copper.query("select distinct working_share from marts.fct_sales_targets") == [
        {"working_share": None}
    ]
    (now,) = copper.query("from marts.fct_sales_velocity where is_now")
    assert (now["open_deals"], now["per_day"]) == (None, None)
    assert now["unknown_because"] == "Copper was not read yet"
    assert copper.query("select count(*) as rows from marts.dim_sales_owners") != [{"rows": 0}]


def test_without_a_crm_there_is_nothing(unconnected: RawWarehouse) -> None:
    for mart in (
        "dim_sales_owners",
        "fct_sales_kpis",
        "fct_sales_deals",
        "fct_sales_targets",
        "fct_sales_open_deals",
    ):
        assert unconnected.query(f"select count(*) as rows from marts.{mart}") == [{"rows": 0}]

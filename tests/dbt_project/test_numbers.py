"""What the built marts say about hand-written records. Every expected number was counted by hand from
rows.py."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from dlt_pipelines.registry import SOURCES
from tests.support.raw_warehouse import RawWarehouse, at

W40, W41, W42, W43, W44 = (
    date(2025, 9, 29),
    date(2025, 10, 6),
    date(2025, 10, 13),
    date(2025, 10, 20),
    date(2025, 10, 27),
)


def week(warehouse: RawWarehouse, line: str, week_start: date) -> dict[str, Any]:
    rows = warehouse.query(
        "select * from marts.fct_scorecard_weekly where line_id = ? and week_start = ?", [line, week_start]
    )
    assert len(rows) == 1, f"{line} {week_start}: {len(rows)} rows"
    return rows[0]


def receipts(warehouse: RawWarehouse, line: str, week_start: date) -> dict[str, str]:
    """record id (with person where a record is shared) -> 'counted' or the reason"""
    rows = warehouse.query(
        "select record_id, person_key, count(*) over (partition by record_id) as shares, coalesce(reason,"
        " 'counted') as fate from marts.fct_contributions where line_id = ? and week_start = ?",
        [line, week_start],
    )
    return {
        row["record_id"] if row["shares"] == 1 else f"{row['record_id']}/{row['person_key']}": row["fate"]
        for row in rows
    }


@pytest.mark.parametrize(
    ("line", "week_start", "value", "n"),
    [
        ("inside.dials", date(2024, 10, 28), 1, 1),  # Sunday 23:30 after the clocks went back
        ("inside.dials", date(2024, 11, 4), 0, 0),
        ("inside.dials", date(2024, 12, 30), 1, 1),
        ("inside.dials", date(2025, 3, 3), 1, 1),  # Sunday 23:30 after the clocks went forward
        ("inside.dials", date(2025, 3, 10), 1, 1),
        ("inside.dials", W40, 0, 0),
        ("inside.dials", W41, 2, 2),
        ("inside.dials", W42, 2, 2),
        ("inside.dials", W43, 1, 1),
        ("inside.dials", W44, 1, 1),
        ("inside.conversations", W43, 5, 4),
        ("inside.ftas_set", W41, 1, 1),
        ("inside.ftas_set", W42, 3, 3),
        ("inside.leads", W43, 2, 2),
        ("outside.ftas_attended", W42, 0, 0),
        ("outside.ftas_attended", W43, 3, 3),
        ("outside.coi_attended", W43, 1, 1),
        ("outside.coi_created", W43, 1, 1),
        ("outside.mrr", W43, "250.50", 1),
        ("warm.dials", W41, 2, 2),
        ("warm.dials", W43, 3, 3),
        ("warm.conversations", W43, 1, 1),
        ("warm.ftas_set", W43, 1, 1),
        ("ops.opened", W41, 1, 1),
        ("ops.opened", W42, 6, 6),
        ("ops.opened", W43, 1, 1),
        ("ops.closed", W42, 5, 5),
        ("ops.same_day", W42, "0.4", 5),
        ("ops.same_business_day", W42, "0.8", 5),
        ("ops.utilization", W42, "0.791666666667", 6),
        ("ops.billable", W42, "14.25", 4),
        ("ops.non_billable", W42, "3.75", 2),
        ("ops.total", W42, 18, 6),
        (
            "ops.utilization_available",
            W42,
            "0.183035714286",
            13,
        ),  # 3 entries and 2 x 5 days: 10.25 of 32 + 24 hours
        ("ops.utilization_available", W43, 0, 7),  # Tom left on Tuesday
        ("outside.events", W42, 7, 2),
        ("outside.events", W43, 1, 1),
        ("hybrid.events", W42, 0, 1),
        ("hand.social", W42, 118, 1),
        ("hand.dials", W42, 55, 1),
        ("hand.dials", W43, 7, 1),
        ("ended.dials", W41, 2, 2),
    ],
)
def test_week(chicago: RawWarehouse, line: str, week_start: date, value: int | str, n: int) -> None:
    row = week(chicago, line, week_start)
    assert (row["value"], row["n"]) == (Decimal(value), n)


def test_no_number_is_a_float(chicago: RawWarehouse) -> None:
    types = chicago.query(
        "select column_name, data_type from information_schema.columns where table_schema = 'marts' and"
        " table_name in ('fct_scorecard_weekly', 'fct_scorecard_quarterly', 'fct_contributions') and"
        " data_type in ('DOUBLE', 'FLOAT')"
    )
    assert types == []


def test_receipts_of_dials(chicago: RawWarehouse) -> None:
    fates = receipts(chicago, "inside.dials", W43)
    talks = {record: fate for record, fate in fates.items() if record.startswith("talk-")}
    assert set(talks.values()) == {"inbound"} and len(talks) == 10
    assert {record: fate for record, fate in fates.items() if record not in talks} == {
        "w43-inbound": "inbound",
        "w43-no-direction": "no_direction",
        "w43-deleted": "deleted",
        "w43-counted": "counted",
    }
    assert receipts(chicago, "inside.dials", W44) == {"w44-running": "counted"}  # nothing of the future


def test_receipts_of_conversations(chicago: RawWarehouse) -> None:
    fates = receipts(chicago, "inside.conversations", W43)
    assert {record: fate for record, fate in fates.items() if record.startswith("talk-")} == {
        "talk-first": "counted",
        "talk-again-same-day": "same_contact_same_day",
        "talk-next-day": "counted",
        "talk-two-deciders": "counted",
        "talk-budget-holder": "counted",
        "talk-assistant": "not_decision_maker",
        "talk-dm-inside-a-word": "not_decision_maker",
        "talk-nobody": "no_contact",
        "talk-voicemail": "not_connected",
        "talk-merged-contact": "same_contact_same_day",
    }


def test_a_reschedule_counts_once(chicago: RawWarehouse) -> None:
    assert receipts(chicago, "inside.ftas_set", W41) == {"moved": "counted"}
    assert receipts(chicago, "inside.ftas_set", W42) == {
        "moved-follow-up": "reschedule",
        "canceled": "counted",
        "no-show": "counted",
        "no-outcome": "counted",
        "deleted": "deleted",
    }
    # until the moved one has taken place
    assert receipts(chicago, "inside.ftas_set", W43) == {
        "moved-once-more": "reschedule",
        "another": "counted",
    }


def test_a_meeting_in_two_calendars_counts_once(chicago: RawWarehouse) -> None:
    assert receipts(chicago, "outside.ftas_attended", W44) == {
        "both/maya": "counted",
        "both/victor": "counted_for_maya",
    }
    assert week(chicago, "outside.ftas_attended", W44)["value"] == 1


def test_a_shared_meeting_counts_once(chicago: RawWarehouse) -> None:
    assert receipts(chicago, "outside.ftas_attended", W43) == {
        "moved-follow-up": "counted",
        "canceled": "canceled",
        "no-show": "no_show",
        "no-outcome": "no_outcome",
        "shared/maya": "counted",
        "shared/victor": "counted_for_maya",
        "late-sunday": "counted",
        "deleted": "deleted",
    }


def test_list_membership_is_of_the_day_of_the_call(chicago: RawWarehouse) -> None:
    fates = receipts(chicago, "warm.dials", W41) | receipts(chicago, "warm.dials", W43)
    assert {record: fate for record, fate in fates.items() if record.startswith("warm-")} == {
        "warm-before-joining": "not_in_list",
        "warm-before-first-snapshot": "counted",
        "warm-no-join-date-before-snapshot": "not_in_list",
        "warm-no-join-date-after-snapshot": "counted",
        "warm-left-while-member": "counted",
        "warm-left-after-leaving": "not_in_list",
        "warm-joined-before": "not_in_list",
        "warm-joined-after": "counted",
        "warm-late-evening": "not_in_list",
        "warm-other-list": "not_in_list",
        "warm-talk": "counted",
    }
    assert receipts(chicago, "warm.conversations", W43)["talk-other-owner"] == "not_in_list"


def test_receipts_of_deals(chicago: RawWarehouse) -> None:
    assert receipts(chicago, "outside.mrr", W43) == {
        "won": "counted",
        "renewal": "renewal",
        "no-mrr": "no_mrr",
        "other-pipeline": "other_pipeline",
        "other-currency": "other_currency",
        "deleted": "deleted",
    }


def test_receipts_of_tickets_and_hours(chicago: RawWarehouse) -> None:
    assert receipts(chicago, "ops.closed", W42) == {str(i): "counted" for i in range(1, 6)} | {
        "6": "wrong_queue",
        "7": "not_complete",
        "8": "deleted",
    }
    hours = receipts(chicago, "ops.utilization_available", W42)
    assert (
        hours["4"] == "time_off"
        and hours["7"] == "no_person"
        and hours["3"] == "non_billable"
        and hours["8"] == "deleted"
    )
    day = chicago.query("select denominator from marts.fct_contributions where record_id = 'sam:2025-10-14'")
    assert [row["denominator"] for row in day] == [0]  # a day off: nothing available


def test_corrections_are_kept(chicago: RawWarehouse) -> None:
    assert receipts(chicago, "outside.events", W42) == {
        "manual.csv:1": "counted",
        "manual.csv:2": "corrected",
        "portal:3": "counted",
    }
    labels = chicago.query(
        "select record_label from marts.fct_contributions where line_id = 'outside.events' and week_label ="
        " '2025-W42' and person_key = 'victor' order by counted"
    )
    assert [row["record_label"] for row in labels] == [
        "typed by maya on 2025-10-17 16:00 in manual.csv, line 2",
        "Expo, corrected: forgot one, typed by maya on 2025-10-19 09:00 in the portal",
    ]
    assert week(chicago, "outside.events", W42)["as_of"] == at("2025-10-19T14:00:00")
    assert receipts(chicago, "hybrid.events", W42) == {"manual.csv:4": "counted"}


def test_receipts_link_to_the_record_and_keep_hostile_text(chicago: RawWarehouse) -> None:
    rows = chicago.query(
        "select record_url, record_label, person_name from marts.fct_contributions "
        "where line_id = 'inside.dials' and record_id = 'w43-counted'"
    )
    assert rows == [
        {
            "record_url": "https://app-eu1.hubspot.com/contacts/777/record/0-48/w43-counted",
            "record_label": "<script>alert('x')</script> \u202eabc 🙂",
            "person_name": "Maya Torres",
        }
    ]
    urls = {
        row["record_type"]: row["record_url"]
        for row in chicago.query(
            "select record_type, max(record_url) as record_url from marts.fct_contributions group by"
            " record_type"
        )
    }
    assert urls["ticket"] == "https://ww15.autotask.test/Mvc/ServiceDesk/TicketDetail.mvc?ticketId=9"
    assert urls["time_entry"] == "https://ww15.autotask.test/Mvc/ServiceDesk/TicketDetail.mvc?ticketId=1"
    assert urls["deal"].startswith("https://app-eu1.hubspot.com/contacts/777/record/0-3/")
    assert urls["meeting"].startswith("https://app-eu1.hubspot.com/contacts/777/record/0-47/")
    assert urls["contact"].startswith("https://app-eu1.hubspot.com/contacts/777/record/0-1/")


def test_old_weeks_keep_the_colour_of_their_goal(chicago: RawWarehouse) -> None:
    told = [week(chicago, "inside.dials", day) for day in (W41, W42, W43)]
    assert [(row["value"], row["target"], row["status"]) for row in told] == [
        (2, 2, "met"),
        (2, 3, "below"),
        (1, 3, "below"),
    ]
    assert [row["weeks_off_track"] for row in told] == [0, 1, 2]
    assert week(chicago, "inside.dials", W44)["weeks_off_track"] == 2  # the running week carries the streak


def test_quarter_averages_print_n_of_n(chicago: RawWarehouse) -> None:
    """`outside.ftas_attended` began in W41: 0, 0, 3 over three of three weeks, and nothing before. Tickets of
    W43 are still to come."""
    row = week(chicago, "outside.ftas_attended", W43)
    assert (row["quarter_value"], row["quarter_weeks"], row["quarter_weeks_expected"]) == (1, 3, 3)
    first = chicago.query(
        "select min(week_start) as week from marts.fct_scorecard_weekly where line_id ="
        " 'outside.ftas_attended'"
    )
    assert first == [{"week": W41}]
    running = week(chicago, "outside.ftas_attended", W44)
    assert (running["quarter_value"], running["quarter_weeks"], running["quarter_weeks_expected"]) == (
        1,
        3,
        3,
    )
    # W40 is before the source's history, W41 and W42 are whole
    tickets = week(chicago, "ops.opened", W43)
    assert (
        tickets["value"],
        tickets["quarter_value"],
        tickets["quarter_weeks"],
        tickets["quarter_weeks_expected"],
    ) == (1, 3.5, 2, 3)
    closing = week(chicago, "ops.same_day", W43)
    assert (closing["status"], closing["state"], closing["quarter_value"]) == (
        "no_data",
        "stale",
        Decimal("0.4"),
    )


def test_every_line_has_its_weeks_without_a_gap_from_its_beginning(chicago: RawWarehouse) -> None:
    rows = chicago.query(
        "select line_id, count(*) filter (where is_finished) as weeks, max(week_start) as last_week,"
        " min(week_start) < valid_from as is_early, count(distinct week_start) = (max(week_start) -"
        " min(week_start)) / 7 + 1 as is_gapless from marts.fct_scorecard_weekly join marts.dim_lines using"
        " (line_id) group by line_id, valid_from"
    )
    assert all(row["is_gapless"] and not row["is_early"] for row in rows)
    assert {row["weeks"] for row in rows if row["line_id"] == "inside.dials"} == {
        56
    }  # from the quarter of its first record on
    assert {row["line_id"]: row["last_week"] for row in rows if row["last_week"] != W44} == {
        "ended.dials": W41
    }


@pytest.mark.parametrize(
    ("line", "week_start", "state", "is_blank"),
    [
        ("inside.dials", W43, "live", False),
        ("inside.dials", W40, "live", False),  # loaded, nothing found: a real zero
        ("inside.dials", W44, "provisional", False),
        ("ops.opened", W40, "missing", True),  # before the source's history
        ("ops.opened", W41, "live", False),  # covered thanks to the backfill
        ("ops.opened", W42, "live", False),
        ("ops.opened", W43, "stale", False),  # the source has been down since Wednesday
        ("ops.same_day", W43, "stale", False),
        ("ops.opened", W44, "missing", True),
        ("outside.events", W42, "manual", False),
        ("hybrid.events", W42, "manual", False),  # a typed 0 is a number
        ("hybrid.events", W43, "missing", True),  # nothing typed is none
        ("hand.dials", W43, "manual", False),
        ("hand.dials", W44, "missing", True),
    ],
)
def test_state(chicago: RawWarehouse, line: str, week_start: date, state: str, is_blank: bool) -> None:
    row = week(chicago, line, week_start)
    assert (row["state"], row["value"] is None) == (state, is_blank)
    if is_blank:
        assert row["status"] in ("no_data", "no_goal")


def test_a_ratio_of_nothing_is_not_applicable(chicago: RawWarehouse) -> None:
    row = week(chicago, "ops.same_day", W41)
    assert (row["value"], row["denominator"], row["status"], row["state"]) == (
        None,
        0,
        "not_applicable",
        "live",
    )
    assert week(chicago, "ops.utilization", W42)["status"] == "met"


def test_as_of_is_what_the_source_is_complete_for(chicago: RawWarehouse) -> None:
    assert week(chicago, "inside.dials", W43)["as_of"] == at("2025-10-27T11:55:00")
    assert week(chicago, "ops.opened", W43)["as_of"] == at("2025-10-22T15:00:00")


def test_quarterly_lines(chicago: RawWarehouse) -> None:
    rows = {
        (row["line_id"], row["quarter_label"]): (row["value"], row["status"], row["state"])
        for row in chicago.query("select * from marts.fct_scorecard_quarterly")
    }
    assert {key[0]: value for key, value in rows.items() if key[1] == "2025-Q4"} == {
        "quarter.deals": (7, "no_goal", "provisional"),
        "quarter.value": (Decimal("101743.96"), "no_goal", "provisional"),
        "quarter.won": (4, "met", "provisional"),
        "quarter.lost": (1, "no_goal", "provisional"),
        "quarter.open": (2, "no_goal", "provisional"),
        "quarter.contacts": (2, "no_goal", "provisional"),
    }
    assert {key[0]: value[0] for key, value in rows.items() if key[1] == "2025-Q3"} == {
        "quarter.deals": 3,
        "quarter.value": 3000,
        "quarter.won": 0,
        "quarter.lost": 1,
        "quarter.open": 2,
        "quarter.contacts": 0,
    }
    assert rows["quarter.won", "2025-Q3"][1:] == ("below", "live")


def test_sources(chicago: RawWarehouse) -> None:
    rows = {row["source"]: row for row in chicago.query("select * from marts.dim_sources")}
    read = {source: row["state"] for source, row in rows.items() if row["state"] != "not_connected"}
    assert read == {"hubspot": "ok", "autotask": "failing", "manual": "ok"} and rows.keys() == SOURCES.keys()
    autotask = rows["autotask"]
    assert autotask["last_error"] == "autotask: 500, try later"
    assert autotask["complete_through"] == at("2025-10-22T15:00:00")  # not the backfill's end
    assert autotask["last_success_at"] == at("2025-10-23T11:00:00") and autotask["last_attempt_at"] == at(
        "2025-10-27T11:00:00"
    )
    assert (rows["hubspot"]["requests"], rows["hubspot"]["rows_total"]) == (
        3 * len(SOURCES["hubspot"].tables),
        2 * len(SOURCES["hubspot"].tables),
    )


def test_small_marts(chicago: RawWarehouse) -> None:
    [build] = chicago.query("select * from marts.dim_build")
    assert build == {
        "as_of": at("2025-10-27T12:00:00"),
        "finished_week": W43,
        "company_name": "Test & Co",
        "time_zone": "America/Chicago",
        "currency": "USD",
    }
    assert chicago.query("select content from marts.fct_manual_rejected") == [{"content": "x,<b>,y"}]
    [line] = chicago.query(
        "select label, owner_names, people, unit from marts.dim_lines where line_id = 'outside.ftas_attended'"
    )
    assert line == {
        "label": "First-time appointments attended",
        "owner_names": "Maya Torres, Victor Lang",
        "people": "maya;victor",
        "unit": "count",
    }
    assert chicago.query("select label from marts.dim_lines where line_id = 'hand.dials'") == [
        {"label": "Dials by hand"}
    ]
    [metric] = chicago.query(
        "select model_sql, model_path, sources from marts.dim_metrics where metric_id = 'dials'"
    )
    assert (
        "{{ receipt() }}" in metric["model_sql"]
        and metric["model_path"] == "models/metrics/inside_sales/dials.sql"
    )
    assert metric["sources"] == "hubspot"


def test_week_53_and_the_edge_of_the_year(auckland: RawWarehouse) -> None:
    weeks = {
        row["week_label"]: row
        for row in auckland.query(
            "select * from marts.fct_scorecard_weekly where line_id = 'inside.dials' order by week_start desc"
            " limit 3"
        )
    }
    assert {label: (row["value"], row["quarter_label"], row["state"]) for label, row in weeks.items()} == {
        "2026-W52": (1, "2026-Q4", "live"),
        "2026-W53": (3, "2026-Q4", "live"),
        "2027-W01": (1, "2027-Q1", "provisional"),
    }
    assert weeks["2026-W53"]["quarter_weeks_expected"] == 14
    assert weeks["2027-W01"]["quarter_weeks_expected"] == 0 and weeks["2027-W01"]["quarter_value"] is None


def test_one_vendor_not_connected(auckland: RawWarehouse) -> None:
    states = auckland.query(
        "select distinct state, value, status from marts.fct_scorecard_weekly where line_id like 'ops.%'"
        " order by status"
    )
    assert states == [
        {"state": "not_connected", "value": None, "status": "no_data"},
        {"state": "not_connected", "value": None, "status": "no_goal"},
    ]


def test_a_list_that_the_account_lacks_is_no_zero(auckland: RawWarehouse) -> None:
    """The ledger says that list members are not available there; the other HubSpot tables are none the worse
    for it."""
    assert auckland.query(
        "select distinct state, value from marts.fct_scorecard_weekly where line_id = 'warm.dials'"
    ) == [{"state": "missing", "value": None}]
    [dials] = auckland.query(
        "select distinct state from marts.fct_scorecard_weekly where line_id = 'inside.dials' and week_label"
        " = '2026-W53'"
    )
    assert dials == {"state": "live"}
    assert auckland.query("select state, refused from marts.dim_sources where source = 'hubspot'") == [
        {"state": "partly_refused", "refused": "list members: the key lacks crm.lists.read"}
    ]
    assert auckland.query(
        "select table_name, sentence, reason from marts.dim_line_tables where line_id = 'warm.dials' and"
        " state <> 'ok'"
    ) == [
        {
            "table_name": "list_members",
            "sentence": "HubSpot refuses list members",
            "reason": "the key lacks crm.lists.read",
        }
    ]


def test_nothing_connected_still_builds(unconnected: RawWarehouse) -> None:
    rows = unconnected.query(
        "select state, status, count(value) as n from marts.fct_scorecard_weekly group by all"
    )
    assert {row["state"] for row in rows} == {"not_connected"}
    assert {row["status"] for row in rows} == {"no_data", "no_goal"}
    assert sum(row["n"] for row in rows) == 0
    assert {row["state"] for row in unconnected.query("select state from marts.dim_sources")} == {
        "not_connected"
    }
    assert unconnected.query("select count(*) as n from marts.fct_contributions") == [{"n": 0}]
    assert {row["state"] for row in unconnected.query("select state from marts.fct_scorecard_quarterly")} == {
        "not_connected"
    }

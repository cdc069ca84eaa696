"""Published numbers that change later: one warehouse, built again and again at later clocks with other raw
rows."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.dbt_project.conftest import GOALS, LINES, PEOPLE, MakeWarehouse
from tests.support.raw_warehouse import RawWarehouse, at
from tests.support.rows import OWNERS, call, deal, entry, link, ticket, typed

pytestmark = pytest.mark.slow

W41, W42, W43 = (date(2025, 10, 6), date(2025, 10, 13), date(2025, 10, 20))
FIRST, SECOND, THIRD = (at("2025-10-27T12:00:00"), at("2025-10-28T12:00:00"), at("2025-10-30T12:00:00"))
CHANGES = "select * from marts.fct_restatements order by changed_at, line_id, period_start"
RECORDED = (
    "from snapshots.scorecard_periods select 'period', line_id, period_start::text, dbt_valid_from,"
    " dbt_valid_to union all "
    + "from snapshots.scorecard_records select 'record', line_id, record_key, dbt_valid_from, dbt_valid_to"
    " order by all"
)


class Story:
    """What the warehouse said after each build."""

    def __init__(self, warehouse: RawWarehouse) -> None:
        self.warehouse = warehouse
        self.after: dict[str, list[dict[str, Any]]] = {}
        self.recorded: dict[str, list[dict[str, Any]]] = {}
        self.records: list[dict[str, Any]] = []

    def note(self, name: str) -> None:
        self.after[name] = self.warehouse.query(CHANGES)
        self.recorded[name] = self.warehouse.query(RECORDED)

    def change(self, line: str, period: date, changed_at: Any) -> dict[str, Any]:
        (row,) = [
            row
            for row in self.after["last"]
            if (row["line_id"], row["period_start"], row["changed_at"]) == (line, period, changed_at)
        ]
        return row

    def differing(self, line: str, period: date, changed_at: Any) -> dict[str, tuple[Any, ...]]:
        """Record -> (change, reason, other day)."""
        return {
            row["record_id"]: (row["change"], row["reason"], row["other_day"])
            for row in self.records
            if (row["line_id"], row["period_start"], row["changed_at"]) == (line, period, changed_at)
        }


@pytest.fixture(scope="module")
def story(make_warehouse: MakeWarehouse) -> Story:
    """Monday: published. Tuesday: what came late, was deleted, moved, edited, typed in. Then the same again,
    a look back, and on Wednesday a build that is killed between the two recordings: another goal, another
    definition, and the late call is gone.
    """
    warehouse = make_warehouse(
        FIRST.isoformat(), seeds={"people": PEOPLE, "scorecard_lines": LINES, "goals": GOALS}
    )
    told = Story(warehouse)
    untested = "--exclude-resource-type", "test", "unit_test"
    warehouse.add("hubspot.owners", OWNERS)
    warehouse.add("autotask.resources", [{"id": 1, "email": "sam.o@desk.example"}])
    warehouse.add("hubspot.calls", [call(f"w41-{i}", "2025-10-07T15:00:00") for i in range(2)])
    warehouse.add("hubspot.calls", [call(i, "2025-10-15T15:00:00") for i in ("w42-stays", "moves-to-w43")])
    warehouse.add(
        "hubspot.calls",
        [call(i, "2025-10-22T15:00:00") for i in ("w43-stays", "deleted", "loses-its-owner", "moves-to-w44")],
    )
    warehouse.add("hubspot.calls", [call(i, "2025-10-22T15:00:00") for i in ("in-week", "turns-inbound")])
    warehouse.add("hubspot.calls", [call("turns-outbound", "2025-10-22T15:00:00", direction="INBOUND")])
    warehouse.add(
        "hubspot.calls",
        [call("voicemail", "2025-10-22T15:00:00", direction="INBOUND", hs_call_disposition="voicemail")],
    )
    warehouse.add("hubspot.contacts", [{"id": "boss", "buying_role": "DECISION_MAKER", "archived": False}])
    warehouse.add("hubspot.associations", link("call", "voicemail", "boss"))
    stages = [{"pipeline_id": "default", "id": "won", "is_closed": True, "probability": "1.0"}]
    warehouse.add("hubspot.deal_stages", stages)
    warehouse.add(
        "hubspot.deals", [deal("grows", "won", "2025-10-01T12:00:00", "2025-10-22T12:00:00", mrr="250")]
    )
    warehouse.add(
        "hubspot.deals", [deal("last-quarter", "won", "2025-08-01T12:00:00", "2025-09-10T12:00:00")]
    )
    warehouse.add("autotask.tickets", [ticket(1, "2025-10-21T14:00:00", None, status=1)])
    warehouse.add(
        "autotask.time_entries",
        [entry(1, "2025-10-07", "10"), entry(2, "2025-10-07", "10", non_billable=True)],
    )
    warehouse.add(
        "manual.entries", [typed(1, "outside.events", "maya", "2025-10-13", "4", "2025-10-17T20:00:00")]
    )
    warehouse.loaded("hubspot", through=at("2025-10-27T11:55:00"), since=at("2024-06-01T00:00:00"))
    warehouse.loaded(
        "autotask", through=at("2025-10-22T15:00:00"), since=at("2025-10-06T04:00:00")
    )  # W43 is openly incomplete
    warehouse.loaded("manual", through=FIRST)
    warehouse.build(*untested)
    told.note("first")

    warehouse.turn_clock(SECOND.isoformat())
    warehouse.add("hubspot.calls", [call("late", "2025-10-23T15:00:00", hs_call_title="<b>late</b> call")])
    warehouse.change("""
        update raw_hubspot.calls set archived = true, archived_at = '2025-10-27 15:00:00+00' where id = 'deleted';
        update raw_hubspot.calls set hubspot_owner_id = null where id = 'loses-its-owner';
        update raw_hubspot.calls set hs_call_direction = 'INBOUND' where id = 'turns-inbound';
        update raw_hubspot.calls set hs_call_direction = 'OUTBOUND' where id = 'turns-outbound';
        update raw_hubspot.calls set hs_timestamp = '2025-10-24 15:00:00+00' where id = 'in-week';
        update raw_hubspot.calls set hs_timestamp = '2025-10-27 15:00:00+00' where id = 'moves-to-w44';
        update raw_hubspot.calls set hs_timestamp = '2025-10-20 15:00:00+00' where id = 'moves-to-w43';
        update raw_hubspot.deals set mrr = 300 where id = 'grows';
        update raw_hubspot.deals set archived = true where id = 'last-quarter';
        update raw_autotask.time_entries set is_non_billable = false, hours_worked = 11 where id = 2;
        """)
    warehouse.add(
        "autotask.tickets",
        [ticket(2, "2025-10-24T14:00:00", None, status=1), ticket(3, "2025-10-24T14:00:00", None, status=1)],
    )
    warehouse.add(
        "manual.entries",
        [
            typed(2, "outside.events", "maya", "2025-10-13", "5", "2025-10-27T20:00:00"),
            typed(3, "outside.events", "maya", "2025-10-20", "0", "2025-10-27T20:00:00"),
        ],
    )
    for source in ("hubspot", "autotask", "manual"):
        warehouse.loaded(source, through=SECOND, since=at("2025-10-06T04:00:00"))
    assert "WARN=0" in warehouse.build()
    told.note("second")

    # the parts that record, again, at the same clock
    warehouse.build("--select", "int_scorecard__recording", "int_restatements__periods+")
    told.note("again")

    warehouse.turn_clock("2025-10-19T12:00:00")  # W42 still runs: the facts have two weeks less
    warehouse.build(*untested)
    told.note("earlier")

    warehouse.turn_clock(THIRD.isoformat())
    warehouse.change("delete from raw_hubspot.calls where id = 'late'")
    warehouse.seeds["goals"] = GOALS.replace(
        "inside.dials,2024-07-01,2025-10-12,>=,2", "inside.dials,2024-07-01,2025-10-12,>=,4"
    )
    warehouse.company = warehouse.company.model_copy(
        update={
            "hubspot": warehouse.company.hubspot.model_copy(
                update={"connected_outcomes": ["connected", "voicemail"]}
            )
        }
    )
    warehouse.turn_clock(THIRD.isoformat())
    warehouse.build("--exclude", "scorecard_records", "int_restatements__changes+", *untested)
    warehouse.turn_clock("2025-10-30T13:00:00")
    warehouse.build("--select", "int_scorecard__recording", "int_restatements__periods+")
    told.note("last")
    told.records = warehouse.query("select * from marts.fct_restatement_records")
    return told


def test_nothing_is_restated_by_the_first_build(story: Story) -> None:
    assert story.after["first"] == []
    assert len(story.recorded["first"]) > 100


def test_a_second_build_of_the_same_adds_nothing(story: Story) -> None:
    assert story.recorded["again"] == story.recorded["second"]
    assert story.after["again"] == story.after["second"]


def test_a_build_at_an_earlier_clock_records_nothing(story: Story) -> None:
    assert story.recorded["earlier"] == story.recorded["second"]
    assert story.after["earlier"] == story.after["second"]
    assert story.warehouse.query("select count(*) as n from marts.fct_scorecard_weekly")[0]["n"] > 0


def test_only_what_changed_is_told(story: Story) -> None:
    told = {(row["line_id"], row["period_start"], row["kind"], row["cause"]) for row in story.after["second"]}
    quarter = date(2025, 6, 30)
    assert told == {
        ("inside.dials", W42, "restated", "records"),
        ("inside.dials", W43, "restated", "records"),
        ("outside.mrr", W43, "restated", "records"),
        ("outside.events", W42, "restated", "records"),
        ("outside.events", W43, "filled", "records"),
        ("ops.utilization", W41, "restated", "records"),
        ("ops.utilization_available", W41, "restated", "records"),
        ("ops.billable", W41, "restated", "records"),
        ("ops.non_billable", W41, "restated", "records"),
        ("ops.total", W41, "restated", "records"),
        *((f"quarter.{name}", quarter, "restated", "records") for name in ("deals", "value", "won")),
    }


def test_what_was_stale_when_shown_is_not_restated_when_it_is_complete(story: Story) -> None:
    sql = (
        "select value, state from snapshots.scorecard_periods where line_id = 'ops.opened' and period_start ="
        " ? order by dbt_valid_from"
    )
    assert [tuple(row.values()) for row in story.warehouse.query(sql, [W43])][:2] == [
        (1, "stale"),
        (3, "live"),
    ]
    assert not [row for row in story.after["last"] if row["line_id"] == "ops.opened"]


def test_late_deleted_edited_and_moved_records_are_named(story: Story) -> None:
    row = story.change("inside.dials", W43, SECOND)
    assert (row["value_was"], row["value_now"], row["published_at"]) == (6, 5, FIRST)
    assert (row["n_added"], row["n_removed"], row["n_changed"]) == (3, 4, 0)
    assert (row["status_was"], row["status_now"], row["period_label"], row["label"]) == (
        "met",
        "met",
        "2025-W43",
        "Dials",
    )
    assert story.differing("inside.dials", W43, SECOND) == {
        "late": ("added", None, None),
        "turns-outbound": ("added", "inbound", None),
        "moves-to-w43": ("added", None, date(2025, 10, 15)),
        "deleted": ("removed", "deleted", None),
        "turns-inbound": ("removed", "inbound", None),
        "loses-its-owner": ("removed", None, None),  # no record of Maya's line any more
        "moves-to-w44": ("removed", None, date(2025, 10, 27)),
    }
    assert story.differing("inside.dials", W42, SECOND) == {
        "moves-to-w43": ("removed", None, date(2025, 10, 20))
    }
    (late,) = [row for row in story.records if row["record_id"] == "late" and row["change"] == "added"]
    assert (late["source"], late["record_type"], late["record_label"]) == (
        "hubspot",
        "call",
        "<b>late</b> call",
    )


def test_another_amount_is_a_changed_record(story: Story) -> None:
    row = story.change("outside.mrr", W43, SECOND)
    assert (row["value_was"], row["value_now"], row["n_changed"], row["n_added"], row["n_removed"]) == (
        250,
        300,
        1,
        0,
        0,
    )
    utilization = story.change("ops.utilization", W41, SECOND)
    assert (utilization["numerator_was"], utilization["numerator_now"], utilization["denominator_now"]) == (
        10,
        21,
        21,
    )
    assert utilization["n_changed"] == 1


def test_a_correction_replaces_an_entry_and_a_blank_is_filled(story: Story) -> None:
    row = story.change("outside.events", W42, SECOND)
    assert (row["value_was"], row["value_now"], row["n_added"], row["n_removed"]) == (4, 5, 1, 1)
    assert sorted(change[:2] for change in story.differing("outside.events", W42, SECOND).values()) == [
        ("added", None),
        ("removed", "corrected"),
    ]
    filled = story.change("outside.events", W43, SECOND)
    assert (filled["value_was"], filled["value_now"], filled["state_was"], filled["state_now"]) == (
        None,
        0,
        "missing",
        "manual",
    )


def test_a_finished_quarter_is_restated(story: Story) -> None:
    row = story.change("quarter.won", date(2025, 6, 30), SECOND)
    assert (row["value_was"], row["value_now"], row["cadence"], row["period_label"]) == (
        1,
        0,
        "quarter",
        "2025-Q3",
    )
    assert story.differing("quarter.won", date(2025, 6, 30), SECOND) == {
        "last-quarter": ("removed", "deleted", None)
    }


def test_the_records_differences_add_up_to_the_number_s(story: Story) -> None:
    sums: dict[tuple[Any, ...], Any] = {}
    for row in story.records:
        key = (row["line_id"], row["period_start"], row["changed_at"])
        sums[key] = sums.get(key, 0) + (row["numerator_now"] or 0) - (row["numerator_was"] or 0)
    checked = 0
    for row in story.after["last"]:
        if row["kind"] == "restated" and row["numerator_was"] is not None:
            assert (
                row["numerator_now"] - row["numerator_was"]
                == sums[row["line_id"], row["period_start"], row["changed_at"]]
            ), row
            checked += 1
    assert checked > 8


def test_a_record_that_is_gone_is_named_although_the_build_was_killed_between_the_recordings(
    story: Story,
) -> None:
    row = story.change("inside.dials", W43, THIRD)
    assert (row["value_was"], row["value_now"], row["published_at"], row["cause"]) == (
        5,
        4,
        SECOND,
        "records",
    )
    assert (row["n_added"], row["n_removed"]) == (0, 1)
    assert story.differing("inside.dials", W43, THIRD) == {"late": ("removed", None, None)}
    assert not [row for row in story.after["last"] if row["changed_at"] > THIRD]


def test_a_goal_that_was_changed_for_the_past_is_told_as_such(story: Story) -> None:
    row = story.change("inside.dials", W41, THIRD)
    assert (row["kind"], row["cause"], row["value_was"], row["value_now"]) == ("rejudged", "goal", 2, 2)
    assert (row["target_was"], row["target_now"], row["status_was"], row["status_now"]) == (
        2,
        4,
        "met",
        "below",
    )
    assert not story.differing("inside.dials", W41, THIRD)


def test_another_definition_is_told_apart_from_other_records(story: Story) -> None:
    row = story.change("inside.conversations", W43, THIRD)
    assert (row["kind"], row["cause"], row["value_was"], row["value_now"]) == ("restated", "definition", 0, 1)
    assert story.differing("inside.conversations", W43, THIRD) == {
        "voicemail": ("added", "not_connected", None)
    }

"""What scorecards get wrong, in one company in Los Angeles around the end of summer time: weeks cut by UTC,
people who come, go and change team, a source connected in the middle of a quarter that is down for a whole
week, and ten thousand typed-in numbers.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.dbt_project.conftest import MakeWarehouse
from tests.support.raw_warehouse import RawWarehouse, at
from tests.support.rows import call, ticket

pytestmark = pytest.mark.slow

W40, W41, W42, W43, W44, W45 = (date(2025, 9, 29) + timedelta(weeks=i) for i in range(6))
SUNDAY_NIGHT = "2025-11-03T07:59:59"
"""The last second of W44, in which the clocks went back: UTC-8. In summer time it would be Monday."""
WEDNESDAY = "2025-11-05T20:30:00"
"""W45, 12:30: half of a day from 08:00 to 17:00."""
PEOPLE = """\
person_key,full_name,email,hubspot_email,autotask_email,team,weekly_hours,active_from,active_to
eve,Eve Stone,eve@test.example,,,clock,40,2024-01-01,
ann,Ann Ito,ann@test.example,,,outside,40,2024-01-01,
bob,Bob Ray,bob@test.example,,,inside,40,2024-01-01,
cy,Cy Wolf,cy@test.example,,,outside,40,2024-01-01,
joins,Cal Moss,joins@test.example,,,solo,40,2025-10-15,
leaves,Dee Park,leaves@test.example,,,gone,40,2024-01-01,2025-10-22
"""
LINES = """\
line_id,section,section_label,sort_order,metric_id,label,owners,people,feed,valid_from,valid_to
clock.dials,clock,Clock,10,dials,,eve,eve,,2025-09-29,
clock.same_day,clock,Clock,20,same_day_close_rate,,eve,,,2025-09-29,
inside.dials,inside,Inside,30,dials,,bob,ann until 2025-10-21; bob,,2025-09-29,
outside.dials,outside,Outside,40,dials,,cy,cy;ann from 2025-10-22,,2025-09-29,
solo.dials,solo,Solo,50,dials,,joins,joins,,2025-09-29,
gone.dials,gone,Gone,60,dials,,leaves,leaves,,2025-09-29,
desk.opened,desk,Desk,70,reactive_tickets_opened,,eve,,,2025-09-29,
typed.events,typed,Typed,80,networking_events,,eve,eve;bob,,2024-07-01,
"""
GOALS = """\
line_id,valid_from,valid_to,operator,target,target_2,band,reason,per,kind
clock.dials,2025-09-29,,>=,10,,0.10,standing,
inside.dials,2025-09-29,,>=,1,,0.10,per person and day,person_day
outside.dials,2025-09-29,,>=,1,,0.10,per person and day,person_day
solo.dials,2025-09-29,,>=,2,,0.10,standing,
gone.dials,2025-09-29,,>=,1,,0.10,per person and day,person_day
desk.opened,2025-09-29,,>=,2,,0.10,standing,
desk.opened,2025-10-27,2025-11-02,>=,1,,0.10,for a week,,exception
clock.same_day,2025-09-29,2025-10-26,>=,0.7,,0.10,with the line,
clock.same_day,2025-10-27,2025-11-02,between,0.725,0.8,0.10,,
typed.events,2025-10-22,2025-11-02,>=,1500,,0.10,on a Wednesday,
typed.events,2025-11-03,2025-11-30,>=,1500,,0.10,only another reason,
typed.events,2025-12-01,,>=,1,,0.10,to come,
"""
CALLS = {
    "eve": [
        "2025-10-27T07:00:00",  # the first second of W44, UTC-7
        *(f"2025-10-{day}T06:30:00" for day in (28, 29, 30, 31)),  # Monday to Thursday, 23:30
        "2025-11-01T06:30:00",
        "2025-11-02T06:30:00",
        "2025-11-02T08:30:00",  # 01:30, twice: before and after the clocks went back
        "2025-11-02T09:30:00",
        "2025-11-03T07:30:00",  # Sunday 23:30
        "2025-11-03T08:30:00",  # Monday 00:30
    ],
    "ann": [
        "2025-10-14T17:00:00",
        "2025-10-22T06:30:00",  # Tuesday 23:30: her last half hour inside
        "2025-10-22T07:30:00",  # Wednesday 00:30
        "2025-10-29T17:00:00",
    ],
    "bob": ["2025-10-14T17:00:00", "2025-10-29T17:00:00"],
    "cy": ["2025-10-14T17:00:00"],
    "joins": ["2025-10-16T17:00:00", "2025-10-23T17:00:00", "2025-10-24T17:00:00", "2025-10-29T17:00:00"],
    "leaves": [*(f"2025-10-{day:02}T17:00:00" for day in (1, 2, 3, 6, 7, 8, 9, 10, 13, 14, 20, 21))],
}
TYPED = 10_000
TYPED_WEEKS = 60
"""Weeks before W45 for which numbers are typed in, again and again."""


def typed_entry(i: int) -> dict[str, Any]:
    """The i-th line of the files: no two are typed in the same minute, and the order of lines says nothing
    about time."""
    return {
        "file": f"part{i % 7}.csv",
        "line": i,
        "person_key": "bob" if i % 2 else "eve",
        "week_start": W44 - timedelta(weeks=(i // 2) % TYPED_WEEKS),
        "value": i * 7919 % 50,
        "entered_at": datetime(2025, 10, 20, tzinfo=UTC) + timedelta(minutes=i * 6367 % 10007),
    }


class Told:
    """What the warehouse said in both builds."""

    def __init__(self) -> None:
        self.weeks: dict[str, dict[tuple[str, date], dict[str, Any]]] = {}
        self.paces: dict[str, dict[tuple[str, str], tuple[Any, ...]]] = {}

    def note(self, name: str, warehouse: RawWarehouse) -> None:
        rows = warehouse.query("from marts.fct_scorecard_weekly where week_start >= '2025-09-29'")
        self.weeks[name] = {(row["line_id"], row["week_start"]): row for row in rows}
        paces = warehouse.query("from marts.fct_pace")
        self.paces[name] = {
            (row["line_id"], row["span"]): tuple(row[c] for c in ("value", "pace", "status", "as_of"))
            for row in paces
        }
        self.warehouse = warehouse

    def series(self, name: str, line: str, *columns: str) -> list[Any]:
        """One entry per week from W40 on."""
        found = [row for (line_id, _), row in sorted(self.weeks[name].items()) if line_id == line]
        return [
            tuple(row[column] for column in columns) if len(columns) > 1 else row[columns[0]] for row in found
        ]


@pytest.fixture(scope="module")
def told(make_warehouse: MakeWarehouse) -> Told:
    """On Sunday night the ticket system, connected on Wednesday of W41, has been down since Wednesday of W42.
    On Wednesday it is back."""
    seeds = {"people": PEOPLE, "scorecard_lines": LINES, "goals": GOALS}
    made = make_warehouse(SUNDAY_NIGHT, zone="America/Los_Angeles", seeds=seeds)
    made.add(
        "hubspot.owners", [{"id": key, "email": f"{key}@test.example", "archived": False} for key in CALLS]
    )
    made.add(
        "hubspot.calls",
        [call(f"{who}-{when}", when, owner=who) for who, times in CALLS.items() for when in times],
    )
    opened = ("2025-10-07T17:00:00", "2025-10-14T17:00:00")
    made.add("autotask.tickets", [ticket(i, when, None, status=1) for i, when in enumerate(opened)])
    made.change(
        "insert into raw_manual.entries (file, line, metric, person_key, week_start, value, entered_by,"
        " entered_at) select format('part{}.csv', i % 7), i, 'networking_events', if(i % 2 = 1, 'bob',"
        f" 'eve'), date '{W44}' - (7 * ((i // 2) % {TYPED_WEEKS}))::integer, i * 7919 % 50, 'eve',"
        f" timestamptz '2025-10-20 00:00:00+00' + to_minutes(i * 6367 % 10007) from range({TYPED}) as"
        " entries (i)"
    )
    made.loaded("hubspot", through=at(SUNDAY_NIGHT), since=at("2024-06-01T00:00:00"))
    made.loaded("autotask", through=at("2025-10-15T19:00:00"), since=at("2025-10-08T07:00:00"))
    made.loaded("autotask", "failed", finished=at(SUNDAY_NIGHT), error="autotask: 503, try later")
    made.loaded("manual", through=at(SUNDAY_NIGHT))
    facts = (
        "+fct_scorecard_weekly",
        "+fct_scorecard_monthly",
        "+fct_scorecard_quarterly",
        "+fct_contributions",
        "+fct_pace",
    )
    marts = *facts, "+dim_build", "+dim_lines", "+fct_definition_changes"
    story = Told()
    made.build("--select", *marts, "--exclude-resource-type", "test", "unit_test")
    story.note("down", made)
    # nothing was recorded before; goals and people have their own days
    assert {row["kind"] for row in made.query("from marts.fct_definition_changes")} == {
        "goal",
        "first_goal",
        "people",
    }

    made.turn_clock(WEDNESDAY)
    made.change(
        "update snapshots.scorecard_definitions set sql_fingerprint = '2:other SQL' where line_id ="
        " 'clock.dials'; update snapshots.scorecard_definitions set settings_fingerprint = '2:other ones'"
        " where line_id = 'inside.dials'; update snapshots.scorecard_definitions set sql_fingerprint ="
        " 'e66f37ff2b2f4a7d9d3f2f2f1f1a5d3c' where line_id = 'clock.same_day'"  # a release before algorithm 2
        "; create table intermediate.int_from_an_earlier_release as select 1 as n; create view"
        " staging.stg_from_an_earlier_release as select 1 as n; create table intermediate.somebody_s_own as"
        " select 1 as n"
    )
    made.add(
        "autotask.tickets",
        [
            ticket(10, "2025-10-16T17:00:00", None, status=1),
            ticket(11, "2025-10-22T17:00:00", None, status=1),
            ticket(12, "2025-10-23T17:00:00", None, status=1),
            ticket(
                13, "2025-11-02T07:30:00", "2025-11-03T07:45:00"
            ),  # Sunday 00:30 to 23:45, a day of 25 hours
            ticket(14, "2025-11-03T07:30:00", "2025-11-03T08:15:00"),  # Sunday 23:30 to Monday 00:15
        ],
    )
    made.loaded("autotask", through=at(WEDNESDAY), since=at("2025-10-15T19:00:00"))
    made.loaded("hubspot", through=at(WEDNESDAY), since=at(SUNDAY_NIGHT))
    made.loaded("manual", through=at(WEDNESDAY))
    tests = (
        "contributions_sum_to_the_facts",
        "lines_get_every_contribution",
        "path:tests/lines",
        "path:tests/goals",
    )
    made.build("--select", *marts, *tests, "--indirect-selection", "empty")
    story.note("back", made)
    return story


def test_records_around_midnight_of_los_angeles(told: Told) -> None:
    rows = told.warehouse.query(
        "select occurred_on, count(*) as n from marts.fct_contributions where line_id = 'clock.dials' and"
        " counted group by all order by all"
    )
    days = {row["occurred_on"]: row["n"] for row in rows}
    # every day of the week in which the clocks change, and 01:30 twice on its Sunday
    assert days == {W44: 2, **{W44 + timedelta(days=i): 1 for i in range(1, 6)}, date(2025, 11, 2): 3, W45: 1}
    assert told.series("back", "clock.dials", "value")[-2:] == [10, 1]


def test_the_week_in_which_the_clocks_change_ends_an_hour_later(told: Told) -> None:
    """A second before its end it runs, though seven times 24 hours have long been over."""
    before = told.weeks["down"]["clock.dials", W44]
    assert (before["is_finished"], before["state"], before["value"]) == (False, "provisional", 10)
    assert told.warehouse.query("select finished_week from marts.dim_build") == [{"finished_week": W44}]
    after = told.weeks["back"]["clock.dials", W44]
    assert (after["is_finished"], after["state"], after["status"]) == (True, "live", "met")


def test_a_day_of_25_hours_is_one_day(told: Told) -> None:
    row = told.weeks["back"]["clock.same_day", W44]
    assert (row["numerator"], row["denominator"]) == (1, 1)
    assert (
        told.weeks["back"]["clock.same_day", W45]["numerator"],
        told.weeks["back"]["clock.same_day", W45]["denominator"],
    ) == (0, 1)


def test_working_time_goes_by_the_wall_clock(told: Told) -> None:
    [row] = told.warehouse.query("from marts.fct_pace where line_id = 'clock.dials' and span = 'week'")
    assert (row["period_start"], row["working_days"], row["elapsed_share"]) == (W45, 5, Decimal("0.5"))
    [row] = told.warehouse.query(
        "select sum(working_time) as time, count(*) as days from intermediate.int_scorecard__working_days "
        "where line_id = 'clock.dials' and period_start = '2025-10-27'"
    )
    assert row == {"time": 5, "days": 5}


def test_numbers_stay_with_the_team_that_a_person_has_left(told: Told) -> None:
    """Ann moves from inside to outside on Wednesday of W43; what is expected of both teams moves with her."""
    told_inside = told.series("back", "inside.dials", "value", "target")
    told_outside = told.series("back", "outside.dials", "value", "target")
    assert told_inside[2:5] == [(2, 10), (1, 7), (1, 5)]
    assert told_outside[2:5] == [(1, 5), (1, 8), (1, 10)]
    now = told.warehouse.query(
        "select people from marts.dim_lines where line_id in ('inside.dials', 'outside.dials') order by"
        " line_id"
    )
    assert [row["people"] for row in now] == ["bob", "cy;ann"]


def test_before_a_line_s_first_person_begins_it_is_blank(told: Told) -> None:
    """Cal joins on Wednesday of W42: two weeks without him are not the line's, and nothing was expected of
    them."""
    rows = told.series("back", "solo.dials", "value", "target", "status", "state")
    assert [row[:3] for row in rows[:3]] == [(1, 2, "below"), (2, 2, "met"), (1, 2, "below")]
    row = told.weeks["back"]["solo.dials", W44]
    assert (row["quarter_weeks"], row["quarter_weeks_expected"], round(row["quarter_value"], 4)) == (
        3,
        3,
        Decimal("1.3333"),
    )
    [pace] = told.warehouse.query("from marts.fct_pace where line_id = 'solo.dials' and span = 'quarter'")
    # eleven weeks of 2; three are over, and half of the fourth
    assert (pace["target"], pace["expected_so_far"], pace["periods_with_number"]) == (22, 7, 4)


def test_who_leaves_takes_their_goal_along(told: Told) -> None:
    """Dee leaves on Wednesday of W43, having met what was expected of her; later weeks have no goal and don't
    judge the quarter."""
    rows = told.series("back", "gone.dials", "value", "target", "status")
    assert rows[:5] == [
        (3, 5, "below"),
        (5, 5, "met"),
        (2, 5, "below"),
        (2, 3, "below"),
        (0, None, "no_goal"),
    ]
    [pace] = told.warehouse.query("from marts.fct_pace where line_id = 'gone.dials' and span = 'quarter'")
    assert (pace["value"], pace["target"], pace["elapsed_share"], pace["needed"]) == (12, 18, 1, None)


def test_a_source_connected_in_the_middle_of_a_quarter(told: Told) -> None:
    """Weeks before it, and the one in which it was connected, are blank, even if records of them came
    along."""
    rows = told.series("back", "desk.opened", "value", "status", "state")
    assert rows[:2] == [(None, "no_data", "missing")] * 2
    row = told.weeks["back"]["desk.opened", W44]
    assert (row["quarter_weeks"], row["quarter_weeks_expected"], row["quarter_value"]) == (3, 5, 2)


def test_a_source_that_is_down_for_a_whole_week_is_never_zero(told: Told) -> None:
    down = told.series("down", "desk.opened", "value", "status", "state", "as_of")
    assert down[2] == (
        1,
        "no_data",
        "stale",
        at("2025-10-15T19:00:00"),
    )  # says up to when, and judges nothing
    assert [row[:3] for row in down[3:5]] == [(None, "no_data", "missing")] * 2
    # W42 to W44 are still to come: not pooled, not expected, no streak. W40 and W41 will never come
    row = told.weeks["down"]["desk.opened", W44]
    assert (
        row["quarter_weeks"],
        row["quarter_weeks_expected"],
        row["quarter_value"],
        row["weeks_off_track"],
    ) == (0, 2, None, 0)
    assert told.paces["down"]["desk.opened", "quarter"] == (1, None, "no_data", at("2025-10-15T19:00:00"))


def test_a_source_that_is_back_has_whole_weeks(told: Told) -> None:
    rows = told.series("back", "desk.opened", "value", "state")
    assert rows[2:] == [(2, "live"), (2, "live"), (2, "live"), (0, "provisional")]


def test_ten_thousand_lines_of_typed_in_history(told: Told) -> None:
    newest: dict[tuple[date, str], dict[str, Any]] = {}
    for entry in map(typed_entry, range(TYPED)):
        key = entry["week_start"], entry["person_key"]
        if key not in newest or entry["entered_at"] > newest[key]["entered_at"]:
            newest[key] = entry
    assert len(newest) == 2 * TYPED_WEEKS
    rows = told.warehouse.query(
        "from marts.fct_scorecard_weekly where line_id = 'typed.events' and state = 'manual'"
    )
    assert {row["week_start"]: (row["value"], row["n"], row["as_of"]) for row in rows} == {
        week: (sum(entry["value"] for entry in both), 2, max(entry["entered_at"] for entry in both))
        for week in {week for week, _ in newest}
        for both in [[newest[week, "eve"], newest[week, "bob"]]]
    }
    fates = told.warehouse.query(
        "select coalesce(reason, 'counted') as fate, count(*) as n from marts.fct_contributions "
        "where line_id = 'typed.events' group by all order by 1"
    )
    assert fates == [{"fate": "corrected", "n": TYPED - 120}, {"fate": "counted", "n": 120}]
    counted = told.warehouse.query(
        "select record_id from marts.fct_contributions where line_id = 'typed.events' and counted"
    )
    assert {row["record_id"] for row in counted} == {
        f"{entry['file']}:{entry['line']}" for entry in newest.values()
    }


def test_what_no_model_builds_any_more_is_dropped(told: Told) -> None:
    """A renamed model leaves no stale table behind; what somebody made by hand stays."""
    rows = told.warehouse.query(
        "select table_name from information_schema.tables where table_name like '%earlier%' or table_name like"
        " 'somebody%'"
    )
    assert [row["table_name"] for row in rows] == ["somebody_s_own"]


def test_changed_definitions_are_told_from_their_day_on(told: Told) -> None:
    """A goal from the first week that begins under it, SQL and settings from the build on; the goal with
    which a line begins is none. A fingerprint that an earlier release computed differently marks nothing."""
    rows = told.warehouse.query("from marts.fct_definition_changes order by line_id, changed_on")
    assert [
        (row["line_id"], row["changed_on"], row["period_start"], row["kind"], row["note"]) for row in rows
    ] == [
        ("clock.dials", date(2025, 11, 5), W45, "sql", "SQL changed"),
        ("clock.same_day", date(2025, 10, 27), W44, "goal", "goal ≥ 70% → 72.5% to 80%"),
        ("clock.same_day", W45, W45, "goal", "goal 72.5% to 80% → none"),
        ("inside.dials", date(2025, 10, 22), date(2025, 10, 20), "people", "people changed"),
        ("inside.dials", date(2025, 11, 5), W45, "settings", "settings changed"),
        ("outside.dials", date(2025, 10, 22), date(2025, 10, 20), "people", "people changed"),
        ("typed.events", date(2025, 10, 22), W44, "first_goal", "first goal ≥ 1,500"),
    ]
    assert rows[0]["sentence"] == "SQL changed on 5 Nov 2025."
    assert rows[-1]["sentence"] == "First goal ≥ 1,500 from 22 Oct 2025: on a Wednesday."

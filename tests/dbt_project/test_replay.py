"""Fifteen days with three Mondays, loaded from the sandbox and built: the past of a deal stays what it was,
and what changes in a published week has its cause. `make replay` does the same with 90 days at random."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from benchmarks.replay import Replay, mornings, replaying
from benchmarks.replay.diary import ELSEWHERE, LOST, OPEN, SALES, WON, Diary
from sandbox.companies.base import MAYA, VICTOR, add, at, edit, vanish
from sandbox.engine.formats import hubspot_time
from tests.support import in_process

BEGINS = date(2025, 10, 13)
W40, W41, W42, W43, W44 = (
    date(2025, 9, 29),
    date(2025, 10, 6),
    BEGINS,
    date(2025, 10, 20),
    date(2025, 10, 27),
)

BUILT, HAPPENED = (13, 20, 27), (16, 20, 21, 22, 23, 24)
"""Days of October."""


def october(day: int, hours: float = 10) -> int:
    return at(date(2025, 10, day), hours)


def story() -> Diary:
    """What the tests below are about."""
    diary = Diary()
    before = at(date(2025, 9, 10), 10)
    diary.deal(before, 100_000)
    handed = diary.deal(before, 60_000, MAYA)
    moved_in = diary.deal(before, 10_000, pipeline=ELSEWHERE, stage="8842101")
    moved_out = diary.deal(before, 20_000)
    reopened = diary.deal(before, 40_000)
    dated_back = diary.deal(before, 80_000)
    dated_ahead, first, second = (diary.deal(october(6), 12_000) for _ in range(3))

    diary.close(reopened, october(8), LOST)
    diary.close(dated_ahead, october(8), WON, at(date(2025, 12, 15), 10))
    for twin in (first, second):
        diary.close(twin, october(8), WON)
    diary.call(october(16), october(16))
    diary.change(moved_in, october(20), "deal moved", pipeline=SALES, dealstage=OPEN)
    diary.change(moved_out, october(20), "deal moved", pipeline=ELSEWHERE, dealstage="8842101")
    # two deals that are one: HubSpot makes a third, and the two are gone without trace
    merged = diary.deal(october(21), 12_000, made=october(6))
    props = {
        "dealstage": WON,
        "closedate": hubspot_time(october(8)),
        "hs_merged_object_ids": f"{first};{second}",
    }
    diary.book.store.tables["hubspot.deals"][merged][0].props.update(props)
    for twin in (first, second):
        vanish(diary.book, "hubspot.deals", twin, october(21))
    diary.note(october(21), "deals merged", first, second, merged)
    for kind in ("companies", "contacts"):
        left, taken_in = (add(diary.book, kind, before, {"name": kind, "firstname": kind}) for _ in range(2))
        edit(diary.book, kind, left, october(21), {"hs_merged_object_ids": str(taken_in)})
        vanish(diary.book, f"hubspot.{kind}", taken_in, october(21))
    diary.call(october(16), october(21))
    diary.change(
        reopened,
        october(22),
        "deal reopened",
        dealstage=OPEN,
        closedate=hubspot_time(at(date(2025, 12, 1), 10)),
    )
    diary.change(handed, october(23), "owner changed", hubspot_owner_id=str(VICTOR.id))
    diary.close(dated_back, october(24), WON, october(3))
    return diary


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    home: Path = tmp_path_factory.mktemp("replay")
    with replaying(story(), home, BEGINS, _dbt) as replay:
        replay.marts = ("+fct_restatements", "+fct_restatement_records", "+fct_sales_open_deals")
        for morning in mornings(BEGINS, 15):
            if morning.day in BUILT:
                replay.day(morning)
            elif morning.day - 1 in HAPPENED:  # loaded the next morning; a build is the dear part
                replay.day(morning, build=False)
        yield replay


def _dbt(command: Sequence[str], project: Path) -> None:
    ran = in_process.run(command, {}, project)
    assert ran.returncode == 0, ran.stdout


def weeks(replay: Replay, metric: str, person: str = "%") -> dict[date, Any]:
    """The values of the line, or of both lines together."""
    rows = replay.query(
        "select week_start, sum(value) as value from marts.fct_scorecard_weekly where metric_id = ? and"
        " section like ? group by 1",
        metric,
        person,
    )
    return {row["week_start"]: row["value"] for row in rows}


def test_the_pipelines_of_past_mondays_are_what_they_were(replay: Replay) -> None:
    found = weeks(replay, "pipeline_value")
    assert [found[week] for week in (W40, W41, W42, W43)] == [300_000, 260_000, 260_000, 210_000]
    assert [weeks(replay, "open_deals")[week] for week in (W40, W41, W42, W43)] == [5, 4, 4, 4]
    # handed over on 23 October: until then it was hers
    assert [weeks(replay, "pipeline_value", "maya")[week] for week in (W40, W41, W42)] == [60_000] * 3
    assert weeks(replay, "pipeline_value", "victor")[W43] == 210_000
    assert all(monday.published == monday.was for monday in replay.mondays())
    # the page of the open deals is of the same days
    shown = (
        "select shown_day, sum(amount) as value from marts.fct_sales_open_deals where not is_now group by 1"
        " order by 1 desc limit 4"
    )
    assert [row["value"] for row in replay.query(shown)] == [210_000, 260_000, 260_000, 300_000]


def test_a_deal_is_closed_on_the_day_on_which_it_entered_the_stage(replay: Replay) -> None:
    found = weeks(replay, "mrr_deals_closed", "victor")
    # W41: dated ahead, and the merged one; W43: dated back
    assert [found[week] for week in (W40, W41, W42, W43, W44)] == [0, 2, 0, 1, 0]
    closed = replay.query(
        "select amount, deal_state, closed_on from intermediate.int_crm__deals where not is_deleted and"
        " deal_state <> 'open'"
    )
    assert {(row["amount"], row["deal_state"], row["closed_on"]) for row in closed} == {
        (12_000, "won", date(2025, 10, 8)),
        (80_000, "won", date(2025, 10, 24)),
        (20_000, "moved", None),
    }


def test_merged_records_are_gone_at_the_next_load(replay: Replay) -> None:
    for table, merged in (("deals", 2), ("companies", 1), ("contacts", 1)):
        gone = replay.query(f"select archived_at::date as day from raw_hubspot.{table} where archived")
        assert [row["day"] for row in gone] == [date(2025, 10, 22)] * merged, table


def test_what_was_published_changes_where_something_about_it_changed(replay: Replay) -> None:
    found = replay.restatements(next(mornings(BEGINS, 1)))
    assert {
        (one.row["line_id"], one.row["period_start"]): (one.row["value_was"], one.row["value_now"])
        for one in found
    } == {
        ("maya.dials", W42): (1, 2),
        ("maya.calls_by_rep", W42): (1, 2),
        ("victor.mrr_closed", W41): (3_000, 2_000),
        ("victor.mrr_deals_closed", W41): (3, 2),
    }
    assert all(one.is_explained for one in found), [str(one) for one in found]

"""What the weekly review compares: months, and spans to date with the year before cut alike, against an
independent computation with pandas and golden cases."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from tests.support.models import statement

W43 = date(2025, 10, 20)
LINE = {"cadence": "week", "aggregation": "sum", "is_signed": False, "valid_from": date(2024, 1, 1)}
DIALS: dict[str, Any] = {"operator": ">=", "target": 7, "target_2": None, "band": 0.1, "tolerance": None}


def spans(
    days: pd.DataFrame,
    *,
    last: date = W43,
    first: date = date(2024, 1, 1),
    line: dict[str, Any] | None = None,
    goal: dict[str, Any] | None = None,
    broken: dict[date, str] | None = None,
) -> pd.DataFrame:
    """`fct_spans` of one line, by span and first day.

    Args:
        days: numerator and denominator of each record, by `occurred_on`.
        broken: weeks that are not whole -> their state.
    """
    about = {"line_id": "a.b", **LINE, **(line or {})}
    weeks = pd.DataFrame({"week_start": pd.date_range(first, last, freq="7D").date})
    records = days.assign(line_id="a.b", counted=True)
    records["week_start"] = [day - timedelta(days=day.weekday()) for day in records.occurred_on]
    sums = records.groupby("week_start")[["numerator", "denominator"]].sum()
    facts = weeks.join(sums, on="week_start").fillna({"numerator": 0, "denominator": 0})
    if about["aggregation"] in ("sum", "last"):
        facts["denominator"] = 1
    facts["value"] = facts.numerator / facts.denominator.replace(0, np.nan)
    facts = facts.assign(
        line_id="a.b", is_finished=True, state="live", partial_note=None, **(DIALS if goal is None else goal)
    )
    for week, state in (broken or {}).items():
        facts.loc[facts.week_start == week, "state"] = state
    numbers = "numerator::decimal(38,9) as numerator, denominator::decimal(38,9) as denominator"
    goals = (
        "operator::text as operator, target::decimal(18,6) as target, target_2::decimal(18,6) as target_2,"
        " band::decimal(9,6) as band, tolerance::decimal(18,6) as tolerance"
    )
    with duckdb.connect() as connection:
        for name, frame in (("lines", pd.DataFrame([about])), ("facts", facts), ("records", records)):
            connection.register(name, frame)
        connection.execute(f"""
            create table int_scorecard__lines as select * replace (valid_from::date as valid_from) from lines;
            create table fct_scorecard_weekly as select line_id, week_start::date as week_start, is_finished, state,
                partial_note::text as partial_note, value, {numbers}, {goals} from facts;
            create table fct_scorecard_monthly as select line_id, week_start::date as month_start,
                week_start::date as month_end, is_finished, state, partial_note::text as partial_note, value, {numbers},
                {goals} from facts where false;
            create table fct_contributions as select line_id, counted, week_start::date as week_start,
                occurred_on::date as occurred_on, {numbers} from records;
        """)
        found = connection.sql(f"from ({statement('marts/scorecard/fct_spans', {})})").df()
    for column in ("span_start", "span_end", "counted_from", "previous_start", "previous_end"):
        found[column] = [None if pd.isna(one) else one.date() for one in pd.to_datetime(found[column])]
    return found.set_index(["span", "span_start"]).sort_index()


def daily(first: date, last: date, numerator: float = 1, denominator: float = 1) -> pd.DataFrame:
    return pd.DataFrame(
        {"occurred_on": pd.date_range(first, last).date, "numerator": numerator, "denominator": denominator}
    )


EVERY_DAY = daily(date(2024, 1, 1), date(2025, 10, 26))


def to_date(found: pd.DataFrame, span: str, last_day: date | None = None) -> pd.Series:
    """The span to date as of a week's end; None: of the newest."""
    rows = found.loc[span].reset_index()
    (row,) = [one for _, one in rows[rows.span_end == (last_day or rows.span_end.max())].iterrows()]
    return row


def test_partial_periods_are_cut_alike() -> None:
    found = spans(EVERY_DAY)
    month, quarter, year = (
        to_date(found, span) for span in ("month_to_date", "quarter_to_date", "year_to_date")
    )
    # 1 to 26 October of both years, though they are other days of the week
    assert (month.span_start, month.span_end, month.value) == (date(2025, 10, 1), date(2025, 10, 26), 26)
    assert (month.previous_start, month.previous_end) == (date(2024, 10, 1), date(2024, 10, 26))
    assert month.previous_value == 26
    # four weeks of the quarter of 13 weeks, and of that of the year before
    assert (quarter.span_start, quarter.span_end, quarter.value) == (
        date(2025, 9, 29),
        date(2025, 10, 26),
        28,
    )
    assert (quarter.previous_start, quarter.previous_end) == (date(2024, 9, 30), date(2024, 10, 27))
    # 43 weeks of the ISO year
    assert (year.span_start, year.value) == (date(2024, 12, 30), 43 * 7)
    assert (year.previous_start, year.previous_end) == (date(2024, 1, 1), date(2024, 10, 27))
    assert year.previous_value == 43 * 7


def test_the_goal_of_a_week_that_is_cut_counts_by_its_working_days() -> None:
    found = spans(EVERY_DAY)
    month = to_date(found, "month_to_date")
    assert float(month.target) == 25.2, "18 days from Monday to Friday"
    assert month.status == "met" and to_date(found, "quarter_to_date").target == 28
    assert float(found.loc[("month", date(2025, 9, 1))].target) == 30.8, "of 22 such days"
    rate = spans(EVERY_DAY, line={"aggregation": "ratio"}, goal={**DIALS, "target": 0.7})
    assert float(to_date(rate, "month_to_date").target) == 0.7, "a rate keeps its goal"


def test_what_is_not_whole_has_no_verdict_and_a_blank_is_no_zero() -> None:
    found = spans(EVERY_DAY, broken={date(2025, 10, 13): "missing"})
    month = to_date(found, "month_to_date")
    assert (month.value, month.status, month.parts, month.parts_expected) == (19, "no_data", 3, 4)
    assert not month.is_whole and month.previous_value == 26
    blank = to_date(
        spans(EVERY_DAY, broken={week: "stale" for week in pd.date_range("2025-09-29", W43, freq="7D").date}),
        "month_to_date",
    )
    assert pd.isna(blank.value) and blank.parts == 0 and blank.status == "no_data"
    # a year ago: nothing to compare with
    old = to_date(spans(EVERY_DAY, broken={date(2024, 10, 14): "stale"}), "month_to_date")
    assert pd.isna(old.previous_value) and old.previous_start is None and old.status == "met"


def test_a_line_that_is_younger_than_the_span() -> None:
    began = date(2025, 10, 6)
    found = spans(EVERY_DAY[EVERY_DAY.occurred_on >= began], first=began, line={"valid_from": began})
    month = to_date(found, "month_to_date")
    assert (month.counted_from, month.value, month.is_whole) == (began, 21, True)
    assert pd.isna(month.previous_value) and "month" not in found.index.get_level_values(0)


def test_a_goal_that_begins_within_the_span_judges_no_part_of_it() -> None:
    goals = {**DIALS, "target": [None] * 93 + [7] * 2, "operator": [None] * 93 + [">="] * 2}
    found = spans(EVERY_DAY, goal=goals)
    month = to_date(found, "month_to_date")
    assert month.operator is None and month.status == "no_goal"


def test_rates_pool_and_a_snapshot_is_the_newest() -> None:
    uneven = EVERY_DAY.assign(numerator=[float(i % 3) for i in range(len(EVERY_DAY))], denominator=3.0)
    month = to_date(spans(uneven, line={"aggregation": "ratio"}), "month_to_date")
    inside = uneven[[date(2025, 10, 1) <= day <= date(2025, 10, 26) for day in uneven.occurred_on]]
    assert float(month.value) == pytest.approx(inside.numerator.sum() / inside.denominator.sum())
    balance = EVERY_DAY.assign(numerator=range(len(EVERY_DAY)))
    found = spans(balance, line={"aggregation": "last"}, broken={date(2025, 10, 6): "missing"})
    assert to_date(found, "month_to_date").value == len(EVERY_DAY) - 1
    assert to_date(found, "month_to_date").is_whole, "of a snapshot the end alone counts"
    ended = spans(balance, line={"aggregation": "last"}, broken={W43: "missing"})
    assert not to_date(ended, "month_to_date").is_whole


def test_the_53rd_week_is_compared_with_a_whole_year_of_52() -> None:
    last = date(2026, 12, 28)
    found = spans(
        daily(date(2024, 12, 30), date(2027, 1, 3)),
        last=last,
        first=date(2024, 12, 30),
        line={"valid_from": date(2024, 12, 30)},
    )
    year = to_date(found, "year_to_date")
    assert (year.value, year.previous_value) == (53 * 7, 52 * 7)
    assert year.previous_end == date(2025, 12, 28)


def test_an_independent_computation_agrees() -> None:
    random = np.random.default_rng(7)
    days = EVERY_DAY.assign(numerator=random.integers(0, 9, len(EVERY_DAY)))
    found = spans(days)
    series = days.set_index(pd.to_datetime(days.occurred_on)).numerator
    months = series.resample("MS").sum()["2023-11":"2025-09"]
    rows = found.loc["month"]
    assert [float(rows.value[start.date()]) for start in months.index] == months.tolist()
    before = months.shift(12).dropna()
    assert [float(rows.previous_value[start.date()]) for start in before.index] == before.tolist()
    assert to_date(found, "month_to_date").value == series["2025-10-01":"2025-10-26"].sum()
    assert to_date(found, "month_to_date").previous_value == series["2024-10-01":"2024-10-26"].sum()


def test_a_past_week_is_as_it_was_then() -> None:
    """What the review of that week said to date, regardless of later weeks."""
    random = np.random.default_rng(11)
    days = EVERY_DAY.assign(numerator=random.integers(0, 9, len(EVERY_DAY)))
    found, then = spans(days), spans(days[days.occurred_on <= date(2025, 3, 2)], last=date(2025, 2, 24))
    for span in ("month_to_date", "quarter_to_date", "year_to_date"):
        one, other = (to_date(table, span, date(2025, 3, 2)) for table in (found, then))
        assert one.equals(other) and one.value > 0, span
    # a year of reviews, also where the span before is that of a week with a review of its own
    ends = sorted(set(found.loc["year_to_date"].span_end))
    assert (len(ends), ends[0]) == (53, date(2024, 10, 27))
    assert to_date(found, "year_to_date").previous_value == to_date(found, "year_to_date", ends[0]).value

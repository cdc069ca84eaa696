"""Process behaviour charts: the limits and rules of `fct_signals` against published examples and against an
independent computation. Which weeks are points is a dbt unit test of `int_signals__points`."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.false_alarms import as_points, signals

# NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.2 "Individuals Control Charts": flow rates of ten batches
FLOW_RATES = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
# D. C. Montgomery, Introduction to Statistical Quality Control, 7th ed., example 6.6: cost of processing loans
LOANS = [310, 288, 297, 298, 307, 303, 294, 297, 308, 306, 294, 299, 297, 299, 314, 295, 293, 306, 301, 304]
STEADY = [50, 54, 47, 52, 49, 55, 48, 51, 46, 53, 50, 52, 49]


def judged(*values: float, **columns: object) -> pd.DataFrame:
    return signals(as_points(np.array([values])).assign(**columns))


def last(*values: float, **columns: object) -> pd.Series:
    return judged(*values, **columns).iloc[-1]


@pytest.mark.parametrize(
    ("series", "centre", "lower", "upper"),
    [(FLOW_RATES, 50.81, 45.82, 55.80), (LOANS, 300.5, 279.78, 321.22)],
)
def test_limits_equal_published_ones(series: list[float], centre: float, lower: float, upper: float) -> None:
    week = last(*series, series[0])
    assert (week.centre, round(week.lower, 2), round(week.upper, 2)) == (pytest.approx(centre), lower, upper)
    assert week.n == len(series) and pd.isna(week.rule)


def test_there_are_no_limits_before_ten_points_and_they_stay_after_twenty_six() -> None:
    weeks = judged(*np.random.default_rng(1).normal(100, 10, 60))
    assert (weeks.no_range == "too_few_points").tolist() == [True] * 10 + [False] * 50
    assert weeks.n.tolist()[10:26] == list(range(10, 26)) and set(weeks.n.tolist()[26:]) == {26}
    assert weeks.upper[26:].nunique() == 1 and weeks.upper[10:26].nunique() == 16
    assert (weeks.base_to[26:] == weeks.week_start[25]).all()


@pytest.mark.parametrize(
    ("after", "rule", "direction"),
    [
        ([70], "outside", "high"),
        ([30], "outside", "low"),
        ([44, 61], "range", "high"),
        ([60, 59, 51, 60], "three_of_four", "high"),
        ([41, 50, 41, 41], "three_of_four", "low"),
        ([52, 53, 52, 53, 52, 53, 52, 53], "eight_in_a_row", "high"),
        ([52, 53, 52, 53, 50, 53, 52, 53], None, None),
        ([60, 59, 51, 52], None, None),  # the week itself is not among the three
    ],
)
def test_rules(after: list[float], rule: str | None, direction: str | None) -> None:
    week = last(*STEADY, *after)
    assert (week.rule if rule else pd.isna(week.rule)) == (rule or True)
    assert (week.direction if rule else pd.isna(week.direction)) == (direction or True)


def test_a_week_keeps_the_limits_of_its_time() -> None:
    values = np.random.default_rng(2).normal(100, 10, 40)
    early, late = judged(*values[:20]), judged(*values)
    limits = ["n", "centre", "lower", "upper", "range_limit"]
    pd.testing.assert_frame_equal(early[limits], late.head(20)[limits])


def test_a_jump_in_the_base_gives_median_limits() -> None:
    base = [50, 52, 49, 51, 50, 250, 50, 52, 49, 51, 50, 52]
    ranges = np.abs(np.diff(base))
    week = last(*base, 51)
    assert week.centre == np.median(base)
    assert week.upper == pytest.approx(np.median(base) + 3.145 * np.median(ranges))
    assert week.range_limit == pytest.approx(3.865 * np.median(ranges))


def test_limits_end_where_values_do() -> None:
    small = [2, 0, 3, 1, 2, 0, 4, 1, 2, 3, 1]
    assert last(*small).lower == 0 and last(*small, is_signed=True).lower < 0
    shares = [0.9, 1, 0.8, 1, 0.95, 0.85, 1, 0.9, 1, 0.8, 0.9]
    assert last(*shares, unit="percent").upper == 1
    assert last(*[2 * one for one in shares], unit="percent").upper > 2  # is not a share


def test_without_a_steady_range_nothing_is_a_signal() -> None:
    assert last(*[0, 0, 0, 9000, 0, 0, 0, 0, 12000, 0], 50_000).no_range == "mostly_zero"
    rising = last(*range(100, 130), 1000)
    assert rising.no_range == "trend" and pd.isna(rising.rule) and pd.isna(rising.upper)


def test_a_new_base_begins_anew() -> None:
    points = as_points(np.array([[*STEADY, *(one + 100 for one in STEADY)]]))
    points["base"] = [0] * len(STEADY) + [1] * len(STEADY)
    weeks = signals(points)
    assert not weeks.rule.notna().any()
    assert (weeks.no_range == "too_few_points").tolist() == ([True] * 10 + [False] * 3) * 2
    assert weeks.centre.iloc[-1] > 140


def test_runs_and_the_last_time_outside() -> None:
    weeks = judged(*STEADY, *STEADY, 70, 71, 51, 30, 51, 52)  # the limits no longer move
    after = weeks[2 * len(STEADY) :]
    assert after.side_weeks.tolist() == [1, 2, 3, 1, 1, 2]
    assert after.outside_weeks.tolist() == [1, 2, 0, 1, 0, 0]
    outside = weeks.week_start[[26, 27, 29]].tolist()
    found = after.last_outside.tolist()
    assert pd.isna(found[0]) and found[1:] == [outside[0], outside[1], outside[1], outside[2], outside[2]]
    assert (after.judged_from == weeks.week_start[10]).all() and weeks.judged_from[:10].isna().all()
    assert weeks.n.tolist()[:12] == list(range(12))


def test_a_point_inside_on_the_same_side_is_no_part_of_a_run_outside() -> None:
    weeks = judged(*STEADY, *STEADY, 52, 70, 71, 53, 72)
    assert weeks.outside_weeks[2 * len(STEADY) :].tolist() == [0, 1, 2, 0, 1]


def test_a_run_ends_at_a_week_that_nobody_knows() -> None:
    points = as_points(np.array([[*STEADY, *STEADY, *[54] * 8]]))
    whole = signals(points).iloc[-1]
    assert (whole.rule, whole.side_weeks) == ("eight_in_a_row", 8)
    points.loc[points.index[-3:], "stretch"] = 1
    weeks = signals(points)
    assert weeks.side_weeks.iloc[-4:].tolist() == [5, 1, 2, 3] and not weeks.rule.notna().any()
    # a week before an unknown one is not the previous week
    assert pd.isna(weeks.moving_range.iloc[-3]) and weeks.moving_range.iloc[-2] == 0


def test_a_new_base_keeps_the_memory_of_the_line() -> None:
    points = as_points(np.array([[*STEADY, 90, *(one + 100 for one in STEADY)]]))
    points["base"] = [0] * (len(STEADY) + 1) + [1] * len(STEADY)
    weeks = signals(points)
    assert (
        weeks.last_outside.iloc[-1] == weeks.week_start[13]
        and weeks.judged_from.iloc[-1] == weeks.week_start[10]
    )
    assert weeks.side_weeks.iloc[13:24].tolist() == [1] + [0] * 10, "a run ends with its base"


def test_an_independent_computation_agrees() -> None:
    random = np.random.default_rng(3)
    series = np.vstack(
        [random.normal(100, 15, (4, 50)), random.poisson(3, (4, 50)), random.exponential(50, (4, 50))]
    )
    weeks = signals(as_points(series)).set_index(["line_id", "week_start"])
    for line, values in enumerate(series):
        expected = [_expected(values, week) for week in range(len(values))]
        found = weeks.loc[str(line)]
        assert [None if pd.isna(rule) else rule for rule in found.rule] == [rule for rule, _ in expected]
        np.testing.assert_allclose(found.upper.astype(float), [upper for _, upper in expected])


def _limits(values: np.ndarray, week: int) -> tuple[float, float, float] | None:
    """Centre, reach and limit of the moving range in force in a week; None: too few points, or no range."""
    base = pd.Series(values[: min(week, 26)].astype(float))
    if len(base) < 10 or (base == 0).mean() > 0.5 or base.iloc[1:].corr(base.shift().iloc[1:]) > 0.6:
        return None
    ranges = base.diff().abs().dropna()
    if ranges.max() > 3.268 * ranges.mean() and ranges.median() > 0:
        return base.median(), 3.145 * ranges.median(), 3.865 * ranges.median()
    return base.mean(), 2.66 * ranges.mean(), 3.268 * ranges.mean()


def _expected(values: np.ndarray, week: int) -> tuple[str | None, float]:
    limits = _limits(values, week)
    if limits is None:
        return None, np.nan
    centre, reach, range_limit = limits
    sides, near = [], []
    for one in range(max(0, week - 7), week + 1):
        if own := _limits(values, one):
            off = values[one] - own[0]
            sides.append(np.sign(off))
            near.append(np.sign(off) if abs(off) > own[1] / 2 else 0)
        else:
            sides.append(0)
            near.append(0)
    rule = None
    if abs(values[week] - centre) > reach:
        rule = "outside"
    elif abs(values[week] - values[week - 1]) > range_limit:
        rule = "range"
    elif near[-1] and near[-4:].count(near[-1]) >= 3:
        rule = "three_of_four"
    elif len(sides) == 8 and abs(sum(sides)) == 8:
        rule = "eight_in_a_row"
    return rule, centre + reach

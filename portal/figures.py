"""The figures of lines, by week, month or quarter, as the portal's pages and its API show them.

Every figure carries value, numerator, denominator, n, goal, status, state and as-of; a blank is null with a
state, never 0.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field

from portal.published import View
from reports.engine.queries import Row
from reports.words.signal import Signal

Number = float | None


class Goal(BaseModel):
    """What a number is judged by."""

    operator: str
    target: float
    target_2: Number = None


class SignalOut(BaseModel):
    """A finished, whole week against the usual range of its line, by the limits in force in that week."""

    is_signal: bool = Field(description="The week says that something has changed.")
    rule: str | None = Field(description="outside, range, three_of_four or eight_in_a_row")
    direction: str | None = Field(description="high or low; null without a rule.")
    no_range: str | None = Field(
        description="Why there is no usual range: too_few_points, mostly_zero or trend."
    )
    lower: Number
    centre: Number
    upper: Number
    n: int | None = Field(description="Weeks that the range rests on, 26 at most.")
    text: str = Field(
        description="`unusually low: first time outside its usual range (31 to 78) in 40 weeks`"
    )


class Figure(BaseModel):
    """A line's number of a period."""

    line_id: str
    section: str
    metric_id: str
    label: str
    unit: str
    period: str
    start_date: date
    end_date: date
    is_finished: bool
    value: Number
    numerator: Number
    denominator: Number
    n: int | None = Field(description="Records that count.")
    goal: Goal | None
    status: str | None = Field(description="met, near, below, no_goal, no_data or not_applicable")
    state: str = Field(description="live, provisional, stale, manual, missing or not_connected")
    as_of: datetime | None
    previous_value: Number = None
    quarter: str | None = None
    quarter_value: Number = None
    quarter_status: str | None = None
    note: str | None = Field(
        None, description="What the number leaves out because nobody knows whether it counts."
    )
    signal: SignalOut | None = Field(
        None, description="Null unless the period is a finished, whole week of a weekly line."
    )


_FACTS = {
    "week": """
select f.*, f.week_label as period, f.week_start as start_date, f.week_start + 6 as end_date, f.quarter_label
as quarter, l.label, l.sort_order, if(l.unit = 'money', 'money:' || b.currency, l.unit) as unit, g as point
from marts.fct_scorecard_weekly as f join marts.dim_lines as l using (line_id) cross join marts.dim_build as b
left join marts.fct_signals as g on g.line_id = f.line_id and g.week_start = f.week_start
where l.cadence = 'week' and (f.week_start >= l.valid_from or l.valid_from is null) and (f.week_start <=
l.valid_to or l.valid_to is null)
""",
    "month": """
select f.*, f.month_label as period, f.month_start as start_date, f.month_end as end_date, f.quarter_label as
quarter, null as quarter_status, l.label, l.sort_order, if(l.unit = 'money', 'money:' || b.currency, l.unit)
as unit from marts.fct_scorecard_monthly as f join marts.dim_lines as l using (line_id) cross join
marts.dim_build as b where l.cadence = 'month' and (f.month_start <= l.valid_to or l.valid_to is null)
""",
    "quarter": """
select f.*, f.quarter_label as period, f.quarter_start as start_date, f.quarter_end as end_date,
f.quarter_label as quarter, null as numerator, null as denominator, f.value as quarter_value, f.status as
quarter_status, null as previous_value, l.label, l.sort_order, if(l.unit = 'money', 'money:' || b.currency,
l.unit) as unit from marts.fct_scorecard_quarterly as f join marts.dim_lines as l using (line_id) cross join
marts.dim_build as b where l.cadence = 'quarter' and (f.quarter_start <= l.valid_to or l.valid_to is null)
""",
    "weeks of a quarter": """
with newest as (
    select f.*, row_number() over (partition by f.line_id order by f.week_start desc) as place,
    count(f.partial_note) over (partition by f.line_id) as partial_weeks
    from marts.fct_scorecard_weekly as f where f.quarter_label = $quarter and f.is_finished
)
select f.line_id, f.section, f.metric_id, l.label, l.sort_order, if(l.unit = 'money', 'money:' || b.currency,
l.unit) as unit, f.quarter_label as period, $first::date as start_date, $last::date as end_date,
b.finished_week >= $last::date - 6 as is_finished, f.quarter_value as value, null as numerator, null as
denominator, null as n, f.operator, f.target, f.target_2, f.quarter_status as status, f.state,
f.as_of, null as previous_value, f.quarter_label as quarter, f.quarter_value, f.quarter_status,
nullif(concat_ws('; ',
    if(f.quarter_weeks < f.quarter_weeks_expected,
        f.quarter_weeks || ' of ' || f.quarter_weeks_expected || ' weeks', null),
    if(f.partial_weeks > 0,
        f.partial_weeks || if(f.partial_weeks = 1, ' week leaves', ' weeks leave') || ' something out', null)
), '') as partial_note
from newest as f join marts.dim_lines as l using (line_id) cross join marts.dim_build as b
where f.place = 1 and l.cadence = 'week'
""",
}
"""Cadence -> its facts with what a figure says; lines in the periods in which they are kept."""


def figure(row: Row) -> Figure:
    goal = None
    if row.operator is not None and row.target is not None:
        goal = Goal(operator=row.operator, target=row.target, target_2=row.target_2)
    signal = Signal.of(row.get("point"), row.unit)
    return Figure(**{**row, "goal": goal, "note": row.partial_note, "signal": signal and signal_out(signal)})


def signal_out(signal: Signal) -> SignalOut:
    return SignalOut(**{**signal.row, "is_signal": signal.is_signal, "text": signal.text})


def figures(view: View, cadence: str, where: str = "true", **params: Any) -> list[Figure]:
    sql = f"select * from ({_FACTS[cadence]}) where {where} order by start_date, sort_order, line_id"
    return [figure(row) for row in view.rows(sql, **params)]

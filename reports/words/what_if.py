"""What a goal would have meant: the last finished periods of a line, judged by a goal that nobody has set.

The rule is that of the facts: `dbt_project/macros/goal_status.sql`, rendered here and run on the published
numbers. Periods with records that nobody can place are left out: the facts know more about them.
"""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2

from foundation.settings import Settings
from foundation.warehouse import published_file
from reports.engine.queries import connect

PERIODS = 13
_FACTS = {
    "week": "fct_scorecard_weekly",
    "month": "fct_scorecard_monthly",
    "quarter": "fct_scorecard_quarterly",
}
_KEYS = {"week": "week_start", "month": "month_start", "quarter": "quarter_start"}


@dataclass(frozen=True)
class WouldHave:
    """How often a goal would have been met in the last finished periods that it can judge."""

    cadence: str
    """`week`, `month` or `quarter`."""
    met: int
    near: int
    below: int

    @property
    def periods(self) -> int:
        return self.met + self.near + self.below


def would_have(
    settings: Settings,
    line_id: str,
    *,
    operator: str,
    target: Decimal,
    target_2: Decimal | None = None,
    band: Decimal | None = None,
    tolerance: Decimal | None = None,
    per: str | None = None,
) -> WouldHave:
    """Judge the last 13 finished periods of a line that have a number by this goal.

    `per`: as in goals.csv. Working days are those of the goal that was in force, if it was per the same.

    Raises:
        LookupError: nothing has been published yet, or it has no such line.
    """
    with closing(connect(published_file(settings))) as connection:
        row = connection.execute(
            "select cadence from published.marts.dim_lines where line_id = ?", [line_id]
        ).fetchone()
        if row is None:
            raise LookupError(f"{line_id} is not among the published lines")
        goal = {
            "line_id": line_id,
            "operator": operator,
            "target": target,
            "target_2": target_2,
            "band": band,
            "tolerance": tolerance,
            "per": per,
        }
        found = connection.execute(_sql(settings.dbt_dir, row[0]), goal).fetchall()
    counts = Counter(dict(found))
    return WouldHave(row[0], counts["met"], counts["near"], counts["below"])


@lru_cache
def _sql(dbt_dir: Path, cadence: str) -> str:
    rule = _macros(dbt_dir)
    # a quarter's fact only has its value
    numerator, denominator = ("value", "1") if cadence == "quarter" else ("numerator", "denominator")
    key = _KEYS[cadence]
    return f"""
with in_force as (
    select
        facts.*,
        -- a goal per working day grows with the period, as the one that was in force did
        case
            when $per is null then 1
            when goals.per = $per and goals.target <> 0
                then cast(facts.target / goals.target as decimal(20, 6))
        end as factor
    from published.marts.{_FACTS[cadence]} as facts
    left join published.marts.dim_goals as goals
        on
            facts.line_id = goals.line_id
            and facts.{key} between goals.valid_from and coalesce(goals.valid_to, date '9999-12-31')
    where facts.line_id = $line_id and facts.is_finished and coalesce(facts.n_unknown, 0) = 0
    qualify
        row_number() over (
            partition by facts.{key} order by goals.kind = 'exception' desc, goals.valid_from desc
        ) = 1
),

judged as (
    select
        {key} as period_start,
        case when state <> 'stale' then {numerator} end as numerator,
        case when state <> 'stale' then {denominator} end as denominator,
        $operator as operator,
        cast(cast($target as decimal(18, 6)) * factor as decimal(18, 6)) as target,
        cast(cast($target_2 as decimal(18, 6)) * factor as decimal(18, 6)) as target_2,
        cast($band as decimal(9, 6)) as band,
        cast(cast($tolerance as decimal(18, 6)) * factor as decimal(18, 6)) as tolerance
    from in_force
),

told as (
    select period_start, {rule.verdict("numerator", "denominator", "")} as status from judged
)

select status, count(*) from (
    select * from told where status in ('met', 'near', 'below') order by period_start desc limit {PERIODS}
)
group by status
"""


def _macros(dbt_dir: Path) -> Any:
    text = (dbt_dir / "macros" / "goal_status.sql").read_text(encoding="utf-8")
    return jinja2.Environment().from_string(text).module

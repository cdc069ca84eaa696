"""What a goal would have meant, by the rule and on the numbers of the facts."""

from __future__ import annotations

from contextlib import closing
from decimal import Decimal

import pytest

from foundation.settings import Settings
from reports.engine.queries import connect
from reports.words.what_if import would_have


def test_the_goal_in_force_judges_as_the_facts_do(settings: Settings) -> None:
    with closing(connect(settings.published_path)) as connection:
        rows = connection.execute(
            "select line_id, operator, target, target_2, band, count(*) filter (status = 'met'),"
            " count(*) filter (status = 'near'), count(*) filter (status = 'below') from (from"
            " published.marts.fct_scorecard_weekly where is_finished and status in ('met', 'near', 'below')"
            " and coalesce(n_unknown, 0) = 0 qualify row_number() over (partition by line_id order by"
            " week_start desc) <= 13) where line_id in (select line_id from published.marts.dim_lines where"
            " cadence = 'week') group by all having count(*) = 13"
        ).fetchall()
    assert len(rows) > 3
    for line, operator, target, target_2, band, *counts in rows:
        found = would_have(settings, line, operator=operator, target=target, target_2=target_2, band=band)
        assert [found.met, found.near, found.below] == counts, line


def test_an_easier_goal_is_met_more_often(settings: Settings) -> None:
    line = "inside_sales.dials"
    asked = [
        would_have(settings, line, operator=">=", target=Decimal(t), band=Decimal("0.1"))
        for t in (0, 90, 999)
    ]
    assert [one.periods for one in asked] == [13, 13, 13]
    assert asked[0].met == 13 and asked[2].below == 13 and 0 < asked[1].met < 13
    none = would_have(settings, line, operator=">=", target=Decimal(5), per="person_day")
    assert none.periods == 0, "nobody knows the working days of weeks without such a goal"
    with pytest.raises(LookupError, match="is not among the published lines"):
        would_have(settings, "inside_sales.dails", operator=">=", target=Decimal(5))

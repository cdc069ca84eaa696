"""The warehouse names states, kinds and statuses; the reports have a word for each of them."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from foundation.settings import PROJECT_ROOT
from reports.components.macros import macros
from reports.components.receipts import describe_change
from reports.components.scorecard import state_tag
from reports.engine.queries import Row
from reports.look.tokens import GLYPH, SOURCE_STATE, STATE, STATUS
from reports.mails.base import state_text
from reports.mails.daily_digest.news import SOURCE_NEWS
from reports.words.line import PER, Line
from reports.words.pace import WORDS
from reports.words.restatements import KIND, why

DBT = PROJECT_ROOT / "dbt_project"


@cache
def columns(model: str) -> dict[str, dict[str, Any]]:
    """The columns of a mart, as its .yml describes them."""
    for path in Path(DBT / "models/marts").rglob("*.yml"):
        for one in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            if one["name"] == model:
                return {column["name"]: column for column in one["columns"]}
    raise LookupError(model)


def values(model: str, column: str) -> set[str]:
    """The values that a mart's column may have."""
    tests = columns(model)[column]["data_tests"]
    return set(next(t["accepted_values"]["arguments"]["values"] for t in tests if "accepted_values" in t))


@pytest.mark.parametrize(
    ("model", "column", "words"),
    [
        ("fct_scorecard_weekly", "status", STATUS),
        ("fct_scorecard_weekly", "status", GLYPH),
        ("fct_scorecard_weekly", "state", STATE),
        ("fct_pace", "pace", WORDS),
        ("fct_pace", "status", STATUS),
        ("fct_restatements", "kind", KIND),
    ],
)
def test_every_value_has_a_word(model: str, column: str, words: Collection[str]) -> None:
    assert values(model, column) == set(words)


def test_every_state_of_a_source_has_a_word() -> None:
    described = columns("dim_sources")["state"]["description"]
    states = set(re.findall(r"(?:^|, |or )([a-z_]+)(?= \(|,| or|\.)", described))
    assert states == set(SOURCE_STATE)
    assert set(SOURCE_NEWS) == states - {"not_connected"}, "what is not connected is not reported"


def test_every_state_of_a_number_can_be_said() -> None:
    for state in values("fct_scorecard_weekly", "state"):
        row = Row(state=state, as_of=None, gap=None, value=1, partial_note=None, previous_state="live", cadence="week",
                  feed="manual", sources="manual")  # fmt: skip
        tag = state_tag(row, "UTC")
        assert (tag is None) == (state == "live") == (state_text(Line(row), "UTC") == "")
        assert tag is None or STATE[state] in macros("scorecard.html").state_tag(tag)


def test_every_cause_of_a_changed_number_is_said() -> None:
    for cause in values("fct_restatements", "cause"):
        for kind in KIND:
            assert why(Row(cause=cause, kind=kind, n_added=1, n_removed=0, n_changed=0))
    for change in values("fct_restatement_records", "change"):
        row = Row(change=change, reason=None, other_day=None, numerator_was=1, numerator_now=2, denominator_was=None,
                  denominator_now=None)  # fmt: skip
        assert describe_change(row, "sum", "count")


def test_what_a_goal_scales_with_reads_the_same_everywhere() -> None:
    sql = (DBT / "models/intermediate/goals/int_goals__periods.sql").read_text(encoding="utf-8")
    assert dict(re.findall(r"when '(\w+)' then .*?'( per [^']+)'", sql)) == PER

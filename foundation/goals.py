"""Goals: goals.csv and the goals that were set in the portal as one list, and the rules for a new one.

A goal of the portal is in force until the line's next one begins, ends the one before it, and replaces a row
of the file with the same first day. The portal can also end a goal without another.
`dbt_project/models/intermediate/goals/int_goals__rows.sql` has the same in SQL; a test compares them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from foundation.calendar import local_date, week_start
from foundation.cells import Rejected, plain_cell
from foundation.seeds import Goal, seed_rows
from foundation.settings import Company, Settings
from foundation.store import read
from foundation.store.goals import NO_GOAL, StoredGoal, stored_goals
from foundation.text import inside_sentence
from foundation.warehouse import read_published

STANDING, EXCEPTION = "standing", "exception"
_ALWAYS = date.max


@dataclass(frozen=True)
class DatedGoal:
    """A goal of a line and the days on which it is in force."""

    line_id: str
    valid_from: date
    valid_to: date | None
    """Last day; None: open."""
    operator: str
    target: Decimal
    target_2: Decimal | None
    band: Decimal | None
    reason: str
    per: str | None
    kind: str
    """`standing`, or `exception` for a one-off goal."""
    tolerance: Decimal | None
    set_by: str | None = None
    """Who set it in the portal; None: it is a row of goals.csv."""


def goals(settings: Settings, line_id: str | None = None) -> list[DatedGoal]:
    """The goals of all lines or of one, by line and first day, exceptions after the standing ones.

    Raises:
        SettingsError: goals.csv can't be read. StoreError: the store can't be read.
    """
    with read(settings) as connection:
        stored = stored_goals(connection, line_id)
    rows = [row for row in seed_rows(settings, "goals") if line_id in (None, row["line_id"])]
    return merged([_of_the_file(row) for row in rows], stored)


def merged(of_the_file: Iterable[DatedGoal], stored: Iterable[StoredGoal]) -> list[DatedGoal]:
    """One list of both. `stored`: in the order of setting."""
    # of several with one first day, the last one counts
    of_the_portal = {(goal.line_id, goal.valid_from): _of_the_portal(goal) for goal in stored}
    rows = list(of_the_file)
    standing = [
        *of_the_portal.values(),
        *(row for row in rows if row.kind == STANDING and (row.line_id, row.valid_from) not in of_the_portal),
    ]
    found = [goal for goal in rows if goal.kind != STANDING]
    for goal in standing:
        # a row of the file ends where it says, or where a goal of the portal begins
        followers = [
            other.valid_from
            for other in standing
            if other.line_id == goal.line_id
            and other.valid_from > goal.valid_from
            and (other.set_by or goal.set_by)
        ]
        ends = min([goal.valid_to or _ALWAYS, *(first - timedelta(days=1) for first in followers)])
        if goal.operator != NO_GOAL:
            found.append(_ending(goal, None if ends == _ALWAYS else ends))
    return sorted(found, key=lambda goal: (goal.line_id, goal.kind != STANDING, goal.valid_from))


def _of_the_file(row: dict[str, str]) -> DatedGoal:
    cells = {name: cell.strip() or None for name, cell in row.items()}
    goal = Goal.model_validate(cells)
    return DatedGoal(
        goal.line_id,
        goal.valid_from or date.min,
        goal.valid_to,
        goal.operator or "",
        Decimal(goal.target or 0),
        goal.target_2,
        goal.band,
        goal.reason or "",
        goal.per and goal.per.lower(),
        (goal.kind or STANDING).lower(),
        goal.tolerance,
    )


def _of_the_portal(goal: StoredGoal) -> DatedGoal:
    return DatedGoal(
        goal.line_id,
        goal.valid_from,
        None,
        goal.operator,
        goal.target,
        goal.target_2,
        goal.band,
        goal.reason,
        goal.per,
        STANDING,
        goal.tolerance,
        goal.entered_by,
    )


def _ending(goal: DatedGoal, valid_to: date | None) -> DatedGoal:
    return DatedGoal(**{**vars(goal), "valid_to": valid_to})


def goals_csv(settings: Settings) -> str:
    """The list as the text of a goals.csv.

    Raises:
        SettingsError: goals.csv can't be read. StoreError: the store can't be read.
    """
    columns = list(Goal.model_fields)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for goal in goals(settings):
        kind = None if goal.kind == STANDING else goal.kind
        cells = {**vars(goal), "kind": kind, "reason": plain_cell(goal.reason)}
        writer.writerow(["" if cells[name] is None else _cell(cells[name]) for name in columns])
    return text.getvalue()


def _cell(value: object) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def checked_goal(
    settings: Settings,
    company: Company,
    *,
    line_id: str,
    valid_from: str,
    operator: str,
    target: str,
    reason: str,
    target_2: str = "",
    band: str = "",
    tolerance: str = "",
    per: str = "",
) -> dict[str, Any]:
    """The cells of a form as arguments of `add_goal`, if a row of goals.csv could say the same.

    Args:
        band: a fraction: `0.10`.

    Raises:
        Rejected: with a sentence for whoever sets the goal.
        SettingsError: the seeds can't be read. StoreError: the store can't be read.
    """
    cells = {
        "line_id": line_id,
        "valid_from": valid_from,
        "valid_to": "",
        "operator": operator,
        "target": target,
        "target_2": target_2,
        "band": band,
        "reason": reason,
        "per": per,
        "kind": "",
        "tolerance": tolerance,
    }
    goal = _validated(cells)
    if sentence := _incomplete(goal) or _unfit(settings, company, goal):
        raise Rejected(sentence)
    names = ("line_id", "valid_from", "operator", "target", "target_2", "band", "reason", "per", "tolerance")
    return {name: getattr(goal, name) for name in names}


def _validated(cells: dict[str, str]) -> Goal:
    """
    Raises:
        Rejected: a cell is not what it should be.
    """
    every = dict.fromkeys(Goal.model_fields, "") | cells
    try:
        return Goal.model_validate({name: cell.strip() or None for name, cell in every.items()})
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        said = fault["msg"].removeprefix("Value error, ")
        raise Rejected(f"{fault['loc'][0]}: {inside_sentence(said)}") from None


def checked_end(
    settings: Settings, company: Company, *, line_id: str, valid_from: str, reason: str
) -> dict[str, Any]:
    """The cells of a form that ends a line's goal, as arguments of `add_goal`. `valid_from`: the first day
    without a goal.

    Raises:
        Rejected: with a sentence for whoever ends it.
        SettingsError: the seeds can't be read. StoreError: the store can't be read.
    """
    goal = _validated({"line_id": line_id, "valid_from": valid_from, "reason": reason})
    if goal.valid_from is None or goal.reason is None:
        raise Rejected(
            "the first day is blank" if goal.valid_from is None else "reason is blank; say why it ends"
        )
    if sentence := _begins_wrong(settings, company, goal):
        raise Rejected(sentence)
    first = goal.valid_from
    standing = [one for one in goals(settings, line_id) if one.kind == STANDING]
    if not any(one.valid_from <= first <= (one.valid_to or _ALWAYS) for one in standing):
        raise Rejected(f"{line_id} has no goal on {first} that could end")
    return {
        "line_id": line_id,
        "valid_from": first,
        "operator": NO_GOAL,
        "target": Decimal(0),
        "reason": goal.reason,
    }


def overruled(settings: Settings, line_id: str) -> list[DatedGoal]:
    """Rows of goals.csv that do not apply, because the portal says something else from the same day on.

    Raises:
        SettingsError: goals.csv can't be read. StoreError: the store can't be read.
    """
    with read(settings) as connection:
        of_the_portal = {goal.valid_from: goal for goal in stored_goals(connection, line_id)}
    rows = [_of_the_file(row) for row in seed_rows(settings, "goals") if row["line_id"] == line_id]
    return [
        row
        for row in rows
        if row.kind == STANDING
        and (other := of_the_portal.get(row.valid_from))
        and any(getattr(row, name) != getattr(other, name) for name in _SAID)
    ]


_SAID = ("operator", "target", "target_2", "band", "per", "tolerance")
"""What a goal says."""


def _incomplete(goal: Goal) -> str | None:
    """The rules of dbt_project/tests/goals/goals_are_complete.sql."""
    has_two = goal.operator in ("between", "outside")
    below = goal.target_2 is not None and _number(goal.target_2) < _number(goal.target)
    faults = (
        (goal.operator is None, "operator is blank; use >=, <=, >, <, =, between or outside"),
        (goal.target is None, "target is blank"),
        (goal.valid_from is None, "the first day is blank"),
        (goal.reason is None, "reason is blank; say why the goal changes"),
        (
            has_two and (goal.target_2 is None or below),
            f"{goal.operator} needs a second bound, at or above the first",
        ),
        (not has_two and goal.target_2 is not None, f"{goal.operator} takes no second bound"),
        (
            goal.band is not None and not 0 <= _number(goal.band) < 1,
            "band must be a fraction from 0 to below 1, such as 0.10",
        ),
        (goal.tolerance is not None and _number(goal.tolerance) < 0, "tolerance must not be below 0"),
        (
            goal.band is not None and goal.tolerance is not None,
            "band and tolerance both say what is close; keep one of them",
        ),
    )
    return next((sentence for is_wrong, sentence in faults if is_wrong), None)


def _line_of(settings: Settings, line_id: str) -> dict[str, str] | None:
    rows = seed_rows(settings, "scorecard_lines")
    return next((row for row in rows if row["line_id"] == line_id), None)


def _begins_wrong(settings: Settings, company: Company, goal: Goal) -> str | None:
    """The rules of dbt_project/tests/goals/goals_have_a_line.sql, and that no week of the past changes its
    colour."""
    line = _line_of(settings, goal.line_id)
    if line is None:
        return f"{goal.line_id} is not a line of scorecard_lines.csv"
    assert goal.valid_from
    monday = week_start(local_date(settings.now(), company.zone))
    if goal.valid_from < monday:
        return (
            f"{goal.valid_from} is before the running week; the first day may be {monday} or later, so that"
            " no earlier week changes its colour"
        )
    if line["valid_to"].strip() and date.fromisoformat(line["valid_to"].strip()) < goal.valid_from:
        return f"{goal.line_id} ends on {line['valid_to'].strip()}, before the goal begins"
    return None


def _unfit(settings: Settings, company: Company, goal: Goal) -> str | None:
    """The rules of dbt_project/tests/goals/goals_fit_their_lines.sql, and those of `_begins_wrong`."""
    if sentence := _begins_wrong(settings, company, goal):
        return sentence
    line = _line_of(settings, goal.line_id)
    assert line and goal.valid_from and goal.operator
    if goal.per and (kind := _aggregation(settings, goal.line_id)) not in (None, "sum"):
        return f"per {goal.per} needs a metric that is a sum, this one is of kind {kind}"
    if goal.per in ("person_day", "person_week") and not line["people"].strip():
        return f"per {goal.per} needs people in scorecard_lines.csv, whose working days are counted"
    following = [other for other in goals(settings, goal.line_id) if other.valid_from > goal.valid_from]
    ends = min((other.valid_from for other in following if other.kind == STANDING), default=_ALWAYS)
    for other in goals(settings, goal.line_id):
        if (
            other.kind == EXCEPTION
            and other.operator != goal.operator
            and other.valid_from < ends
            and (other.valid_to or _ALWAYS) >= goal.valid_from
        ):
            return (
                f"the exception of goals.csv from {other.valid_from} says {other.operator} where this goal"
                f" says {goal.operator}; an exception changes the number, not the comparison"
            )
    return None


def _aggregation(settings: Settings, line_id: str) -> str | None:
    """How the line's periods become one number; None: nothing has been published that says it."""
    try:
        with closing(read_published(settings)) as connection:
            row = connection.execute(
                "select aggregation from marts.dim_lines where line_id = ?", [line_id]
            ).fetchone()
    except LookupError:
        return None
    return str(row[0]) if row else None


def _number(value: Decimal | str | None) -> Decimal:
    return Decimal(value or 0)

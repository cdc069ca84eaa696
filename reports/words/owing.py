"""The people who have not typed in their part of a number yet."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import date

import duckdb

from reports.words import gate
from reports.words.line import Line

_OWING = """
with wanted as (
    select line_id, trim(unnest(string_split(people, ';'))) as person_key,
           generate_subscripts(string_split(people, ';'), 1) as position
    from marts.dim_lines where trim(people) <> ''
)
select wanted.line_id,
       string_agg(coalesce(people.full_name, wanted.person_key), ', ' order by wanted.position) as names
from wanted
left join marts.dim_people as people using (person_key)
where coalesce(people.active_from < $week::date + 7, true) and coalesce(people.active_to >= $week::date, true)
  and not exists (
      from marts.fct_contributions as typed
      where typed.line_id = wanted.line_id and typed.person_key = wanted.person_key
        and typed.week_start = $week::date
  )
group by wanted.line_id
"""


def read_owing(connection: duckdb.DuckDBPyConnection, monday: date) -> dict[str, str]:
    """Line -> those of its people who have typed nothing in for this week. `connection`: one made by
    `queries.connect`."""
    with closing(connection.cursor()) as cursor:
        cursor.execute("use published")
        return dict(cursor.execute(_OWING, {"week": monday}).fetchall())


def owes(line: Line, owing: Mapping[str, str]) -> str | None:
    """Return who has not typed in their part of a number; None if nobody is asked to, or everybody has.
    `owing`: what `read_owing` returns."""
    if not gate.typed_in(line):
        return None
    return owing.get(line.line_id) or (None if line.value is not None else line.owner_names or "no owner")


def can_owe(sources: Mapping[str, gate.SourceState]) -> bool:
    """Whether the typed-in numbers were read. Until then, nobody owes one."""
    return "manual" in sources and sources["manual"].state == "ok"

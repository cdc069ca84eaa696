"""The state of a typed-in number where files and store cannot be read, and of one that a value in doubt may move."""

from __future__ import annotations

import duckdb
import jinja2
import pytest

from foundation.settings import PROJECT_ROOT

MACRO = PROJECT_ROOT / "dbt_project/macros/number_state.sql"


@pytest.mark.parametrize(
    ("has_value", "is_late", "read_through", "state"),
    [
        (True, False, "2025-10-25", "manual"),
        (True, True, "2025-10-25", "stale"),  # perhaps corrected since
        (True, True, "2025-10-27", "manual"),  # read after the week had ended
        (True, True, None, "stale"),
        (False, True, "2025-10-25", "missing"),  # never 0
    ],
)
def test_a_typed_in_number_of_a_week_that_was_not_read_to_its_end_is_stale(
    has_value: bool, is_late: bool, read_through: str | None, state: str
) -> None:
    sql = (
        jinja2.Environment().from_string(MACRO.read_text(encoding="utf-8")).module.number_state("end_instant")
    )  # type: ignore[attr-defined]
    values = (has_value, is_late, read_through)
    row = duckdb.execute(
        f"select {sql} from (select ? as has_value, ? as is_late, cast(? as date) as complete_through, date"
        " '2025-10-27' as end_instant, true as is_manual, false as is_not_connected, true as is_finished, false as"
        " is_in_doubt)",
        values,
    ).fetchone()
    assert row == (state,)

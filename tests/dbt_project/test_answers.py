"""Notes, actions and new normals in the marts, with the names of people."""

from __future__ import annotations

from datetime import UTC, date, datetime

from tests.support.raw_warehouse import RawWarehouse

W42, W43 = date(2025, 10, 13), date(2025, 10, 20)


def test_a_note_stands_beside_the_period_of_its_line(chicago: RawWarehouse) -> None:
    assert chicago.query("select line_id, period_label, note, author, is_edited from marts.fct_notes order by all") == [
        {"line_id": "inside.dials", "period_label": "2025-W43", "note": "Two days at the <b>fair</b>.", "author": "Maya Torres", "is_edited": True},
        {"line_id": "quarter.won", "period_label": "2025-Q4", "note": "Two deals slipped.", "author": "boss@board.example", "is_edited": False},
    ]  # fmt: skip


def test_actions_name_their_owners_and_say_when_they_ended(chicago: RawWarehouse) -> None:
    rows = chicago.query(
        "select action_id, owner_name, action_state, ended_at from marts.fct_actions order by 1"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("a1", "Victor Lang", "open", None),
        ("a2", "noone", "done", datetime(2025, 10, 27, 11, 30, tzinfo=UTC)),
    ]


def test_a_new_normal_says_who_confirmed_it(chicago: RawWarehouse) -> None:
    assert chicago.query("select line_id, starts_on, reason, author from marts.dim_normals") == [
        {
            "line_id": "inside.dials",
            "starts_on": W42,
            "reason": "New dialer",
            "author": "Maya Torres",
        }
    ]


def test_a_new_normal_begins_the_usual_range_again(chicago: RawWarehouse) -> None:
    (change,) = chicago.query(
        "select line_id, period_start, sentence from marts.fct_definition_changes where kind = 'normal'"
    )
    assert change == {
        "line_id": "inside.dials",
        "period_start": W42,
        "sentence": "New normal from 13 Oct 2025: New dialer.",
    }
    points = chicago.query(
        "select week_start, n from marts.fct_signals where line_id = 'inside.dials' and week_start >= '2025-10-06' order by 1"
    )
    assert points[0]["n"] > 0 and [row["n"] for row in points if row["week_start"] >= W42] == [0]

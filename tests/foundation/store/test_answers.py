"""New normals, notes and actions in the store: the last version counts, the others are its trail, and nobody
overwrites what they have not seen. On SQLite and Postgres."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime
from threading import Barrier, Thread
from typing import Any

import pytest
import sqlalchemy as sa

from foundation.settings import Settings, load_company
from foundation.store import begin, read
from foundation.store.actions import Action, add_action, present_actions, trail_of
from foundation.store.changes import typed_so_far
from foundation.store.for_dbt import COLUMNS, rows_for_dbt
from foundation.store.normals import add_normal, normals_of, standing_normals
from foundation.store.notes import Note, add_note, notes_of, standing_notes
from foundation.store.rows import KeyUsed, Overtaken
from foundation.warehouse import Warehouse

NOW = datetime(2025, 10, 27, 12, tzinfo=UTC)
DIALS, W42, W43 = "inside_sales.dials", date(2025, 10, 13), date(2025, 10, 20)
WHEN: dict[str, Any] = {"entered_at": NOW, "entered_by": "maya_torres"}


def noted(connection: sa.Connection, text: str, key: str, seen: int = 0, day: date = W43) -> Note:
    return add_note(
        connection, line_id=DIALS, period_start=day, text=text, seen=seen, idempotency_key=key, **WHEN
    )


def acted(connection: sa.Connection, key: str, **more: Any) -> Action:
    fields = {
        "action_id": "a1", "line_id": DIALS, "period_start": W43, "what": "Call the list again", "owner": "maya_torres",
        "due_on": date(2025, 10, 31), "idempotency_key": key, **WHEN,
    }  # fmt: skip
    return add_action(connection, **{**fields, **more})


def test_the_last_note_counts_and_the_others_are_its_trail(store: Settings) -> None:
    with begin(store) as connection:
        first = noted(connection, "Two days at the trade fair.", "a")
        assert noted(connection, "Two days at the trade fair.", "a") == first
        with pytest.raises(KeyUsed, match="'a' was used before, for another note"):
            noted(connection, "Something else.", "a")
        noted(connection, "Three days at the trade fair.", "b", seen=1)
        noted(connection, "A holiday.", "c", day=W42)
        with pytest.raises(Overtaken, match="Somebody else has changed this note"):
            noted(connection, "I had the page open.", "d", seen=1)
        with pytest.raises(Overtaken, match="has no version 7"):
            noted(connection, "Out of nowhere.", "e", seen=7)
    with begin(store) as connection:
        assert [note.text for note in notes_of(connection, DIALS, W43)] == [
            "Two days at the trade fair.",
            "Three days at the trade fair.",
        ]
        assert [note.text for note in standing_notes(connection)] == [
            "Three days at the trade fair.",
            "A holiday.",
        ]
        noted(connection, "", "f", seen=2)
        assert [note.period_start for note in standing_notes(connection)] == [W42], "one was taken back"


def test_of_two_who_write_at_once_one_is_asked_to_look_again(store: Settings) -> None:
    with begin(store) as connection:
        noted(connection, "First.", "a")
    said: list[object] = []
    both = Barrier(2)

    def write(key: str) -> None:
        both.wait()
        try:
            with begin(store) as connection:
                said.append(noted(connection, key, key, seen=1).text)
        except Overtaken as reason:
            said.append(reason)

    threads = [Thread(target=write, args=(key,)) for key in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (kept,) = [one for one in said if isinstance(one, str)]
    assert len(said) == 2
    with read(store) as connection:
        assert [note.text for note in notes_of(connection, DIALS)] == ["First.", kept]


def test_an_action_is_open_until_it_is_done_and_can_be_opened_again(store: Settings) -> None:
    with begin(store) as connection:
        acted(connection, "a")
        acted(connection, "b", action_id="a2", what="Buy a list")
        acted(connection, "c", seen=1, state="done", entered_by="dana_whitfield")
        assert {one.action_id: one.state for one in present_actions(connection)} == {
            "a2": "open",
            "a1": "done",
        }
        acted(connection, "d", seen=2)
        assert [(one.state, one.entered_by) for one in trail_of(connection, "a1")] == [
            ("open", "maya_torres"),
            ("done", "dana_whitfield"),
            ("open", "maya_torres"),
        ]
        assert trail_of(connection, "nobody's") == []


def test_a_normal_is_withdrawn_and_stays_in_the_trail(store: Settings) -> None:
    fields: dict[str, Any] = {"line_id": DIALS, "starts_on": W42, **WHEN}
    with begin(store) as connection:
        add_normal(connection, **fields, reason="New dialer", idempotency_key="a")
        assert [normal.reason for normal in standing_normals(connection)] == ["New dialer"]
        add_normal(connection, **fields, reason="It broke", idempotency_key="b", seen=1, is_withdrawn=True)
        assert standing_normals(connection) == []
        assert [normal.is_withdrawn for normal in normals_of(connection, DIALS)] == [False, True]


def test_dbt_reads_what_counts_and_keeps_it_without_the_store(store: Settings) -> None:
    with begin(store) as connection:
        assert typed_so_far(connection) == ""
        noted(connection, "First.", "a")
        noted(connection, "Second.", "b", seen=1)
        acted(connection, "c")
        add_normal(connection, line_id=DIALS, starts_on=W42, reason="New dialer", idempotency_key="d", **WHEN)
        assert typed_so_far(connection) == "1 normals 2 notes 1 actions", "each of them starts a build"
    warehouse, sources = Warehouse(store), [("hubspot", "HubSpot", 30.0, "system")]
    warehouse.prepare(load_company(store), sources, of_the_store=rows_for_dbt(store))
    warehouse.prepare(load_company(store), sources, of_the_store=None)
    with closing(warehouse.connect()) as config:
        for table, columns in COLUMNS.items():
            found = config.table(f"config.{table}")
            assert tuple(found.columns) == columns
        assert config.sql("select text, version, period_start from config.notes").fetchall() == [
            ("Second.", 2, W43)
        ]
        assert config.sql("select count(*) from config.actions").fetchall() == [(1,)]
        assert config.sql("select reason, starts_on from config.normals").fetchall() == [("New dialer", W42)]

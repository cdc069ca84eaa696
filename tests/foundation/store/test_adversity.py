"""The store in adversity, on SQLite and Postgres: many writers and a kill among them, two that migrate at once,
an earlier ledger, a database out of reach, a copy."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from foundation.settings import Settings, SettingsError
from foundation.store import StoreError, StoreLost, begin, engine, open_store, read
from foundation.store.copies import copy_store, move_to_postgres, replace_store
from foundation.store.entries import add_entry, all_entries
from foundation.store.schema import alerts, deliveries, digests
from tests.support.postgres import Postgres
from tests.support.smtp import free_port

PROCESSES, THREADS = 4, 50

_WRITER = """
import sys, threading
from decimal import Decimal
from foundation.settings import Settings
from foundation.store import begin
from foundation.store.entries import add_entry

settings, lock = Settings(), threading.Lock()

def write(writer):
    for number in range(1_000_000):
        key = f"{sys.argv[1]}-{writer}-{number}"
        for _ in range(2):  # whoever hears nothing sends it again
            with begin(settings) as connection:
                add_entry(
                    connection, metric="networking_events", person=None, period="2025-W43", value=Decimal(number),
                    entered_at=settings.now(), entered_by=key, idempotency_key=key,
                )
        with lock:
            print(key, flush=True)
        if sys.argv[2] == "once":
            return

threads = [threading.Thread(target=write, args=(writer,), daemon=True) for writer in range(int(sys.argv[3]))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def start(name: str, how: str, writers: int, script: str = _WRITER) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, name, how, str(writers)], stdout=subprocess.PIPE, text=True
    )


def test_200_write_at_once_and_some_are_killed(store: Settings) -> None:
    """What was acknowledged is stored, once."""
    with begin(store) as connection:
        assert all_entries(connection) == []
    killed = start("killed", "on", THREADS)
    others = [start(f"p{n}", "once", THREADS) for n in range(1, PROCESSES)]
    assert killed.stdout
    acknowledged = [killed.stdout.readline().strip() for _ in range(5)]
    killed.send_signal(signal.SIGKILL)
    acknowledged += killed.communicate()[0].splitlines()
    for process in others:
        acknowledged += process.communicate(timeout=120)[0].split()
        assert process.returncode == 0
    assert len(acknowledged) >= (PROCESSES - 1) * THREADS + 5
    with read(store) as connection:
        kept = [entry.idempotency_key for entry in all_entries(connection)]
    assert len(kept) == len(set(kept)) and set(acknowledged) <= set(kept)
    assert all(key.startswith("killed-") for key in set(kept) - set(acknowledged)), "nothing else is extra"


def test_two_processes_bring_the_store_up_to_date_at_once(store: Settings) -> None:
    old_ledger(store)
    opening = "from foundation.settings import Settings\nfrom foundation.store import open_store\nopen_store(Settings())"
    both = [start(name, "", 0, opening) for name in "ab"]
    assert [process.wait() for process in both] == [0, 0]
    with read(store) as connection:
        assert count(connection, deliveries) == 3
    assert not store.deliveries_path.exists()


def old_ledger(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """deliveries.sqlite as the version before the store wrote it; returns its rows."""
    settings.deliveries_path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(settings.deliveries_path)) as connection, connection:
        connection.executescript(
            """
            create table deliveries (message_id text primary key, report text not null, period text not null,
                recipient text not null, attempt integer not null, state text not null, transport text not null,
                noted_at text not null, error text, tries integer not null, first_tried_at text not null,
                next_try_at text, unique (report, period, recipient, attempt));
            create table alerts (scope text not null, key text not null, text text not null, since text not null,
                told integer not null default 0, ended_at text, primary key (scope, key));
            create table digests (recipient text not null, day text not null, news text, known text not null,
                primary key (recipient, day));
            insert into alerts values ('source', 'hubspot', 'Late — “ünïcode”.', '2025-10-27T05:00:00#2', 1, null);
            insert into digests values ('dana@x.example', '2025-10-24', '{"a": 1}', '{}');
            """
        )
        for state in ("sent", "pending", "uncertain"):
            connection.execute(
                "insert into deliveries values (?, 'weekly_scorecard', '2025-W43', ?, 1, ?, 'smtp',"
                " '2025-10-27T12:00:00Z', ?, 2, '2025-10-27T11:00:00Z', null)",
                [f"<{state}>", f"{state}@x.example", state, None if state == "sent" else "451 later"],
            )
        connection.row_factory = sqlite3.Row
        return {
            name: [dict(row) for row in connection.execute(f"select * from {name}")]
            for name in ("deliveries", "alerts", "digests")
        }


def count(connection: sa.Connection, table: sa.Table) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_an_earlier_ledger_moves_row_by_row(store: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = old_ledger(store)
    # killed between the copy and the new name of the file: the next one finishes, and doubles nothing
    with monkeypatch.context() as killed:
        killed.setattr("foundation.store.old_ledger.set_aside", lambda path: path.replace("/nowhere/at/all"))
        with pytest.raises(FileNotFoundError):
            open_store(store)
    with begin(store) as connection:
        for table in (deliveries, alerts, digests):
            found = [dict(row) for row in connection.execute(sa.select(table)).mappings()]
            key = [column.name for column in table.primary_key][0]
            assert sorted(found, key=lambda row: row[key]) == sorted(
                rows[table.name], key=lambda row: row[key]
            )
    aside = store.home / "deliveries.before-store.sqlite"
    with closing(sqlite3.connect(aside)) as old:
        assert old.execute("select count(*) from deliveries").fetchone() == (3,)


def test_a_migration_that_fails_leaves_nothing_behind(store: Settings) -> None:
    store.deliveries_path.write_bytes(b"no database at all, and long enough to be read as one" * 20)
    with pytest.raises(StoreError, match="file is not a database"):
        open_store(store)
    with engine.engine_of(store).connect() as connection:
        assert [name for name in sa.inspect(connection).get_table_names() if name != "alembic_version"] == []
    store.deliveries_path.unlink()
    with begin(store) as connection:
        assert all_entries(connection) == []


def test_a_store_of_a_later_version_is_left_alone(store: Settings) -> None:
    with begin(store) as connection:
        connection.execute(sa.text("update alembic_version set version_num = '9999'"))
    engine._known.clear()
    with pytest.raises(
        StoreError, match=r"version 9999, which this version .* does not know. Update Scoreline"
    ):
        open_store(store)


def test_the_newest_migration_is_the_version() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(engine.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == engine.VERSION


def typed(settings: Settings, key: str) -> None:
    with begin(settings) as connection:
        add_entry(
            connection, metric="x", person=None, period="2025-W43", value=Decimal("7.50"), entered_at=settings.now(),
            entered_by="maya", idempotency_key=key,
        )  # fmt: skip


def test_a_copy_has_every_row_and_takes_the_place_of_a_lost_store(store: Settings, tmp_path: Path) -> None:
    for key in "abc":
        typed(store, key)
    folder = tmp_path / "copy"
    folder.mkdir()
    copy_store(store, folder)
    with read(store) as connection:
        entries = all_entries(connection)
    assert [path.name for path in folder.iterdir()] == ["store.sqlite"]
    if store.store_url is None:
        store.store_path.unlink()
    else:
        with engine.engine_of(store).begin() as connection:
            connection.execute(sa.text("drop schema public cascade; create schema public"))
        engine._known.clear()
    store.outbox_dir.mkdir()
    (store.outbox_dir / "a.eml").touch()
    with pytest.raises(
        StoreLost, match=r"missing or empty, but .*outbox holds mails.*`scoreline new-ledger`"
    ):
        open_store(store)
    replace_store(store, folder)
    with read(store) as connection:
        assert all_entries(connection) == entries
    typed(store, "d")
    with read(store) as connection:
        assert [entry.sequence for entry in all_entries(connection)] == [1, 2, 3, 4]


def test_the_store_moves_to_postgres(
    home: Path, postgres_server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(Settings(), "a")
    with pytest.raises(StoreError, match="STORE_URL is not set"):
        move_to_postgres(Settings())
    monkeypatch.setenv("STORE_URL", postgres_server.new_database())
    with pytest.raises(
        StoreLost, match=r"is empty, but .*store.sqlite holds a store. Copy it with `scoreline store move`"
    ):
        open_store(Settings())
    kept = move_to_postgres(Settings())
    assert kept.name == "store.before-postgres.sqlite" and kept.exists()
    typed(Settings(), "b")
    with read(Settings()) as connection:
        assert [entry.idempotency_key for entry in all_entries(connection)] == ["a", "b"]
    kept.rename(Settings().store_path)
    with pytest.raises(StoreError, match="has rows already. Nothing was moved"):
        move_to_postgres(Settings())


def test_postgres_that_is_away_is_one_sentence_without_the_password(home: Path) -> None:
    url = SecretStr(f"postgresql+psycopg://scoreline:canary-77@127.0.0.1:{free_port()}/scoreline")
    away = Settings().model_copy(update={"store_url": url})
    with pytest.raises(
        StoreError, match=r"the store scoreline on 127\.0\.0\.1 \(STORE_URL\): .*Start the database"
    ) as caught:
        open_store(away)
    assert "canary" not in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("url", ["mysql://a:canary-8@b/c", "postgresql://a:canary-8@b", "canary-8"])
def test_another_database_is_refused_by_name(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_URL", url)
    with pytest.raises(
        SettingsError, match="STORE_URL: not a valid address, expected postgresql://"
    ) as caught:
        Settings()
    assert "canary" not in str(caught.value)


def test_the_file_is_its_owner_s(home: Path) -> None:
    previous = os.umask(0o022)
    try:
        typed(Settings(), "a")
        with read(Settings()):
            files = sorted(home.glob("store.sqlite*"))
            assert len(files) == 3, "with its log"
            assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    finally:
        os.umask(previous)


def test_who_waits_too_long_is_told_who_holds_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typed(Settings(), "a")
    monkeypatch.setattr(engine, "LOCK_TIMEOUT", 0.1)
    with closing(sqlite3.connect(Settings().store_path, isolation_level=None)) as other:
        other.execute("begin immediate")
        with pytest.raises(StoreError, match=r"store\.sqlite: database is locked\. Another program holds it"):
            typed(Settings(), "b")
        with read(Settings()) as connection:
            assert len(all_entries(connection)) == 1, "readers do not wait"
        other.execute("rollback")
    typed(Settings(), "b")

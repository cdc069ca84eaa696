"""A damaged warehouse is named as such, and a backup brings it back."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from foundation.backup import BackupError, daily_backup, make_backup, restore
from foundation.settings import Settings, load_company
from foundation.store import begin
from foundation.store.subscriptions import choose_subscription
from foundation.warehouse import Warehouse, WarehouseBusy, WarehouseDamaged, WarehouseError, backups


@pytest.fixture
def warehouse(home: Path, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    """With one published number, which cannot be computed again."""
    monkeypatch.setenv("SCORELINE_AS_OF", "2025-10-27T12:00:00Z")
    made = Warehouse(Settings())
    with contextlib.closing(made.connect()) as connection:
        connection.execute(
            "create schema snapshots; create table snapshots.published as select range as value from"
            " range(100000)"
        )
    with begin(made.settings) as store:
        choose_subscription(
            store,
            address="maya@x.example",
            report="daily_digest",
            wanted=False,
            chosen_at=made.settings.now(),
        )
    return made


def _total(warehouse: Warehouse) -> int:
    with contextlib.closing(warehouse.connect()) as connection:
        (total,) = connection.execute("select sum(value) from snapshots.published").fetchone() or (0,)
        return int(total)


def _damage(path: Path, how: str) -> None:
    data = path.read_bytes()
    path.write_bytes(
        {
            "empty": b"",
            "half": data[: len(data) // 2],
            "text": b"<html>" * 1000,
            "header": data[:4096] + bytes(8192),
        }[how]
    )


@pytest.mark.parametrize("how", ["empty", "half", "text", "header"])
def test_a_damaged_file_is_not_open_in_another_process(warehouse: Warehouse, how: str) -> None:
    daily_backup(warehouse.settings, load_company(warehouse.settings))
    _damage(warehouse.path, how)
    with pytest.raises(WarehouseDamaged) as caught:
        warehouse.connect()
    text = str(caught.value)
    assert f"{warehouse.path} is damaged" in text
    assert "the schema snapshots (what was published) and the daily snapshots" in text
    assert "Restore the backup of 2025-10-27 with `scoreline restore`" in text
    folder, aside = restore(warehouse.settings)
    assert folder.name == "2025-10-27"
    assert aside is not None and aside.exists()
    assert _total(warehouse) == 4999950000


def test_without_a_backup_nothing_is_promised(warehouse: Warehouse) -> None:
    _damage(warehouse.path, "half")
    with pytest.raises(WarehouseDamaged, match="There is no backup in"):
        warehouse.connect()
    with pytest.raises(BackupError, match="has no backup"):
        restore(warehouse.settings)
    with pytest.raises(WarehouseError):
        make_backup(warehouse.settings, warehouse.settings.backups_dir / "2025-10-27")
    assert backups(warehouse.settings) == []


def test_a_file_that_cannot_be_opened_is_neither_busy_nor_damaged(warehouse: Warehouse) -> None:
    warehouse.path.rename(warehouse.path.with_suffix(".kept"))
    warehouse.path.mkdir()
    with pytest.raises(WarehouseError, match="Is a directory") as caught:
        warehouse.connect()
    assert not isinstance(caught.value, WarehouseBusy | WarehouseDamaged)


def test_one_backup_a_day_and_as_many_as_are_kept(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = load_company(warehouse.settings)
    assert daily_backup(warehouse.settings, company) == warehouse.settings.backups_dir / "2025-10-27"
    assert daily_backup(warehouse.settings, company) is None
    for day in range(28, 32):
        monkeypatch.setenv("SCORELINE_AS_OF", f"2025-10-{day}T12:00:00Z")
        daily_backup(Settings(), company)
    assert [folder.name for folder in backups(warehouse.settings)] == [
        "2025-10-29",
        "2025-10-30",
        "2025-10-31",
    ]
    with contextlib.closing(sqlite3.connect(backups(warehouse.settings)[0] / "store.sqlite")) as store:
        assert store.execute("select address from subscription_choices").fetchall() == [("maya@x.example",)]
    none = company.model_copy(update={"backup": company.backup.model_copy(update={"keep": 0})})
    monkeypatch.setenv("SCORELINE_AS_OF", "2025-11-03T12:00:00Z")
    assert daily_backup(Settings(), none) is None


def test_a_restore_takes_cursors_and_rows_of_one_moment(warehouse: Warehouse) -> None:
    make_backup(warehouse.settings, warehouse.settings.backups_dir / "2025-10-26")
    fetched = warehouse.settings.dlt_dir / "hubspot"
    fetched.mkdir(parents=True)
    # a process that died leaves a write-ahead log, which must not be applied to the restored file
    subprocess.run(
        [
            sys.executable,
            "-c",
            (
                f"import duckdb, os; c = duckdb.connect({str(warehouse.path)!r}); c.execute('delete from"
                " snapshots.published');os._exit(9)"
            ),
        ],
        check=False,
    )
    assert Path(f"{warehouse.path}.wal").exists()
    restore(warehouse.settings, "2025-10-26")
    assert _total(warehouse) == 4999950000
    assert not fetched.exists(), "a package fetched later carries a cursor that would skip records"
    with pytest.raises(BackupError, match=r"has no backup of 2025-01-01\. It has: 2025-10-26"):
        restore(warehouse.settings, "2025-01-01")

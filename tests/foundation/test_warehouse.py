"""The lock and the published copy, with real processes."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import duckdb
import pytest

from foundation.settings import Settings, load_company
from foundation.warehouse import DiskFull, Warehouse, WarehouseBusy, read_published, translate
from foundation.warehouse import file as module
from foundation.warehouse.memory import within
from tests.support.disks import small_disk

_MEMORY = "select current_setting('memory_limit')"
_INCREMENT = """
import contextlib, time
from foundation.settings import Settings
from foundation.warehouse import Warehouse
warehouse = Warehouse(Settings())
for _ in range(10):
    with warehouse.write_lock("counter"), contextlib.closing(warehouse.connect()) as connection:
        (value,) = connection.execute("select value from counter").fetchone()
        time.sleep(0.01)
        connection.execute("update counter set value = ?", [value + 1])
"""


@pytest.fixture
def warehouse(home: Path) -> Warehouse:
    made = Warehouse(Settings())
    made.prepare(load_company(Settings()), [("hubspot", "HubSpot", 30.0, "system")])
    return made


def _with(warehouse: Warehouse, sql: str) -> list[tuple]:
    connection = warehouse.connect()
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def test_writers_in_many_processes_wait_for_each_other(warehouse: Warehouse) -> None:
    _with(warehouse, "create table counter as select 0 as value")
    writers = [subprocess.Popen([sys.executable, "-c", _INCREMENT]) for _ in range(4)]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0, 0]
    assert _with(warehouse, "select value from counter") == [(40,)]


def test_a_killed_writer_leaves_no_lock_behind(warehouse: Warehouse) -> None:
    holding = (
        "import time\nfrom foundation.settings import Settings\nfrom foundation.warehouse import Warehouse\n"
    )
    holding += (
        "with Warehouse(Settings()).write_lock('victim'):\n    print('held', flush=True)\n    time.sleep(60)"
    )
    victim = subprocess.Popen([sys.executable, "-c", holding], stdout=subprocess.PIPE, text=True)
    assert victim.stdout is not None and victim.stdout.readline() == "held\n"
    victim.kill()
    victim.wait()
    with warehouse.write_lock("next"):
        assert _with(warehouse, "select 1") == [(1,)]


def test_a_foreign_process_is_named_with_the_published_copy(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FOREIGN_WAIT_SECONDS", 0.5)
    script = (
        f"import duckdb, time\nc = duckdb.connect({str(warehouse.path)!r})\nprint('open',"
        " flush=True)\ntime.sleep(60)"
    )
    analyst = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    try:
        assert analyst.stdout is not None and analyst.stdout.readline() == "open\n"
        with warehouse.write_lock("test"), pytest.raises(WarehouseBusy) as caught:
            warehouse.connect()
        assert f"process {analyst.pid}" in str(caught.value)
        assert str(warehouse.settings.published_path) in str(caught.value)
    finally:
        analyst.kill()
        analyst.wait()


def test_a_reader_keeps_its_copy_while_a_new_one_is_published(warehouse: Warehouse) -> None:
    _with(warehouse, "create schema marts; create table marts.facts as select 1 as value")
    warehouse.publish()
    reader = read_published(warehouse.settings)
    assert reader.execute("select value from marts.facts").fetchall() == [(1,)]
    _with(warehouse, "update marts.facts set value = 2")
    warehouse.publish()
    assert reader.execute("select value from marts.facts").fetchall() == [(1,)]
    reader.close()
    with duckdb.connect(str(warehouse.settings.published_path), read_only=True) as fresh:
        assert fresh.execute("select value from marts.facts").fetchall() == [(2,)]


def test_a_full_disk_is_said_and_the_published_copy_stays(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk(tmp_path / "disk", "3m") as place:
        published = place / "scoreline.duckdb"
        monkeypatch.setattr(Settings, "published_path", property(lambda self: published))
        _with(warehouse, "create schema marts; create table marts.facts as select 1.0::double as value")
        warehouse.publish()
        _with(warehouse, "insert into marts.facts select random() from range(1_000_000)")
        with pytest.raises(DiskFull, match=f"The disk with {place} is full.* Make room there"):
            warehouse.publish()
        assert [path.name for path in place.iterdir()] == ["scoreline.duckdb"]
        with read_published(warehouse.settings) as reader:
            assert reader.execute("select value from marts.facts").fetchall() == [(1.0,)]


@pytest.mark.parametrize(
    "error",
    [
        duckdb.TransactionException(
            "TransactionContext Error: Failed to commit: Could not write file"
            ' "/data/var/warehouse.duckdb.wal": No space left on device'
        ),
        duckdb.IOException('IO Error: Could not write file "/data/var/x": No space left on device'),
        OSError(errno.ENOSPC, "No space left on device", "/data/var/dlt"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_the_folder_of_a_full_disk_is_named(warehouse: Warehouse, error: Exception) -> None:
    assert str(translate(error, warehouse.settings)).startswith("The disk with /data/var is full")


def test_what_does_not_fit_into_memory_goes_to_disk(warehouse: Warehouse, tmp_path: Path) -> None:
    """In a folder that no other process writes to, and that goes with the connection."""
    beside = tmp_path / "reader's copy"
    with duckdb.connect(":memory:", config={"threads": "1"}) as connection:
        within("20MB", connection, beside)
        connection.execute("create temp table t as select md5(range::text) as x from range(1_500_000)")
        assert connection.execute("select count(distinct x) > 1_400_000 from t").fetchone() == (True,)
        (folder,) = tmp_path.glob("*.tmp")
        assert folder.name.startswith(f"{beside.name}.{os.getpid()}-") and any(folder.iterdir())
        with pytest.raises(duckdb.OutOfMemoryException) as large:
            connection.execute("select list(x) from t")  # one value, which can't go to disk
    assert not folder.exists()
    assert "Set SCORELINE_MEMORY" in str(translate(large.value, warehouse.settings))


def test_the_setting_reaches_every_connection(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    _with(warehouse, "create schema marts; create table marts.facts as select 1 as value")
    warehouse.publish()
    monkeypatch.setenv("SCORELINE_MEMORY", "123MB")
    here = Warehouse(Settings())
    for opened in (here.connect, here.look, partial(read_published, here.settings)):
        with opened() as connection:
            assert connection.execute(_MEMORY).fetchone() == ("117.3 MiB",)


def test_what_killed_processes_left_is_removed_once_it_is_a_day_old(warehouse: Warehouse) -> None:
    old, new = (warehouse.settings.published_path.parent / f"scoreline.duckdb.{n}-0.tmp" for n in (1, 2))
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "duckdb_temp_storage_DEFAULT-0.tmp").touch()
    os.utime(old, (0, 0))
    warehouse.tidy()
    assert [folder.exists() for folder in (old, new)] == [False, True]


def test_nothing_to_publish_is_said(warehouse: Warehouse) -> None:
    with pytest.raises(LookupError, match="run the build first"):
        warehouse.publish()
    with pytest.raises(LookupError, match="does not exist yet"):
        read_published(warehouse.settings)


def test_the_company_is_written_as_rows(warehouse: Warehouse) -> None:
    assert ("America/Chicago",) in _with(
        warehouse, "select value from config.settings where name = 'company.time_zone'"
    )
    assert (
        len(_with(warehouse, "select value from config.settings where name = 'autotask.time_off_codes'")) == 3
    )

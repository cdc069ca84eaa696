"""The lake that several machines share, on a real Postgres and a real S3 server: homes that share nothing else
see one warehouse."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import psycopg
import pytest
from click.testing import CliRunner

from foundation.errors import SettingsError
from foundation.moving import MoveError, move_to_file, move_to_lake
from foundation.settings import PROJECT_ROOT, Settings, load_company
from foundation.warehouse import DEMO_MARK, Warehouse, WarehouseError, open_warehouse, published_file
from foundation.warehouse.builds import newest
from foundation.warehouse.exchange import tables_of
from foundation.warehouse.lake import Lake
from orchestration.cli import main
from tests.support.lake import SECRET, new_lake, running_s3
from tests.support.postgres import PASSWORD, Postgres


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    with running_s3() as address:
        yield address


@pytest.fixture(params=["s3", "folder"])
def place(request: pytest.FixtureRequest, s3: str, tmp_path: Path) -> str | None:
    """Where the data is: a bucket, or a folder that all machines see."""
    return None if request.param == "s3" else str(tmp_path / "share")


@pytest.fixture
def environment(
    postgres_server: Postgres, s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    text = (PROJECT_ROOT / "company.toml").read_text(encoding="utf-8")
    file = tmp_path / "company.toml"
    assert '# kind = "file"' in text
    file.write_text(text.replace('# kind = "file"', 'kind = "ducklake" #'), encoding="utf-8")
    found = new_lake(postgres_server, s3) | {"SCORELINE_COMPANY_FILE": str(file)}
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    return found


def machine(tmp_path: Path, name: str) -> Lake:
    """A machine with a home of its own."""
    lake = open_warehouse(Settings(SCORELINE_HOME=tmp_path / name))
    assert isinstance(lake, Lake)
    return lake


def write(lake: Lake, *statements: str) -> None:
    with lake.write_lock("test"), contextlib.closing(lake.connect()) as connection:
        for statement in statements:
            connection.execute(statement)


def read(lake: Lake, sql: str) -> list[tuple[object, ...]]:
    with contextlib.closing(lake.connect()) as connection:
        return connection.execute(sql).fetchall()


def built(lake: Lake, name: str) -> None:
    """What dbt leaves: a mart, and a snapshot of what was recorded, in the local file."""
    with lake.building("test"), contextlib.closing(lake.connect_file()) as connection:
        connection.execute("create schema if not exists marts; create schema if not exists snapshots")
        connection.execute(
            f"create or replace table marts.dim_build as select '{name}' as who, sum(id) as total from raw_x.calls"
        )
        connection.execute(
            "create table if not exists snapshots.periods (dbt_scd_id text, value bigint, dbt_valid_to date)"
        )
        connection.execute(
            "update snapshots.periods set dbt_valid_to = '2025-10-27' where dbt_valid_to is null"
        )
        connection.execute(f"insert into snapshots.periods select '{name}', sum(id), null from raw_x.calls")


def test_machines_share_rows_snapshots_and_the_published_file(
    place: str | None, environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if place:
        monkeypatch.setenv("WAREHOUSE_STORAGE_URL", place)
    one, two, reader = (machine(tmp_path, name) for name in ("one", "two", "reader"))
    write(one, "create schema raw_x", "create table raw_x.calls as select range as id from range(1000)")
    write(one, "create table raw_x.still as select 1 as id")
    built(one, "one")
    first = one.publish()
    assert reader.fetch().read_bytes() == first.read_bytes()

    write(two, "insert into raw_x.calls values (1000000)", "delete from raw_x.calls where id < 500")
    built(two, "two")
    assert two.publish() != first
    # what the first had recorded is kept and ended, though the second never saw its home
    assert read(reader, "from snapshots.periods order by 1") == [
        ("one", 499_500, date(2025, 10, 27)),
        ("two", 1_374_750, None),
    ]
    assert reader.fetch().read_bytes() == two.settings.published_path.read_bytes()
    with contextlib.closing(one.connect_file()) as connection:
        connection.execute("create or replace table raw_x.still as select 2 as id")  # shows a copy
    with one.building("test"), contextlib.closing(one.connect_file()) as connection:
        assert connection.execute("select count(*), max(id) from raw_x.calls").fetchone() == (501, 1_000_000)
        assert connection.execute("from raw_x.still").fetchone() == (2,), "what has not changed is not copied"


def test_a_build_that_fails_gives_nothing_back(environment: dict[str, str], tmp_path: Path) -> None:
    one = machine(tmp_path, "one")
    write(one, "create schema raw_x", "create table raw_x.calls as select range as id from range(10)")
    built(one, "good")
    with (
        pytest.raises(ZeroDivisionError),
        one.building("test"),
        contextlib.closing(one.connect_file()) as connection,
    ):
        connection.execute("insert into snapshots.periods values ('bad', 0, null)")
        raise ZeroDivisionError
    built(one, "again")
    assert [row[0] for row in read(one, "from snapshots.periods order by 1")] == ["again", "good"]


def test_a_build_that_is_killed_on_one_machine_is_taken_over_by_another(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """SIGKILL in the middle of a build, and right before it gives its snapshots back."""
    one, two = machine(tmp_path, "one"), machine(tmp_path, "two")
    write(one, "create schema raw_x", "create table raw_x.calls as select range as id from range(10)")
    built(one, "good")
    dies = (
        "import os, signal\nfrom foundation.settings import Settings\nfrom foundation.warehouse.lake import Lake\n"
        "from tests.foundation.test_lake import built\n"
        "Lake.push_snapshots = lambda lake: (print('computed', flush=True), os.kill(os.getpid(), signal.SIGKILL))\n"
        "built(Lake(Settings()), 'dead')"
    )
    child = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", dies],
        capture_output=True,
        text=True,
        cwd=PROJECT_ROOT,
        env={**os.environ, "SCORELINE_HOME": str(tmp_path / "one")},
    )
    assert (child.stdout, child.returncode) == ("computed\n", -signal.SIGKILL), child.stderr[-2000:]
    # the other machine need not wait, and what the dead one computed is nowhere but in its own file
    built(two, "takes over")
    two.publish()
    rows = [("good", 45, date(2025, 10, 27)), ("takes over", 45, None)]
    assert read(two, "from snapshots.periods order by 1") == rows
    # the dead machine comes back: its file is the lake's again
    built(one, "back")
    assert [row[0] for row in read(one, "from snapshots.periods order by 1")] == [
        "back", "good", "takes over",
    ]  # fmt: skip


def test_what_is_older_than_a_week_is_tidied_up_and_no_row_is_lost(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = tmp_path / "share"
    monkeypatch.setenv("WAREHOUSE_STORAGE_URL", str(share))

    def files() -> set[Path]:
        return set(share.rglob("*.parquet"))

    one, two = machine(tmp_path, "one"), machine(tmp_path, "two")
    write(one, "create schema raw_x", "create table raw_x.calls as select range as id from range(1000)")
    built(two, "two")
    for number in range(5):
        write(one, f"insert into raw_x.calls select range + {1000 * (number + 1)} from range(1000)")
    write(one, "create table raw_x.gone as select range as id from range(1000)", "drop table raw_x.gone")
    before = read(one, "select count(*), sum(id) from raw_x.calls")
    kept = files()
    one.tidy()
    assert files() == kept, "nothing is older than a week"
    # what a killed load had written, and what another one is writing now
    new = next(iter(kept))
    dead, fresh = (
        Path(shutil.copy(new, new.with_name(f"ducklake-{name}.parquet"))) for name in ("dead", "fresh")
    )
    os.utime(dead, (0, 0))
    with psycopg.connect(environment["WAREHOUSE_CATALOG_URL"]) as catalog:  # as if all of it were old
        catalog.execute(
            "update lake.ducklake_snapshot set snapshot_time = snapshot_time - interval '20 days'"
        )
    one.tidy()
    assert dead not in files() and fresh in files()
    assert len(files()) < len(kept), "small files are put together, and what nothing names is deleted"
    assert read(one, "select count(*), sum(id) from raw_x.calls") == before
    # a machine that took its tables before knows no more what has changed since: it takes all of them
    with two.building("test"), contextlib.closing(two.connect_file()) as connection:
        assert connection.execute("select count(*), sum(id) from raw_x.calls").fetchall() == before
    write(two, "insert into raw_x.calls values (-1)")
    assert read(one, "select min(id) from raw_x.calls") == [(-1,)]


def test_an_older_build_does_not_replace_a_newer_one(environment: dict[str, str], tmp_path: Path) -> None:
    slow, quick = machine(tmp_path, "slow"), machine(tmp_path, "quick")
    write(slow, "create schema raw_x", "create table raw_x.calls as select range as id from range(10)")
    built(slow, "slow")
    write(quick, "insert into raw_x.calls values (99)")
    built(quick, "quick")
    quick.publish()
    current = newest(quick.storage)
    slow.publish()
    assert newest(slow.storage) == current
    assert slow.settings.published_path.read_bytes() == quick.settings.published_path.read_bytes()


def test_readers_keep_the_last_build_while_the_storage_is_away(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = machine(tmp_path, "one")
    write(one, "create schema raw_x", "create table raw_x.calls as select range as id from range(10)")
    built(one, "one")
    one.publish()
    reader = machine(tmp_path, "reader")
    before = published_file(reader.settings).read_bytes()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    away = machine(tmp_path, "reader")
    assert away.fetch().read_bytes() == before
    with pytest.raises(WarehouseError, match=r"cannot be used: .*Start what is missing") as caught:
        machine(tmp_path, "new").fetch()
    assert SECRET not in str(caught.value)


def test_sources_do_not_wait_for_each_other_and_a_killed_one_leaves_no_lock(
    environment: dict[str, str], tmp_path: Path
) -> None:
    one, two = machine(tmp_path, "one"), machine(tmp_path, "two")
    holds = (
        "import time\nfrom foundation.settings import Settings\nfrom foundation.warehouse import open_warehouse\n"
        "with open_warehouse(Settings()).source_lock('hubspot'):\n    print('held', flush=True)\n    time.sleep(60)"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", holds],
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT_ROOT,
        env={**os.environ, "SCORELINE_HOME": str(tmp_path / "victim")},
    )
    assert child.stdout and child.stdout.readline() == "held\n"
    got = threading.Event()

    def same() -> None:
        with two.source_lock("hubspot"):
            got.set()

    waiting = threading.Thread(target=same)
    waiting.start()
    with one.source_lock("autotask"), one.write_lock("load"), two.write_lock("load"):
        assert not got.wait(0.5), "the same source is loaded once at a time"
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert got.wait(30), "Postgres frees the lock of a process that is gone"
    waiting.join()


def test_two_machines_write_the_ledger_at_once(environment: dict[str, str], tmp_path: Path) -> None:
    machines = [machine(tmp_path, name) for name in ("one", "two", "three")]
    now = "2025-10-27T12:00:00Z"

    def load(lake: Lake) -> None:
        for number in range(5):
            with lake.write_lock("load"), contextlib.closing(lake.connect()) as connection:
                lake.declare_ledger(connection)
                row = {"load_id": f"{number}", "source": lake.settings.home.name, "table_name": "t"}
                row |= {"status": "ok", "started_at": now, "finished_at": now}
                lake.again(lambda row=row, connection=connection: lake.record_loads([row], connection))  # type: ignore[misc]

    threads = [threading.Thread(target=load, args=(lake,)) for lake in machines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = read(machines[0], "select source, list(load_id order by load_number) from ledger.loads group by 1")
    assert sorted(rows) == [(name, list("01234")) for name in ("one", "three", "two")]


def test_the_doctor_says_whether_the_lake_answers(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dlt_pipelines.doctor.machine import findings

    def told() -> list[str]:
        settings = Settings(SCORELINE_HOME=tmp_path / "one")
        return [one.level for one in findings(settings, load_company(settings)) if one.check == "lake"]

    assert told() == ["ok"]
    monkeypatch.setenv("WAREHOUSE_CATALOG_URL", "postgresql://reader@127.0.0.1:9/none")
    assert told() == ["fail"]
    monkeypatch.setenv("SCORELINE_COMPANY_FILE", str(PROJECT_ROOT / "company.toml"))
    assert told() == ["warn"], "an address that nothing reads"


def test_a_demo_never_works_in_the_lake(environment: dict[str, str], tmp_path: Path) -> None:
    settings = Settings(SCORELINE_HOME=tmp_path / "demo")
    assert isinstance(open_warehouse(settings), Lake)
    settings.home.mkdir()
    (settings.home / DEMO_MARK).write_text("cedar")
    assert type(open_warehouse(settings)) is Warehouse


@pytest.mark.parametrize("missing", ["WAREHOUSE_CATALOG_URL", "WAREHOUSE_STORAGE_URL"])
def test_a_missing_address_is_named(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.delenv(missing)
    with pytest.raises(SettingsError, match=f"{missing} is not set"):
        machine(tmp_path, "one").connect()


def test_an_error_of_the_catalog_shows_no_password(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE_CATALOG_URL", f"postgresql://reader:{PASSWORD}@127.0.0.1:9/none")
    lake = machine(tmp_path, "one")
    for use in (lake.connect, lambda: lake.write_lock("test").__enter__()):
        with pytest.raises(WarehouseError, match="Start what is missing") as caught:
            use()
        assert PASSWORD not in str(caught.value)


def test_a_move_there_and_back_keeps_every_row(environment: dict[str, str], tmp_path: Path) -> None:
    settings = Settings(SCORELINE_HOME=tmp_path / "one")
    file = Warehouse(settings)
    with file.write_lock("test"), contextlib.closing(file.connect()) as connection:
        connection.execute("create schema raw_x; create schema snapshots; create schema marts")
        connection.execute(
            "create table raw_x.calls as select range as id, 'a''b' || range as name, range / 7 as ratio,"
            " timestamptz '2025-10-27 12:00:00Z' as at_, [range] as list, case when range % 3 = 0 then null else"
            " range::decimal(38, 9) end as amount from range(5000)"
        )
        connection.execute("create table snapshots.periods as select '1' as dbt_scd_id, 5 as value")
        connection.execute("create table marts.not_moved as select 1 as x")
        file.declare_ledger(connection)
        before = connection.execute("select sum(hash(c)::hugeint) from raw_x.calls as c").fetchone()
    seen: list[str] = []
    assert move_to_lake(settings, lambda table, number, most: seen.append(f"{table} {number}/{most}")) == 5
    assert seen[-1] == "snapshots.periods 5/5"
    with pytest.raises(MoveError, match="holds 5 tables already"):
        move_to_lake(settings, lambda *_: None)
    other = machine(tmp_path, "two")
    assert read(other, "select count(*) from raw_x.calls") == [(5000,)]
    assert move_to_file(other.settings, lambda *_: None) == 5
    with contextlib.closing(Warehouse(other.settings).connect()) as connection:
        assert connection.execute("select sum(hash(c)::hugeint) from raw_x.calls as c").fetchone() == before


def test_the_command_moves_a_warehouse_there_and_back(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a user moves: raw tables, ledger and what was published, row for row, and nothing else."""
    monkeypatch.setenv("SCORELINE_HOME", str(tmp_path / "here"))
    monkeypatch.setenv("SCORELINE_COMPANY_FILE", str(PROJECT_ROOT / "company.toml"))
    file = Warehouse(Settings())
    with file.write_lock("test"), contextlib.closing(file.connect()) as connection:
        connection.execute("create schema raw_x; create schema snapshots; create schema marts")
        connection.execute(
            "create table raw_x.calls as select range as id, 'O''Brien ' || range as who from range(2000)"
        )
        connection.execute("create table snapshots.periods as select '1' as dbt_scd_id, 5 as value")
        connection.execute("create table marts.fct as select 1 as computed_again")
        file.declare_ledger(connection)

    def rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = tables_of(connection, path.stem)
            return {
                f"{a}.{b}": connection.execute(f'from {a}."{b}" order by all').fetchall() for a, b in tables
            }

    before = rows(file.path)
    assert before.keys() == {
        "raw_x.calls",
        "snapshots.periods",
        "ledger.loads",
        "ledger.backfills",
        "ledger.unread",
    }
    moved = CliRunner().invoke(main, ["warehouse", "move", "--to", "ducklake"])
    assert moved.exit_code == 0, moved.output
    assert f'{len(before)} tables were copied and compared. Set [warehouse] kind = "ducklake"' in moved.output
    assert rows(file.path) == before, "the file stays as it is"
    again = CliRunner().invoke(main, ["warehouse", "move", "--to", "ducklake"])
    assert again.exit_code != 0 and f"The lake holds {len(before)} tables already" in again.output
    # another machine takes it back
    monkeypatch.setenv("SCORELINE_HOME", str(tmp_path / "there"))
    monkeypatch.setenv("SCORELINE_COMPANY_FILE", environment["SCORELINE_COMPANY_FILE"])
    back = CliRunner().invoke(main, ["warehouse", "move", "--to", "file"])
    assert back.exit_code == 0 and 'Set [warehouse] kind = "file"' in back.output, back.output
    assert rows(Warehouse(Settings()).path) == before


def test_a_move_that_is_interrupted_changes_nothing(environment: dict[str, str], tmp_path: Path) -> None:
    settings = Settings(SCORELINE_HOME=tmp_path / "one")
    file = Warehouse(settings)
    with file.write_lock("test"), contextlib.closing(file.connect()) as connection:
        connection.execute("create schema raw_x; create table raw_x.a as select 1 as x")
        connection.execute("create table raw_x.b as select 1 as x")

    def stop(table: str, number: int, most: int) -> None:
        if number == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move_to_lake(settings, stop)
    assert move_to_lake(settings, lambda *_: None) == 2
    moved = file.path.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        move_to_file(settings, stop)
    assert file.path.read_bytes() == moved
    assert sorted(path.name for path in settings.home.iterdir() if "moved" in path.name) == []


def test_a_killed_reader_leaves_no_half_file(environment: dict[str, str], tmp_path: Path) -> None:
    one, reader = machine(tmp_path, "one"), machine(tmp_path, "reader")
    write(one, "create schema raw_x", "create table raw_x.calls as select range as id from range(10)")
    built(one, "one")
    one.publish()
    reader.settings.published_path.parent.mkdir(parents=True)
    reader.settings.published_path.with_suffix(".fetched").write_bytes(b"half")
    assert reader.fetch().read_bytes() == one.settings.published_path.read_bytes()

"""The terminal: what `scoreline` lists, how it reports errors, and what it does before it hands over to
another program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from dlt_pipelines.registry import SOURCES
from foundation.settings import PROJECT_ROOT, Settings
from orchestration.cli import COMMANDS, main
from tests.orchestration.conftest import ONE


def test_dbt_finds_clock_settings_and_raw_tables_in_a_fresh_home(small_project: Settings) -> None:
    """The ledger notes that no system is connected. That every model finds its tables, tests/e2e holds: most
    sources are not connected there."""
    raw = [f"raw_{name}.{table}" for name, entry in SOURCES.items() for table in entry.tables]
    (small_project.dbt_dir / ONE).write_text(
        "select (select as_of from config.clock) as as_of, (select count(*) from config.settings) as settings,"
        " (select count(*) from ledger.loads where status = 'not_connected') as noted,"
        f" {' + '.join(f'(select count(*) from {table})' for table in raw)} as records"
    )
    done = CliRunner().invoke(main, ["dbt", "run"])
    assert done.exit_code == 0, done.output
    with duckdb.connect(str(small_project.warehouse_path), read_only=True) as connection:
        found = connection.execute(
            "select as_of is not null, settings > 10, noted, records from main.one"
        ).fetchone()
    systems = [entry for entry in SOURCES.values() if entry.kind == "system"]
    assert found == (True, True, sum(len(entry.tables) for entry in systems), 0)


def test_help_names_every_command_and_imports_none() -> None:
    heavy = ("dagster", "dlt", "dbt", "duckdb", "pydantic", "orchestration.cli.demo")
    code = (
        "import sys\nfrom orchestration.cli import main\ntry: main(['--help'])\n"
        f"except SystemExit: print('imported', [name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "imported []" in done.stdout
    for name in main.list_commands():
        assert f"\n  {name} " in done.stdout


@pytest.mark.parametrize("section", COMMANDS)
def test_the_list_of_commands_says_what_each_says_of_itself(section: str) -> None:
    for name, (_, text) in COMMANDS[section].items():
        command = main.get_command(None, name)
        assert command and command.name == name
        assert (command.help or "").replace("\n", " ").startswith(text)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["docto"], "unknown command 'docto'; did you mean 'doctor'?"),
        (["doctor", "--source", "hubspott"], "unknown source 'hubspott'; did you mean 'hubspot'?"),
        (
            ["backfill", "--days", "3", "--source", "zendek"],
            "unknown source 'zendek'; did you mean 'zendesk'?",
        ),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest(home: Path, arguments: list[str], says: str) -> None:
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code and says in done.output and "Traceback" not in done.output


def test_the_goals_are_exported_as_they_are_read(home: Path) -> None:
    done = CliRunner().invoke(main, ["goals", "export"])
    assert done.exit_code == 0, done.output
    rows = (PROJECT_ROOT / "dbt_project/seeds/goals.csv").read_text(encoding="utf-8").splitlines()
    header, *exported = done.output.splitlines()
    assert header == rows[0]
    assert sorted(line.replace("0.10", "0.1").rstrip(",") for line in exported) == sorted(
        line.replace("0.10", "0.1").rstrip(",") for line in rows[1:]
    )


def test_the_store_moves_only_where_there_is_another_place(home: Path) -> None:
    done = CliRunner().invoke(main, ["store", "move"])
    assert done.exit_code == 1 and "STORE_URL is not set" in done.output

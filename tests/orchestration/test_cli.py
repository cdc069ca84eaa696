"""What `scoreline` does before it hands over to another program."""

from __future__ import annotations

from pathlib import Path

import duckdb
from click.testing import CliRunner

from orchestration.cli import main


def test_dbt_finds_clock_settings_and_raw_tables_in_a_fresh_home(home: Path) -> None:
    """The models of one source and those above the ledger are enough: without the tables each of them
    fails."""
    done = CliRunner().invoke(main, ["dbt", "run", "--select", "staging.zendesk", "+dim_source_tables"])
    assert done.exit_code == 0, done.output
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        assert connection.execute(
            "select (select count(*) from staging.stg_zendesk__tickets), count(*) from"
            " marts.dim_source_tables"
        ).fetchone() == (0, 0)

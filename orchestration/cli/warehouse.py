"""`scoreline warehouse`: move from the file into the lake that several machines share, and back."""

from __future__ import annotations

import click

from foundation.settings import Settings
from orchestration.cli.watch import watched


@click.group()
def warehouse() -> None:
    """Move the warehouse into a lake, or back."""


@warehouse.command()
@click.option(
    "--to", "kind", type=click.Choice(["ducklake", "file"]), required=True, help="The kind to move to."
)
def move(kind: str) -> None:
    """Copy raw tables, ledger and snapshots, and compare every table.

    Stop `scoreline ui` on all machines first. What is copied from stays as it is, so a move that fails
    changes nothing. Then set [warehouse] kind in company.toml.
    """
    from foundation.moving import move_to_file, move_to_lake

    settings = Settings()
    with watched("warehouse move") as watch, watch.job("move"):
        work = move_to_lake if kind == "ducklake" else move_to_file
        moved = work(settings, lambda _, number, most: watch.done("tables", number, most))
        watch.succeeded = True
    click.echo(f'{moved} tables were copied and compared. Set [warehouse] kind = "{kind}" in company.toml.')

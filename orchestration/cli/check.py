"""`scoreline check`."""

from __future__ import annotations

import click

from foundation.settings import Settings


@click.command()
def check() -> None:
    """Check company.toml, seeds, pages and metrics.

    Names every wrong setting, header, cell and name by file and line, and the nearest right one. Takes two
    seconds, needs no warehouse, and runs before each build.
    """
    from orchestration.edited_files import checked

    click.echo(f"No errors found in {checked(Settings(), columns=True)}.")

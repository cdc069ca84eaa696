"""`scoreline goals` and `scoreline store`: what people set in the portal, and the database that keeps it."""

from __future__ import annotations

import click

from foundation.goals import goals_csv
from foundation.settings import Settings
from foundation.store.copies import move_to_postgres
from foundation.store.engine import name_of


@click.group()
def goals() -> None:
    """Export the goals of goals.csv and of the portal."""


@goals.command()
def export() -> None:
    """Print all goals in the form of goals.csv.

    A goal of the portal that is in goals.csv too counts once. To keep the goals in git, write them to a new
    file, compare it with goals.csv, and put it in its place.
    """
    click.echo(goals_csv(Settings()), nl=False)


@click.group()
def store() -> None:
    """Move the store to Postgres."""


@store.command()
def move() -> None:
    """Copy the store from its file to the empty database of STORE_URL.

    Stop `scoreline ui` and `scoreline portal` first. The file is kept under another name.
    """
    settings = Settings()
    kept = move_to_postgres(settings)
    click.echo(f"{name_of(settings)} has every row. The file is kept as {kept}.")

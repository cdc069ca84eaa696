"""`scoreline claim`: SimpleFIN's setup token for an access URL."""

from __future__ import annotations

import os
import sys

import click

from foundation.settings import Settings


@click.command()
@click.option("--replace", is_flag=True, help="Replace an access URL that is already in .env.")
def claim(replace: bool) -> None:
    """Claim a SimpleFIN access URL and write it to .env.

    Exchanges a setup token for it. Prompts for the token, or reads it from standard input. Prints no secret.
    """
    from dlt_pipelines.errors import SourceError
    from dlt_pipelines.sources.simplefin.claim import NAME, claim, is_waiting

    settings = Settings()
    token = ""
    if not is_waiting(settings):
        token = click.prompt("Setup token", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    try:
        path = claim(token, settings, replace=replace)
    except SourceError as error:
        raise click.ClickException(f"SimpleFIN: {error}") from None
    click.echo(f"Wrote the access URL to {path} as {NAME}. `scoreline doctor --source simplefin` checks it.")
    if NAME in os.environ:
        click.echo(f"Note: {NAME} is also set in the environment, which takes precedence.")

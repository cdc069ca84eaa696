"""`scoreline new`: the folder of one more company."""

from __future__ import annotations

import click

from dlt_pipelines.registry import SOURCES
from foundation import new_company
from foundation.errors import unknown
from orchestration.companies import companies_dir


@click.command()
@click.argument("name")
@click.option("--source", "sources", multiple=True, help="Source that the company has. Repeatable.")
@click.option("--label", help="Name of the company as people write it. Default: from NAME.")
@click.option("--time-zone", default="UTC", show_default=True, help="Such as America/Chicago.")
@click.option("--currency", default="USD", show_default=True)
@click.option("--operator", default="operator@example.com", show_default=True, help="Who gets the alerts.")
def new(
    name: str, sources: tuple[str, ...], label: str | None, time_zone: str, currency: str, operator: str
) -> None:
    """Lay out the folder of a company that shares this instance.

    Makes companies/NAME (or SCORELINE_COMPANIES/NAME) with company.toml, seeds with one example, and .env.
    """
    for source in sources:
        if source not in SOURCES:
            raise click.BadParameter(unknown("source", source, SOURCES), param_hint="--source")
    needed = {
        source: list(kind.variables()) if (kind := SOURCES[source].source.credentials) else []
        for source in sources
    }
    folder = new_company.lay_out(
        companies_dir(),
        name,
        needed,
        label=label or name.replace("_", " ").title(),
        time_zone=time_zone,
        currency=currency,
        operator=operator,
    )
    click.echo(f"""{folder}
   1. fill in the credentials in {folder / ".env"}
   2. edit {folder / "company.toml"} and the seeds beside it
   3. SCORELINE_ENV_FILE={folder / ".env"} scoreline check
   4. scoreline ui --companies""")

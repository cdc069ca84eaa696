"""`scoreline check`: the files that people edit."""

from __future__ import annotations

import click

from foundation.settings import Settings, load_company


@click.command()
def check() -> None:
    """Check company.toml and the seed files.

    Names every wrong setting, header and cell by file and line. Needs no warehouse.
    """
    from foundation.seeds import SEEDS, check_seeds

    settings = Settings()
    load_company(settings)
    check_seeds(settings)
    click.echo(
        f"{settings.company_file.name} and {', '.join(f'{name}.csv' for name in SEEDS)}: no errors found."
    )

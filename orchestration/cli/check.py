"""`scoreline check`: the files that people edit, before a build would stumble over them."""

from __future__ import annotations

import click

from foundation.errors import ScorelineError, SettingsError
from foundation.settings import Settings, load_company


@click.command()
def check() -> None:
    """Check company.toml, seeds, pages and metrics.

    Names every wrong setting, header, cell and name by file and line, and the nearest right one. Takes two
    seconds, needs no warehouse, and runs before each build.
    """
    click.echo(f"No errors found in {checked(Settings())}.")


def checked(settings: Settings) -> str:
    """Check everything; returns what was checked.

    Raises:
        SettingsError: there are faults; one line per fault.
    """
    from foundation.project_check import faults
    from foundation.seeds import SEEDS, check_seeds
    from reports.engine.parse import PAGES, parse_file

    found: list[str] = []
    company = None
    for judge in (lambda: load_company(settings), lambda: check_seeds(settings)):
        try:
            company = judge() or company
        except SettingsError as error:
            found.append(str(error))
    pages = sorted(PAGES.glob("*.md"))
    for path in pages:
        try:
            parse_file(path)
        except ScorelineError as error:
            found.append(f"{path}, {error}")
    if company and not found:
        found += faults(settings, company, [path.stem for path in pages])
    if found:
        raise SettingsError("\n".join(found))
    return f"{settings.company_file.name}, {len(SEEDS)} seeds, {len(pages)} pages and the metrics"

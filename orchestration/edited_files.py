"""The files that people edit, checked before a build would stumble over them. Needs no Dagster, no dbt and no
warehouse."""

from __future__ import annotations

from foundation.errors import ScorelineError, SettingsError
from foundation.project_check import faults
from foundation.seeds import SEEDS, check_seeds
from foundation.settings import Settings, load_company
from reports.engine.parse import PAGES, parse_file


def checked(settings: Settings) -> str:
    """Check everything; returns what was checked.

    Raises:
        SettingsError: there are faults; one line per fault.
    """
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

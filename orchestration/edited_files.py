"""Checks the files that people edit, before a build fails because of them. Needs neither Dagster nor dbt nor
a warehouse."""

from __future__ import annotations

from foundation.errors import SettingsError
from foundation.project_check import faults
from foundation.seeds import SEEDS, check_seeds
from foundation.settings import Settings, load_company
from reports.engine.parse import PAGES
from reports.pages.check import page_faults


def checked(settings: Settings, *, columns: bool = False) -> str:
    """Check everything, and return what was checked. `columns`: see `page_faults`.

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
    pages = [path.stem for path in PAGES.glob("*.md")]
    if company and not found:  # names are compared with those of the seeds
        found += [*faults(settings, company, pages), *page_faults(settings, columns=columns)]
    if found:
        raise SettingsError("\n".join(found))
    return f"{settings.company_file.name}, {len(SEEDS)} seeds, {len(pages)} pages and the metrics"

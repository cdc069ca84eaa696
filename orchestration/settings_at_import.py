"""What partitions and schedules need at import: the company's time zone, its first week, the clock.

Everything else is read when a step runs. No credentials are read here.
"""

from contextlib import closing
from datetime import date

import duckdb

from foundation.private import private_files
from foundation.settings import Settings, load_company
from foundation.warehouse import read_published

private_files()  # for the webserver, the daemon and every run, however they are started
SETTINGS = Settings()
COMPANY = load_company(SETTINGS)


def _first_week() -> date:
    """The Monday of the oldest published week."""
    try:
        with closing(read_published(SETTINGS)) as connection:
            found = connection.execute("select min(week_start) from marts.fct_scorecard_weekly").fetchone()
    except (LookupError, duckdb.Error):
        found = None
    first: date | None = found[0] if found else None
    return first or date(2024, 1, 1)  # nothing is published yet


FIRST_WEEK = _first_week()

"""What partitions and schedules need at import: the company's time zone, its first week, the clock.

Everything else is read when a step runs. No credentials are read here.
"""

from datetime import date

from foundation.private import private_files
from foundation.settings import Settings, load_company
from foundation.warehouse import first_published_week

private_files()  # for the webserver, the daemon and every run, however they are started
SETTINGS = Settings()
COMPANY = load_company(SETTINGS)

# partitions need a first one before anything is published
FIRST_WEEK = first_published_week(SETTINGS) or date(2024, 1, 1)

"""The company's time zone, which partitions and schedules need at import.

Everything else is read when a step runs. No credentials are read here.
"""

from foundation.private import private_files
from foundation.settings import Settings, load_company

private_files()  # for the webserver, the daemon and every run, however they are started
COMPANY = load_company(Settings())

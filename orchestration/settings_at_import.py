"""The few values that definitions need before anything runs: the company's time zone, and with it weeks and
schedules.

Everything else is read when a step runs. Credentials never are read here.
"""

from foundation.private import private_files
from foundation.settings import Settings, load_company

private_files()  # of the webserver, the daemon and every run, however they are started
COMPANY = load_company(Settings())

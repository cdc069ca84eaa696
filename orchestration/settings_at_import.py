"""The few values that definitions need before anything runs: the company's time zone, and with it weeks and schedules.

Everything else is read when a step runs. Credentials never are read here.
"""

from foundation.settings import Settings, load_company

COMPANY = load_company(Settings())

"""Settings: the environment and `.env` (secrets, addresses, the clock) and `company.toml` (everything else).

Nothing is read at import: `Settings()` reads the environment when it is created, `load_company()` reads the
file when it is called. `SCORELINE_ENV_FILE` names another `.env`; tests use it so that yours is not read.
"""

from foundation.errors import SettingsError
from foundation.settings.company import (
    Company,
    MarketingSection,
    ReportName,
    Subscription,
    load_company,
)
from foundation.settings.environment import PROJECT_ROOT, EnvSettings, Settings, env_file
from foundation.settings.vendors import CopperSection, HubSpotSection, MongoQuery, WarehouseQuery

__all__ = [
    "PROJECT_ROOT",
    "Company",
    "CopperSection",
    "EnvSettings",
    "HubSpotSection",
    "MarketingSection",
    "MongoQuery",
    "ReportName",
    "Settings",
    "SettingsError",
    "Subscription",
    "WarehouseQuery",
    "env_file",
    "load_company",
]

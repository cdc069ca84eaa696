"""What partitions and schedules need when they are imported: the company's time zone, its first week, the
clock.

Everything else is read when a step runs. This module reads no credentials.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import dagster as dg

from foundation.garbage import collect_less
from foundation.private import private_files
from foundation.settings import Settings, load_company
from foundation.warehouse import first_published_week

# for the webserver, the daemon and every run, however they are started
private_files()
collect_less()
SETTINGS = Settings()
COMPANY = load_company(SETTINGS)
LOCATION = SETTINGS.location
"""The company's name in an instance that serves several; None in its own instance."""
_PREFIX = [LOCATION] if LOCATION else []

# partitions need a beginning before anything is published
FIRST_WEEK = first_published_week(SETTINGS) or date(2024, 1, 1)


def asset_key(*path: str) -> dg.AssetKey:
    """Return the key of an asset. Companies that share an instance share its event log, so each has its own
    keys."""
    return dg.AssetKey([*_PREFIX, *path])


def layer(key: dg.AssetKey) -> str:
    """Return the first part of a key without the company: `raw`, `marts`, `reports`."""
    return key.path[len(_PREFIX)]


def op_of(key: dg.AssetKey) -> str:
    """Return the op of an asset, for run config."""
    return key.to_python_identifier()


def own_tags() -> dict[str, str]:
    """Return the tag of this company's runs, if the instance serves several companies."""
    return {"scoreline/company": LOCATION} if LOCATION else {}


def own_runs(tags: Mapping[str, str] = {}, **which: Any) -> dg.RunsFilter:
    """Return a `RunsFilter` that only finds this company's runs. `which`: the arguments of Dagster's
    filter."""
    return dg.RunsFilter(tags={**tags, **own_tags()}, **which)

"""What partitions and schedules need at import: the company's time zone, its first week, the clock.

Everything else is read when a step runs. No credentials are read here.
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
"""The company's name in an instance that serves several; None in one of its own."""
_PREFIX = [LOCATION] if LOCATION else []

# partitions need a first one before anything is published
FIRST_WEEK = first_published_week(SETTINGS) or date(2024, 1, 1)


def asset_key(*path: str) -> dg.AssetKey:
    """The key of an asset. Companies that share an instance share its event log, so each has its own keys."""
    return dg.AssetKey([*_PREFIX, *path])


def layer(key: dg.AssetKey) -> str:
    """The first part of a key, without the company: `raw`, `marts`, `reports`."""
    return key.path[len(_PREFIX)]


def op_of(key: dg.AssetKey) -> str:
    """The op of an asset, for run config."""
    return key.to_python_identifier()


def own_tags() -> dict[str, str]:
    """The tag of this company's runs, where the instance has runs of others too."""
    return {"scoreline/company": LOCATION} if LOCATION else {}


def own_runs(tags: Mapping[str, str] = {}, **which: Any) -> dg.RunsFilter:
    """A filter of runs, `which` as of Dagster's, that finds none of another company."""
    return dg.RunsFilter(tags={**tags, **own_tags()}, **which)

"""The jobs that read sources. They need neither dbt nor pages nor mails, whose imports take several times as
long as Dagster's own. So the command line starts them from here, and the UI from `definitions.py`."""

from datetime import timedelta

import dagster as dg

from foundation.calendar import local_date
from orchestration.assets import ingestion
from orchestration.executor import side_by_side
from orchestration.progress import progress_logger
from orchestration.resources import Scoreline, Window
from orchestration.settings_at_import import COMPANY, SETTINGS, asset_key, own_tags

RAW = dg.AssetSelection.key_prefixes(list(asset_key("raw").path)).without_checks()

_LAST_MONTH = {
    "since": f"{local_date(SETTINGS.now(), COMPANY.zone) - timedelta(days=30)}T00:00:00Z",
    "until": None,
    "restart": False,
}
"""The default window in the launchpad of a backfill."""


def at_most(hours: float) -> dict[str, str]:
    """Return the tags of a job with a maximum runtime. Run monitoring ends a run that takes longer, even if
    its process is gone."""
    return {"dagster/max_runtime": str(int(hours * 3600)), **own_tags()}


refresh = dg.define_asset_job(
    "refresh",
    tags=at_most(6),
    selection=RAW,
    executor_def=side_by_side,
    description="Read what changed in every connected source. One vendor's failure does not stop another.",
)
backfill = dg.define_asset_job(
    "backfill",
    tags=at_most(48),
    selection=RAW,
    executor_def=side_by_side,
    config={"resources": {"window": {"config": _LAST_MONTH}}},
    description=(
        "Pull a window of the past again, in the selected sources. The launchpad asks for the window; without"
        " one, the run fails. `scoreline backfill` also lists what each person's part brought."
    ),
)
jobs = [refresh, backfill]
resources = {"scoreline": Scoreline(), "window": Window()}
loggers = {"progress": progress_logger}
defs = dg.Definitions(assets=ingestion.assets, jobs=jobs, resources=resources, loggers=loggers)

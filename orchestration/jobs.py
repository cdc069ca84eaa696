"""Jobs: which assets run together, and how."""

from datetime import timedelta

import dagster as dg

from foundation.calendar import local_date
from orchestration import checks
from orchestration.assets import reporting
from orchestration.executor import side_by_side
from orchestration.settings_at_import import COMPANY, SETTINGS, asset_key, own_tags

RAW = dg.AssetSelection.key_prefixes(list(asset_key("raw").path)).without_checks()
_WEEKLY, _DAILY, _FRIDAY = (
    dg.AssetSelection.assets(key)
    for key in (reporting.WEEKLY_MAIL, reporting.DAILY_MAIL, reporting.FRIDAY_MAIL)
)


def _at_most(hours: float) -> dict[str, str]:
    """Tags of a job. Run monitoring ends a run that takes longer, even if its process is gone."""
    return {"dagster/max_runtime": str(int(hours * 3600)), **own_tags()}


_LAST_MONTH = {
    "since": f"{local_date(SETTINGS.now(), COMPANY.zone) - timedelta(days=30)}T00:00:00Z",
    "until": None,
    "restart": False,
}
"""What the launchpad of a backfill is filled in with."""

refresh = dg.define_asset_job(
    "refresh",
    tags=_at_most(6),
    selection=RAW,
    executor_def=side_by_side,
    description="Read what changed in every connected source. One vendor's failure does not stop another.",
)
build = dg.define_asset_job(
    "build",
    tags=_at_most(2),
    selection=(dg.AssetSelection.all() - RAW - _WEEKLY - _DAILY - _FRIDAY)
    | dg.AssetSelection.checks(checks.fresh),
    executor_def=dg.in_process_executor,
    description=(
        "Run dbt, publish the database, render the pages, alert the operator. Runs after every refresh, even"
        " after a failed one."
    ),
)
weekly_scorecard = dg.define_asset_job(
    "weekly_scorecard",
    tags=_at_most(1),
    selection=_WEEKLY,
    executor_def=dg.in_process_executor,
    description=("Mail the scorecard of a finished week. A person gets the same week once, unless forced."),
)
daily_digest = dg.define_asset_job(
    "daily_digest",
    tags=_at_most(1),
    selection=_DAILY,
    executor_def=dg.in_process_executor,
    description=(
        "Mail what is new since the last digest; no mail if nothing is new. Reports each event once, unless"
        " forced."
    ),
)
friday_preview = dg.define_asset_job(
    "friday_preview",
    tags=_at_most(1),
    selection=_FRIDAY,
    executor_def=dg.in_process_executor,
    description=("Mail the running week against its goals. A person gets the same week once, unless forced."),
)
operator_alerts = dg.define_asset_job(
    "operator_alerts",
    tags=_at_most(1),
    selection=dg.AssetSelection.assets(reporting.ALERTS),
    executor_def=dg.in_process_executor,
    description="Send the alerts that could not be sent before. Fails while one is left.",
)
backfill = dg.define_asset_job(
    "backfill",
    tags=_at_most(48),
    selection=RAW,
    executor_def=side_by_side,
    config={"resources": {"window": {"config": _LAST_MONTH}}},
    description=(
        "Pull a window of the past again, in the selected sources. The launchpad asks for the window; without"
        " one, the run fails. `scoreline backfill` also lists what each person's part brought."
    ),
)
all_jobs = [refresh, build, weekly_scorecard, daily_digest, friday_preview, operator_alerts, backfill]

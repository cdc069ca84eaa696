"""Jobs: which assets run together, and how. `loading.py` has the jobs that read sources."""

import dagster as dg

from orchestration import checks
from orchestration.assets import reporting
from orchestration.liveness import ONE_PROCESS
from orchestration.loading import RAW, at_most, backfill, refresh

_WEEKLY, _DAILY, _FRIDAY = (
    dg.AssetSelection.assets(key)
    for key in (reporting.WEEKLY_MAIL, reporting.DAILY_MAIL, reporting.FRIDAY_MAIL)
)


build = dg.define_asset_job(
    "build",
    tags=at_most(2) | ONE_PROCESS,
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
    tags=at_most(1) | ONE_PROCESS,
    selection=_WEEKLY,
    executor_def=dg.in_process_executor,
    description=("Mail the scorecard of a finished week. A person gets the same week once, unless forced."),
)
daily_digest = dg.define_asset_job(
    "daily_digest",
    tags=at_most(1) | ONE_PROCESS,
    selection=_DAILY,
    executor_def=dg.in_process_executor,
    description=(
        "Mail what is new since the last digest; no mail if nothing is new. Reports each event once, unless"
        " forced."
    ),
)
friday_preview = dg.define_asset_job(
    "friday_preview",
    tags=at_most(1) | ONE_PROCESS,
    selection=_FRIDAY,
    executor_def=dg.in_process_executor,
    description=("Mail the running week against its goals. A person gets the same week once, unless forced."),
)
operator_alerts = dg.define_asset_job(
    "operator_alerts",
    tags=at_most(1) | ONE_PROCESS,
    selection=dg.AssetSelection.assets(reporting.ALERTS),
    executor_def=dg.in_process_executor,
    description="Send the alerts that could not be sent before. Fails while one is left.",
)
all_jobs = [refresh, build, weekly_scorecard, daily_digest, friday_preview, operator_alerts, backfill]

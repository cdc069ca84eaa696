"""The table of contents: everything that Dagster loads. No logic here."""

import dagster as dg

from orchestration import checks, jobs, loading, schedules, sensors
from orchestration.assets import ingestion, reporting, transformation
from orchestration.code_links import with_code_links

defs = dg.Definitions(
    assets=with_code_links([*ingestion.assets, *transformation.assets, *reporting.assets]),
    asset_checks=[checks.fresh],
    jobs=jobs.all_jobs,
    schedules=schedules.all_schedules,
    sensors=sensors.all_sensors,
    resources=loading.resources,
    loggers=loading.loggers,
)

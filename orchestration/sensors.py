"""What follows what: the build follows every refresh, and the operator hears once of a job that fails and once of its recovery."""

import dagster as dg

from orchestration import jobs
from orchestration.resources import Scoreline
from reports.alerts import tell_operator

_RUNNING = dg.DefaultSensorStatus.RUNNING


def _build_after(status: dg.DagsterRunStatus, name: str) -> dg.SensorDefinition:
    @dg.run_status_sensor(
        run_status=status,
        name=name,
        monitored_jobs=[jobs.refresh, jobs.backfill],
        request_job=jobs.build,
        default_status=_RUNNING,
        minimum_interval_seconds=15,
        description="One vendor's failure never stops the build: it runs on what the others brought.",
    )
    def build_after(context: dg.RunStatusSensorContext) -> dg.RunRequest:
        return dg.RunRequest(run_key=f"build-after-{context.dagster_run.run_id}")

    return build_after


def _tell(context: dg.RunStatusSensorContext, scoreline: Scoreline, *, failed: bool) -> None:
    run = context.dagster_run
    conditions = {}
    if failed:
        reason = context.for_run_failure().failure_event.message
        conditions[f"job:{run.job_name}"] = (
            f"The job {run.job_name} failed (run {run.run_id}). {reason} "
            f"Open the run in the Dagster UI (make ui), mend the cause, and materialise again."
        )
    tell_operator(scoreline.settings(), scoreline.company(), conditions, scope=f"job:{run.job_name}")


# a refresh that fails is told per source, by the build that follows it
_TOLD = [jobs.build, jobs.weekly_scorecard, jobs.daily_digest, jobs.friday_preview]


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.FAILURE,
    name="job_failed",
    monitored_jobs=_TOLD,
    default_status=_RUNNING,
    description="Tells the operator once that a build or a mail failed.",
)
def job_failed(context: dg.RunStatusSensorContext, scoreline: Scoreline) -> None:
    _tell(context, scoreline, failed=True)


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    name="job_recovered",
    monitored_jobs=_TOLD,
    default_status=_RUNNING,
    description="Tells the operator once that a build or a mail that had failed works again.",
)
def job_recovered(context: dg.RunStatusSensorContext, scoreline: Scoreline) -> None:
    _tell(context, scoreline, failed=False)


all_sensors = [
    _build_after(dg.DagsterRunStatus.SUCCESS, "build_after_refresh"),
    _build_after(dg.DagsterRunStatus.FAILURE, "build_after_failed_refresh"),
    job_failed,
    job_recovered,
]

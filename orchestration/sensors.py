"""What follows what: the build follows every refresh, mails that are due follow the build, and the operator
hears once of a job that fails and once of its recovery."""

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256

import dagster as dg

from foundation.settings import Company, ReportName, Settings
from orchestration import jobs
from orchestration.assets import reporting
from orchestration.resources import Scoreline
from reports.post.alerts import tell_operator, untold
from reports.post.due import built_as_of, due, first_day, has_waited_enough, pending, to_send, unheard_of
from reports.post.round import recipients

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
        if _remembered(context.for_run_failure()):
            return
        reason = context.for_run_failure().failure_event.message
        conditions[f"job:{run.job_name}"] = (
            f"The job {run.job_name} failed (run {run.run_id}). {reason} "
            "Open the run in the Dagster UI (make ui), repair the cause, and materialise again."
        )
    tell_operator(scoreline.settings(), scoreline.company(), conditions, scope=f"job:{run.job_name}")


def _remembered(context: dg.RunFailureSensorContext) -> bool:
    """Nothing failed but mails and alerts, and the ledger's own alerts say so."""
    told = [event.step_failure_data.user_failure_data for event in context.get_step_failure_events()]
    return bool(told) and all(
        data is not None
        and (flag := data.metadata.get(reporting.REMEMBERED)) is not None
        and flag.value is True
        for data in told
    )


# a refresh that fails is told per source, by the build that follows it
_TOLD = [jobs.build, jobs.weekly_scorecard, jobs.daily_digest, jobs.friday_preview, jobs.operator_alerts]


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


@dg.sensor(
    name="mails_due",
    jobs=[jobs.weekly_scorecard, jobs.daily_digest, jobs.friday_preview, jobs.operator_alerts],
    default_status=_RUNNING,
    minimum_interval_seconds=60,
    description=(
        "After a build: what is due and not with its recipients. Between builds: mails that wait for their"
        " next try, and alerts that nobody has told. The ledger of deliveries decides, so nobody gets a mail"
        " twice."
    ),
)
def mails_due(
    context: dg.SensorEvaluationContext, scoreline: Scoreline
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    settings, company = scoreline.settings(), scoreline.company()
    asked = [*_reports(context.instance, settings, company), *_alerts(settings, company)]
    yield from asked
    if not asked:
        yield dg.SkipReason(
            "Whatever is due is with its recipients, or waits for the next build or its next try."
        )


def _reports(instance: dg.DagsterInstance, settings: Settings, company: Company) -> Iterator[dg.RunRequest]:
    needs: dict[tuple[ReportName, str], datetime | None] = {
        (row["report"], row["period"]): None for row in pending(settings)
    }
    needs |= {(one.report, one.period): one.needs for one in due(settings, company)}
    built, site = built_as_of(settings), instance.get_latest_materialization_event(reporting.SITE)
    for (report, period), from_then in needs.items():
        day = first_day(report, period).isoformat()
        last = next(
            iter(
                instance.get_run_records(
                    dg.RunsFilter(job_name=report, tags={"dagster/partition": day}), limit=1
                )
            ),
            None,
        )
        if last and not last.dagster_run.is_finished:
            continue
        there = from_then is not None and built is not None and built >= from_then and site is not None
        tried = last is not None and site is not None and (last.start_time or 0) >= site.timestamp
        # a run that failed may have ended before it tried everybody; whom it did try waits for the next build
        untried = there and not (tried and last and last.dagster_run.is_success)
        chosen = to_send(settings, company, report, period, untried=untried, failed=there and not tried)
        if chosen:
            only = sorted(chosen) if len(chosen) < len(recipients(company, report)) else []
            yield dg.RunRequest(
                run_key=_key(settings, f"{report}-{period}", site and site.run_id, sorted(chosen.items())),
                job_name=report,
                partition_key=day,
                run_config={"ops": {f"reports__{report}": {"config": {"only": only}}}},
            )


def _alerts(settings: Settings, company: Company) -> Iterator[dg.RunRequest]:
    now = settings.now()
    alerts = [one for one in untold(settings) if one.next_try_at is None or one.next_try_at <= now]
    state = [
        *(f"{one.mail} {one.tries}" for one in alerts),
        *(row["message_id"] for row in pending(settings) if has_waited_enough(settings, company, row)),
        *(mailing.scope for mailing in unheard_of(settings, company)),
    ]
    if state:
        yield dg.RunRequest(
            run_key=_key(settings, "operator_alerts", *state), job_name=jobs.operator_alerts.name
        )


def _key(settings: Settings, name: str, *state: object) -> str:
    """The same while nothing has moved, so that what does not help is not asked for every minute; once an
    hour it is."""
    digest = sha256("\n".join(map(str, state)).encode()).hexdigest()[:16]
    return f"{name}-{digest}-{settings.now():%Y%m%dT%H}"


all_sensors = [
    _build_after(dg.DagsterRunStatus.SUCCESS, "build_after_refresh"),
    _build_after(dg.DagsterRunStatus.FAILURE, "build_after_failed_refresh"),
    # ended by a person, or by run monitoring because it took too long
    _build_after(dg.DagsterRunStatus.CANCELED, "build_after_canceled_refresh"),
    mails_due,
    job_failed,
    job_recovered,
]

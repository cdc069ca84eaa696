"""Sensors. A build follows every refresh, and due mails follow the build. Typed-in numbers are loaded within
half a minute. The operator gets one alert when a job fails and one when it recovers."""

import json
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256

import dagster as dg

from dlt_pipelines.registry import SOURCES
from foundation.settings import Company, ReportName, Settings
from foundation.store import StoreError, read
from foundation.store.changes import typed_so_far
from orchestration import jobs, loading
from orchestration.assets import reporting
from orchestration.assets.ingestion import connected_tables, raw_key
from orchestration.liveness import fail_dead
from orchestration.resources import Scoreline
from orchestration.settings_at_import import asset_key, layer, op_of, own_runs, own_tags
from reports.post.alerts import tell_operator, untold
from reports.post.due import built_as_of, due, first_day, has_waited_enough, pending, to_send, unheard_of
from reports.post.round import recipients

_RUNNING = dg.DefaultSensorStatus.RUNNING


def _loads(run: dg.DagsterRun) -> bool:
    """Whether a run loads raw tables: a refresh, a backfill, or tables that a person materialised by hand."""
    if run.job_name in (loading.refresh.name, loading.backfill.name):
        return True
    return any(layer(key) == "raw" for key in run.asset_selection or ())


def _built_since(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether a build has begun since the run ended, as in `make demo`: it has already read the new rows."""
    (load,) = instance.get_run_records(dg.RunsFilter(run_ids=[run_id]), limit=1)
    last = instance.get_run_records(own_runs(job_name=jobs.build.name), limit=1)
    return bool(last and load.end_time and (last[0].start_time or 0) >= load.end_time)


def _build_after(status: dg.DagsterRunStatus, name: str) -> dg.SensorDefinition:
    @dg.run_status_sensor(
        run_status=status,
        name=name,
        request_job=jobs.build,
        default_status=_RUNNING,
        minimum_interval_seconds=15,
        description=(
            "Builds after every refresh and backfill, and after raw tables materialised by hand. If a source"
            " failed, the build uses what the others loaded."
        ),
    )
    def build_after(context: dg.RunStatusSensorContext) -> dg.RunRequest | dg.SkipReason:
        run = context.dagster_run
        if not _loads(run):
            return dg.SkipReason(f"The run {run.run_id} of {run.job_name} loads no raw table.")
        if _built_since(context.instance, run.run_id):
            return dg.SkipReason(f"A build has begun since the run {run.run_id}.")
        return dg.RunRequest(run_key=f"build-after-{run.run_id}")

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
            "Open the run in the Dagster UI (make ui), fix the cause, and materialise again."
        )
    tell_operator(scoreline.settings(), scoreline.company(), conditions, scope=f"job:{run.job_name}")


def _remembered(context: dg.RunFailureSensorContext) -> bool:
    """Whether only mails and alerts failed. The ledger's own alerts report these."""
    told = [event.step_failure_data.user_failure_data for event in context.get_step_failure_events()]
    return bool(told) and all(
        data is not None
        and (flag := data.metadata.get(reporting.REMEMBERED)) is not None
        and flag.value is True
        for data in told
    )


# the build after a failed refresh reports it, per source
_TOLD = [jobs.build, jobs.weekly_scorecard, jobs.daily_digest, jobs.friday_preview, jobs.operator_alerts]


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.FAILURE,
    name="job_failed",
    monitored_jobs=_TOLD,
    default_status=_RUNNING,
    description="Alerts the operator once when a build or a mail fails.",
)
def job_failed(context: dg.RunStatusSensorContext, scoreline: Scoreline) -> None:
    _tell(context, scoreline, failed=True)


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    name="job_recovered",
    monitored_jobs=_TOLD,
    default_status=_RUNNING,
    description="Alerts the operator once when a build or a mail works again.",
)
def job_recovered(context: dg.RunStatusSensorContext, scoreline: Scoreline) -> None:
    _tell(context, scoreline, failed=False)


@dg.sensor(
    name="mails_due",
    jobs=[jobs.weekly_scorecard, jobs.daily_digest, jobs.friday_preview, jobs.operator_alerts],
    default_status=_RUNNING,
    minimum_interval_seconds=60,
    description=(
        "After a build, sends mails that are due. Between builds, retries pending mails and alerts. The"
        " ledger of deliveries decides, so nobody gets a mail twice."
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
            "Nothing to send: every mail that is due has arrived, or waits for the next build or retry."
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
            iter(instance.get_run_records(own_runs({"dagster/partition": day}, job_name=report), limit=1)),
            None,
        )
        if last and not last.dagster_run.is_finished:
            continue
        there = from_then is not None and built is not None and built >= from_then and site is not None
        tried = last is not None and site is not None and (last.start_time or 0) >= site.timestamp
        # a failed run may have ended before it tried every recipient; those it tried wait for the next build
        untried = there and not (tried and last and last.dagster_run.is_success)
        chosen = to_send(settings, company, report, period, untried=untried, failed=there and not tried)
        if chosen:
            only = sorted(chosen) if len(chosen) < len(recipients(company, report)) else []
            yield dg.RunRequest(
                run_key=_key(settings, f"{report}-{period}", site and site.run_id, sorted(chosen.items())),
                job_name=report,
                partition_key=day,
                run_config={"ops": {op_of(asset_key("reports", report)): {"config": {"only": only}}}},
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
    """Return a run key that changes with the state and once an hour, so that the same state is not retried
    every minute."""
    digest = sha256("\n".join(map(str, state)).encode()).hexdigest()[:16]
    return f"{name}-{digest}-{settings.now():%Y%m%dT%H}"


TYPED_IN = "scoreline/typed_in"
"""The tag of runs that load what was typed in the portal."""
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


@dg.sensor(
    name="typed_in",
    job=loading.refresh,
    default_status=_RUNNING,
    minimum_interval_seconds=15,
    description=(
        "Loads the typed-in numbers when somebody typed a number or set a goal in the portal; the build"
        " follows. Waits while a build runs, which would miss what was typed since it began."
    ),
)
def typed_in(
    context: dg.SensorEvaluationContext, scoreline: Scoreline
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    try:
        with read(scoreline.settings()) as connection:
            typed = typed_so_far(connection)
    except StoreError as error:
        yield dg.SkipReason(str(error))
        return
    if typed == (context.cursor or ""):
        yield dg.SkipReason("Nothing was typed or set since the last look.")
        return
    at_work = (
        own_runs(job_name=jobs.build.name, statuses=_UNFINISHED),
        own_runs({TYPED_IN: "yes"}, statuses=_UNFINISHED),
    )
    if any(context.instance.get_runs_count(runs) for runs in at_work):
        yield dg.SkipReason(f"There are {typed}. They are loaded when the present build has ended.")
        return
    context.update_cursor(typed)
    yield dg.RunRequest(
        run_key=f"typed-in-{typed}",
        asset_selection=[raw_key("manual", table) for table in SOURCES["manual"].tables],
        asset_check_keys=[],
        tags={TYPED_IN: "yes"},
    )


@dg.sensor(
    name="refresh_every",
    job=loading.refresh,
    default_status=_RUNNING,
    minimum_interval_seconds=60,
    description=(
        "Reads a source as often as its `refresh_every` in company.toml says, besides the daily refresh; the"
        " build follows. Waits while a refresh runs."
    ),
)
def refresh_every(context: dg.SensorEvaluationContext, scoreline: Scoreline) -> dg.RunRequest | dg.SkipReason:
    intervals, now = scoreline.company().refresh_every, scoreline.settings().now()
    asked = {name: datetime.fromisoformat(at) for name, at in json.loads(context.cursor or "{}").items()}
    due = [name for name, every in intervals.items() if name not in asked or now - asked[name] >= every]
    tables = connected_tables(due)
    if not tables:
        return dg.SkipReason("No connected source is due." if intervals else "No source has refresh_every.")
    running = own_runs(job_name=loading.refresh.name, statuses=_UNFINISHED)
    if context.instance.get_runs_count(running):
        return dg.SkipReason(f"A refresh runs. {', '.join(due)} are read when it has ended.")
    context.update_cursor(
        json.dumps({name: (now if name in due else asked[name]).isoformat() for name in intervals})
    )
    return dg.RunRequest(
        run_key=f"refresh-every-{now:%Y%m%dT%H%M}", asset_selection=tables, asset_check_keys=[]
    )


@dg.sensor(
    name="ended_runs",
    default_status=_RUNNING,
    minimum_interval_seconds=60,
    description=(
        "Marks runs as failed whose process is gone: it was killed, or its machine went down. They keep no"
        " place in the queue, and what follows a failed run begins."
    ),
)
def ended_runs(context: dg.SensorEvaluationContext, scoreline: Scoreline) -> dg.SkipReason:
    ended = fail_dead(context.instance, scoreline.settings(), own_tags())
    return dg.SkipReason(
        f"Marked as failed: {', '.join(ended)}." if ended else "The process of every run lives."
    )


all_sensors = [
    ended_runs,
    typed_in,
    refresh_every,
    _build_after(dg.DagsterRunStatus.SUCCESS, "build_after_refresh"),
    _build_after(dg.DagsterRunStatus.FAILURE, "build_after_failed_refresh"),
    # cancelled by a person, or by run monitoring after its maximum runtime
    _build_after(dg.DagsterRunStatus.CANCELED, "build_after_canceled_refresh"),
    mails_due,
    job_failed,
    job_recovered,
]

"""Schedules, in the company's time zone."""

from datetime import date, time, timedelta

import dagster as dg

from foundation.calendar import last_finished_week, local_date, week_label, week_start
from foundation.settings import ReportName
from foundation.working_days import day_off, is_last_working_day
from orchestration import jobs, loading
from orchestration.assets.ingestion import connected_tables
from orchestration.resources import Scoreline
from orchestration.settings_at_import import COMPANY
from reports.post.due import DIGEST_AT, PREVIEW_AT, WEEKLY_AT, built_as_of, due

LATE = timedelta(minutes=10)
"""A tick later than this is one that Dagster catches up on. The refresh of the day may only be starting."""
_ZONE = COMPANY.company.time_zone


@dg.schedule(
    name="daily_refresh",
    job=loading.refresh,
    cron_schedule="30 5 * * *",
    execution_timezone=_ZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description=(
        "Daily 05:30, before people start work: the sources that are connected then. The build follows."
    ),
)
def daily_refresh() -> dg.RunRequest:
    return dg.RunRequest(asset_selection=connected_tables(), asset_check_keys=[])


def _at(when: time, days: str) -> str:
    return f"{when.minute} {when.hour} * * {days}"


def _requested(scoreline: Scoreline, report: ReportName, first: date) -> dg.RunRequest | dg.SkipReason:
    """Request the mail. Skip if its tick is late and its data is not built yet: the sensor `mails_due` sends
    it after the build."""
    settings = scoreline.settings()
    one = next(
        (one for one in due(settings, scoreline.company()) if (one.report, one.first) == (report, first)),
        None,
    )
    if one is None:  # the tick belongs to an earlier day
        return dg.SkipReason(f"{report} {first} is not due yet.")
    built = built_as_of(settings)
    if settings.now() - one.at > LATE and built is not None and built < one.needs:
        return dg.SkipReason(
            f"{report} {one.period} was due at {one.at:%Y-%m-%d %H:%M}. It goes out after the next successful"
            " build."
        )
    return dg.RunRequest(run_key=f"{report}-{first}", partition_key=first.isoformat())


@dg.schedule(
    name="weekly_mail",
    job=jobs.weekly_scorecard,
    cron_schedule=_at(WEEKLY_AT, "1"),
    execution_timezone=_ZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Monday 07:00, for the week that has just ended.",
)
def weekly_mail(context: dg.ScheduleEvaluationContext, scoreline: Scoreline) -> dg.RunRequest | dg.SkipReason:
    week = last_finished_week(scoreline.settings().now(), scoreline.company().zone)
    return _requested(scoreline, "weekly_scorecard", week)


@dg.schedule(
    name="daily_digest_mail",
    job=jobs.daily_digest,
    cron_schedule=_at(DIGEST_AT, "1-5"),
    execution_timezone=_ZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="07:30 on working days: Monday to Friday except the days in holidays.csv.",
)
def daily_digest_mail(
    context: dg.ScheduleEvaluationContext, scoreline: Scoreline
) -> dg.RunRequest | dg.SkipReason:
    settings = scoreline.settings()
    day = local_date(settings.now(), scoreline.company().zone)
    if off := day_off(settings, day):
        return dg.SkipReason(f"{day} is not a working day: {off}. The next digest includes what is new.")
    return _requested(scoreline, "daily_digest", day)


@dg.schedule(
    name="friday_preview_mail",
    job=jobs.friday_preview,
    # every working day: if Friday is a holiday, the preview goes out on the last working day before it
    cron_schedule=_at(PREVIEW_AT, "1-5"),
    execution_timezone=_ZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="12:00 on the last working day of the week: Friday, unless holidays.csv lists it.",
)
def friday_preview_mail(
    context: dg.ScheduleEvaluationContext, scoreline: Scoreline
) -> dg.RunRequest | dg.SkipReason:
    settings = scoreline.settings()
    day = local_date(settings.now(), scoreline.company().zone)
    if not is_last_working_day(settings, day):
        return dg.SkipReason(f"{day} is not the last working day of {week_label(day)}.")
    return _requested(scoreline, "friday_preview", week_start(day))


all_schedules = [daily_refresh, weekly_mail, daily_digest_mail, friday_preview_mail]

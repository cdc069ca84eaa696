"""When things run, in the company's time zone."""

import dagster as dg

from foundation.calendar import last_finished_week, local_date, week_label, week_start
from foundation.seeds import day_off, is_last_working_day
from orchestration import jobs
from orchestration.resources import Scoreline
from orchestration.settings_at_import import COMPANY

_ZONE = COMPANY.company.time_zone

daily_refresh = dg.ScheduleDefinition(
    name="daily_refresh",
    job=jobs.refresh,
    cron_schedule="30 5 * * *",
    execution_timezone=_ZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Before people start work; the build follows it.",
)


@dg.schedule(
    name="weekly_mail",
    job=jobs.weekly_scorecard,
    cron_schedule="0 7 * * 1",
    execution_timezone=_ZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Monday 07:00, for the week that has just ended.",
)
def weekly_mail(context: dg.ScheduleEvaluationContext, scoreline: Scoreline) -> dg.RunRequest:
    week = last_finished_week(scoreline.settings().now(), scoreline.company().zone).isoformat()
    return dg.RunRequest(run_key=f"weekly_scorecard-{week}", partition_key=week)


@dg.schedule(
    name="daily_digest_mail",
    job=jobs.daily_digest,
    cron_schedule="30 7 * * 1-5",
    execution_timezone=_ZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="07:30 on working days: Monday to Friday without the days of holidays.csv.",
)
def daily_digest_mail(context: dg.ScheduleEvaluationContext, scoreline: Scoreline) -> dg.RunRequest | dg.SkipReason:
    settings = scoreline.settings()
    day = local_date(settings.now(), scoreline.company().zone)
    if off := day_off(settings, day):
        return dg.SkipReason(f"{day} is no working day: {off}. What is new is told on the next one.")
    return dg.RunRequest(run_key=f"daily_digest-{day}", partition_key=day.isoformat())


@dg.schedule(
    name="friday_preview_mail",
    job=jobs.friday_preview,
    # on a week whose Friday is off, the last working day before it
    cron_schedule="0 12 * * 1-5",
    execution_timezone=_ZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="12:00 on the week's last working day: Friday, or the day before one of holidays.csv.",
)
def friday_preview_mail(context: dg.ScheduleEvaluationContext, scoreline: Scoreline) -> dg.RunRequest | dg.SkipReason:
    settings = scoreline.settings()
    day = local_date(settings.now(), scoreline.company().zone)
    if not is_last_working_day(settings, day):
        return dg.SkipReason(f"{day} is not the last working day of {week_label(day)}.")
    week = week_start(day).isoformat()
    return dg.RunRequest(run_key=f"friday_preview-{week}", partition_key=week)


all_schedules = [daily_refresh, weekly_mail, daily_digest_mail, friday_preview_mail]

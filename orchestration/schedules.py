"""When things run, in the company's time zone."""

import dagster as dg

from foundation.calendar import last_finished_week
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


all_schedules = [daily_refresh, weekly_mail]

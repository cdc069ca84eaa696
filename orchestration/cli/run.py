"""`scoreline run` and `send`: a job now, as its schedule would run it."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import get_args

import click

from foundation.calendar import last_finished_week, local_date, parse_week, week_start
from foundation.settings import ReportName, Settings, load_company


@click.command()
@click.argument("job", type=click.Choice(["refresh", "build"]))
def run(job: str) -> None:
    """Run the job refresh or build now, as its schedule would."""
    from orchestration.runs import run_job

    sys.exit(0 if run_job(Settings(), job) else 1)


@click.command()
@click.option(
    "--report", type=click.Choice(get_args(ReportName)), default="weekly_scorecard", show_default=True
)
@click.option(
    "--week",
    help=(
        "2025-W43, or any day of it. Default: the newest finished week; for the Friday preview, the running"
        " week."
    ),
)
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="Day of the daily digest. Default: today.")
@click.option("--force", is_flag=True, help="Send it again to people who already have it.")
@click.option("--only", multiple=True, metavar="ADDRESS", help="Send it only to this recipient. Repeatable.")
def send(report: str, week: str | None, day: datetime | None, force: bool, only: tuple[str, ...]) -> None:
    """Mail a weekly scorecard, a daily digest or a preview.

    A person gets the same period once, unless --force is given.
    """
    from orchestration.runs import run_job

    settings = Settings()
    zone = load_company(settings).zone
    if report == "daily_digest":
        if week:
            raise click.UsageError("--week does not apply to the daily digest; use --day")
        period = day.date() if day else local_date(settings.now(), zone)
    else:
        if day:
            raise click.UsageError("--day applies only to the daily digest; add --report daily_digest")
        try:
            running = report == "friday_preview"
            newest = (
                week_start(local_date(settings.now(), zone))
                if running
                else last_finished_week(settings.now(), zone)
            )
            period = parse_week(week) if week else newest
        except ValueError:
            raise click.BadParameter(
                f"{week!r} is not a valid week, expected 2025-W43 or 2025-10-20", param_hint="--week"
            ) from None
    config = {f"reports__{report}": {"config": {"force": force, "only": list(only)}}}
    sys.exit(0 if run_job(settings, report, partition_key=period.isoformat(), ops=config) else 1)

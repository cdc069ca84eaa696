"""`scoreline run` and `send`: a job now, as its schedule would run it."""

from __future__ import annotations

import sys
from datetime import date, datetime
from typing import Any, get_args

import click

from foundation.calendar import last_finished_week, local_date, parse_week, week_label, week_start
from foundation.private import make_home
from foundation.settings import ReportName, Settings, load_company
from orchestration.cli.demo_home import connected_sources, world_of_home
from orchestration.cli.watch import watched


@click.command()
@click.argument("job", type=click.Choice(["refresh", "build"]))
@world_of_home()
def run(job: str) -> None:
    """Run the job refresh or build now, as its schedule would."""
    sys.exit(0 if _run(job) else 1)


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
@world_of_home()
def send(report: str, week: str | None, day: datetime | None, force: bool, only: tuple[str, ...]) -> None:
    """Mail a weekly scorecard, a daily digest or a preview.

    A person gets the same period once, unless --force is given.
    """
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
    _must_exist(report, period, "--day" if report == "daily_digest" else "--week")
    from orchestration.settings_at_import import asset_key, op_of

    config = {op_of(asset_key("reports", report)): {"config": {"force": force, "only": list(only)}}}
    sys.exit(0 if _run(report, partition_key=period.isoformat(), ops=config) else 1)


def _must_exist(report: str, period: date, option: str) -> None:
    """Refuse a period that has no mail: before the first data, or after the newest period."""
    from orchestration.runs import job_by_name

    partitions = job_by_name(report).partitions_def
    assert partitions
    if not partitions.has_partition_key(period.isoformat()):
        label = date.isoformat if option == "--day" else week_label
        first, last = (
            label(date.fromisoformat(str(key)))
            for key in (partitions.get_first_partition_key(), partitions.get_last_partition_key())
        )
        raise click.BadParameter(
            f"there is no {report} of {label(period)}; the first is of {first}, the newest of {last}",
            param_hint=option,
        )


def _run(job: str, **more: Any) -> bool:
    """Run a job and show its progress in the terminal."""
    settings = Settings()
    make_home(settings.home)
    if job == "build":  # one sentence instead of a run that fails
        from orchestration.edited_files import checked

        checked(settings)
    sources = len(connected_sources()) if job == "refresh" else None
    with watched(job) as watch, watch.job(job, sources=sources):
        from orchestration.runs import run_job

        watch.succeeded = run_job(settings, job, **more)
    return watch.succeeded

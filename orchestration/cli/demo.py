"""`scoreline demo`: an invented company, from its vendors to its mails."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from foundation.calendar import last_finished_week
from foundation.errors import ScorelineError
from foundation.settings import Settings, load_company
from orchestration.cli.demo_home import (
    DEMO_AS_OF,
    company_option,
    connected_sources,
    demo_world,
    sandbox_port_option,
)
from orchestration.cli.errors import shown
from orchestration.cli.watch import Watch, watched
from reports.look.numbers import period_name

if TYPE_CHECKING:
    from sandbox import Sandbox

_SNAPSHOT_WEEKS = 13
"""Weeks before the demo's clock for which it takes a snapshot, so that it shows a quarter's trends."""


@click.command()
@sandbox_port_option
@company_option
def demo(sandbox_port: int, company: str | None) -> None:
    """Run everything end to end against the sandbox.

    Takes a snapshot of each of the last 13 weeks, then runs refresh, build and weekly_scorecard, and writes
    the mails to files. Needs no account and no network.
    """
    from orchestration.runs import run_job

    company = company or "cedar"
    began = time.monotonic()
    _step("Starting the sandbox: an invented company and its systems")
    with demo_world(company, sandbox_port) as sandbox, watched("demo") as watch:
        settings = Settings()
        invented = load_company(settings)
        week = last_finished_week(settings.now(), invented.zone)
        watch.say(f"{invented.company.name} at {sandbox.url}, clock at {DEMO_AS_OF:%Y-%m-%d %H:%M}Z")
        if company == "cedar":
            _answer(settings)
        watch.say(f"\n1/4 snapshots: {_SNAPSHOT_WEEKS} weeks of what vendors keep no history of")
        _live(sandbox, watch)
        for number, (job, text, partition) in enumerate(
            (
                ("refresh", "reading what changed in every source (dlt)", None),
                ("build", "running models and tests (dbt), publishing, rendering pages", None),
                ("weekly_scorecard", f"mailing the {period_name(week, 'week')}", week.isoformat()),
            ),
            start=2,
        ):
            watch.say(f"\n{number}/4 {job}: {text}")
            with watch.job(job, sources=len(connected_sources()) if job == "refresh" else None):
                watch.succeeded = run_job(settings, job, partition_key=partition)
            if not watch.succeeded:
                raise ScorelineError(
                    f"The job {job} failed; see the reason above. `{_make('ui', company)}` shows the run."
                )
    _step(f"Done in {timedelta(seconds=round(time.monotonic() - began))}")
    click.echo(_afterwards(settings, company))


def _answer(settings: Settings) -> None:
    """Write the notes that the company's people write in the portal. A second demo writes none twice."""
    from foundation.store import begin
    from foundation.store.normals import add_normal
    from foundation.store.notes import add_note
    from sandbox.companies.cedar_ridge.answers import NORMALS, NOTES

    with begin(settings) as connection:
        for add, said in ((add_normal, NORMALS), (add_note, NOTES)):
            for one in said:
                key = f"demo {one['line_id']}"
                add(connection, **one, entered_at=settings.now(), idempotency_key=key)


def _live(sandbox: Sandbox, watch: Watch) -> None:
    """Load only the snapshot tables, on the Sunday morning of each week before the demo's."""
    from dlt_pipelines.core.load import load
    from dlt_pipelines.registry import SOURCES

    tables = {
        name: [table.name for table in entry.source.tables if table.is_snapshot]
        for name, entry in SOURCES.items()
    }
    connected = connected_sources()
    sunday = DEMO_AS_OF - timedelta(days=1, hours=1, minutes=30)
    try:
        with watch.job("snapshots"):
            for number in range(1, _SNAPSHOT_WEEKS + 1):
                now = sunday - timedelta(weeks=_SNAPSHOT_WEEKS - number)
                sandbox.set_clock(now)
                os.environ["SCORELINE_AS_OF"] = now.isoformat()
                settings = Settings()
                company = load_company(settings)
                for source, names in tables.items():
                    if names and source in connected:
                        load(source, settings, company, tables=names)
                watch.done("weeks", number, _SNAPSHOT_WEEKS)
    finally:
        sandbox.set_clock(DEMO_AS_OF)
        os.environ["SCORELINE_AS_OF"] = DEMO_AS_OF.isoformat()


def _step(text: str) -> None:
    click.secho(f"\n{text}", bold=True)


def _make(target: str, company: str) -> str:
    return f"make {target}" if company == "cedar" else f"make {target} COMPANY={company}"


def _afterwards(settings: Settings, company: str) -> str:
    return f"""
   page       {shown(settings.site_dir / "index.html")}
   mails      {shown(settings.outbox_dir)}   (open an .eml file in a mail program)
   database   {shown(settings.published_path)}   (schema marts; safe to open while runs write)
   runs       {_make("ui", company)}
   portal     {_make("portal", company)}   (sign in, type numbers in, set goals, the API)

The other invented company: {_make("demo", "sales" if company == "cedar" else "cedar")}

Next, with your own accounts, which live in var/ and not with the demo:
   1. cp .env.example .env and fill in the credentials you have; the other sources stay "not connected"
   2. edit company.toml and the seeds in dbt_project/seeds: people.csv, scorecard_lines.csv, goals.csv
   3. scoreline check names what is wrong in them; make doctor lists what is missing per source
   4. make ui and materialise refresh, or scoreline run refresh and scoreline run build"""

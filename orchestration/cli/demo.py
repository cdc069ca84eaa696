"""`scoreline demo`, and how a process is pointed at the sandbox."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from foundation.calendar import last_finished_week, week_label
from foundation.settings import PROJECT_ROOT, Settings, load_company

if TYPE_CHECKING:
    from dlt_pipelines.wire.credentials import Credentials
    from sandbox import Sandbox

DEMO_AS_OF = datetime(2025, 10, 27, 12, tzinfo=UTC)
"""Monday morning in both invented companies: 2025-W43 has just ended."""
DEMO_COMPANIES = {"cedar": None, "sales": PROJECT_ROOT / "sandbox" / "companies" / "brightwater"}
"""Invented company -> the folder of its company.toml and seeds. None: the project's own files, in the home
itself."""


def _step(text: str) -> None:
    click.secho(f"\n{text}", bold=True)


def demo_environment(sandbox: Sandbox, company: str) -> None:
    """Point this process and its children at the sandbox and its company."""
    demo_company(company)
    os.environ.update(sandbox.environment)


def demo_company(company: str) -> None:
    """Use an invented company: its files, no real credentials, no mail server, the demo's clock."""
    for credentials in all_credentials():
        for field in credentials.model_fields.values():
            os.environ.pop(str(field.alias), None)
    for name in ("SMTP_URL", "STORE_URL"):
        os.environ.pop(name, None)
    if folder := DEMO_COMPANIES[company]:
        home = Settings().home / company
        places = {"HOME": home, "MANUAL_DIR": home / "manual_entries", "AD_SPEND_DIR": home / "ad_spend"}
        for place in places.values():
            place.mkdir(parents=True, exist_ok=True)
        places |= {"COMPANY_FILE": folder / "company.toml", "SEEDS_DIR": folder / "seeds"}
        os.environ.update({f"SCORELINE_{name}": str(place) for name, place in places.items()})
    os.environ.update({"SCORELINE_AS_OF": DEMO_AS_OF.isoformat(), "SCORELINE_ENV_FILE": os.devnull})


company_option = click.option(
    "--company",
    type=click.Choice(list(DEMO_COMPANIES)),
    default="cedar",
    show_default=True,
    help=(
        "cedar: an IT service company with every system. sales: a sales team with only HubSpot, in its own"
        " home."
    ),
)


@click.command()
@click.option("--port", default=8808, show_default=True, help="Port of the sandbox; 0 picks a free one.")
@company_option
def demo(port: int, company: str) -> None:
    """Run everything end to end against the sandbox.

    Runs refresh, build and weekly_scorecard, and writes the mail to a file. Needs no account and no network.
    """
    from orchestration.runs import run_job
    from sandbox import running_sandbox

    started = datetime.now(UTC)
    ui, other = (
        ("make ui", "make demo COMPANY=sales")
        if company == "cedar"
        else (f"make ui COMPANY={company}", "make demo")
    )
    _step("Starting the sandbox: an invented company and its systems")
    with running_sandbox(as_of=DEMO_AS_OF, port=port, company=company) as sandbox:
        demo_environment(sandbox, company)
        settings = Settings()
        invented = load_company(settings)
        week = last_finished_week(settings.now(), invented.zone)
        click.echo(f"   {invented.company.name} at {sandbox.url}, clock at {DEMO_AS_OF:%Y-%m-%d %H:%M}Z")
        for number, (job, text, partition) in enumerate(
            (
                ("refresh", "reading what changed in every source (dlt)", None),
                ("build", "running models and tests (dbt), publishing, rendering pages", None),
                ("weekly_scorecard", f"mailing {week_label(week)}", week.isoformat()),
            ),
            start=1,
        ):
            _step(f"{number}/3 {job}: {text}")
            if not run_job(settings, job, partition_key=partition):
                raise click.ClickException(
                    f"The job {job} failed; see the reason above. `{ui}` shows the run."
                )
    mails = sorted(settings.outbox_dir.glob("*.eml"))
    _step(f"Done in {(datetime.now(UTC) - started).seconds} s")
    click.echo(f"""
   page       {settings.site_dir / "index.html"}
   mail       {mails[-1] if mails else settings.outbox_dir}
   database   {settings.published_path}   (schema marts; safe to open while runs write)
   runs       {ui}

The other invented company: {other}

Next, with your own accounts:
   1. cp .env.example .env and fill in the credentials you have; the other sources stay "not connected"
   2. edit company.toml and the seeds in dbt_project/seeds: people.csv, scorecard_lines.csv, goals.csv
   3. make doctor lists what is missing per source, and how to fix it
   4. delete {settings.home} (it holds the invented company), then make ui and materialise refresh""")


def all_credentials() -> list[type[Credentials]]:
    from dlt_pipelines.registry import SOURCES
    from dlt_pipelines.wire.credentials import Credentials

    for entry in SOURCES.values():
        _ = entry.source  # importing the module defines its credentials
    return Credentials.__subclasses__()


def any_credential() -> bool:
    return any(is_set for credentials in all_credentials() for is_set in credentials.variables().values())

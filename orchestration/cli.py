"""`scoreline`: every command that a person or the Makefile runs. The work is done in the rooms below."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, get_args

import click

from foundation import __version__
from foundation.calendar import last_finished_week, local_date, parse_week, week_label, week_start
from foundation.private import private_files
from foundation.settings import PROJECT_ROOT, ReportName, Settings, SettingsError, load_company
from foundation.warehouse import WarehouseError

if TYPE_CHECKING:
    from dlt_pipelines.doctor.findings import Finding
    from dlt_pipelines.wire.credentials import Credentials
    from sandbox import Sandbox

DEMO_AS_OF = datetime(2025, 10, 27, 12, tzinfo=UTC)
"""Monday morning in both invented companies: 2025-W43 has just ended."""
DEMO_COMPANIES = {"cedar": None, "sales": PROJECT_ROOT / "sandbox" / "companies" / "brightwater"}
"""Invented company -> the folder of its company.toml and seeds. None: the project's own files, in the home
itself."""


_READS_WAREHOUSE = {
    "build",
    "run",
    "test",
    "snapshot",
    "compile",
    "show",
    "retry",
    "run-operation",
    "docs",
    "source",
}
"""dbt commands that read raw tables, or settings in the warehouse, when they compile or run."""


class _Cli(click.Group):
    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (SettingsError, LookupError, WarehouseError) as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=_Cli, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="scoreline")
def main() -> None:
    """Scoreline: a scorecard as code."""
    private_files()


def _step(text: str) -> None:
    click.secho(f"\n{text}", bold=True)


def _demo_environment(sandbox: Sandbox, company: str) -> None:
    """Point this process and its children at the sandbox and its company: no real credentials, no mail
    server, the demo's clock."""
    for credentials in _all_credentials():
        for field in credentials.model_fields.values():
            os.environ.pop(str(field.alias), None)
    os.environ.pop("SMTP_URL", None)
    if folder := DEMO_COMPANIES[company]:
        home = Settings().home / company
        places = {"HOME": home, "MANUAL_DIR": home / "manual_entries", "AD_SPEND_DIR": home / "ad_spend"}
        for place in places.values():
            place.mkdir(parents=True, exist_ok=True)
        places |= {"COMPANY_FILE": folder / "company.toml", "SEEDS_DIR": folder / "seeds"}
        os.environ.update({f"SCORELINE_{name}": str(place) for name, place in places.items()})
    os.environ.update(sandbox.environment)
    os.environ.update({"SCORELINE_AS_OF": DEMO_AS_OF.isoformat(), "SCORELINE_ENV_FILE": os.devnull})


_company_option = click.option(
    "--company",
    type=click.Choice(list(DEMO_COMPANIES)),
    default="cedar",
    show_default=True,
    help=(
        "cedar: an IT service company with every system. sales: a sales team with only HubSpot, in its own"
        " home."
    ),
)


@main.command()
@click.option("--port", default=8808, show_default=True, help="Port of the sandbox; 0 picks a free one.")
@_company_option
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
        _demo_environment(sandbox, company)
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


@main.command()
@click.option("--port", default=3000, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--sandbox-port", default=8808, show_default=True)
@_company_option
def ui(port: int, host: str, sandbox_port: int, company: str) -> None:
    """Start the Dagster UI and the daemon that runs the schedules.

    Without any credentials, or with --company sales, they run on the sandbox, as the demo does.
    """
    if DEMO_COMPANIES[company] or (Settings().sandbox_url is None and not _any_credential()):
        from sandbox import running_sandbox

        with running_sandbox(as_of=DEMO_AS_OF, port=sandbox_port, company=company) as sandbox:
            _demo_environment(sandbox, company)
            click.echo(
                f"{load_company(Settings()).company.name}: running on the sandbox, clock at"
                f" {DEMO_AS_OF:%Y-%m-%d %H:%M}Z."
            )
            _dagster_dev(host, port)
    else:
        _dagster_dev(host, port)


def _all_credentials() -> list[type[Credentials]]:
    from dlt_pipelines.registry import SOURCES
    from dlt_pipelines.wire.credentials import Credentials

    for entry in SOURCES.values():
        _ = entry.source  # importing the module defines its credentials
    return Credentials.__subclasses__()


def _any_credential() -> bool:
    return any(is_set for credentials in _all_credentials() for is_set in credentials.variables().values())


def _dagster_dev(host: str, port: int) -> None:
    from orchestration.runs import fail_dead_runs

    if dead := fail_dead_runs(Settings()):
        click.echo(
            f"Marked {len(dead)} earlier run(s) as failed because their process is gone: {', '.join(dead)}"
        )
    command = [
        sys.executable,
        "-m",
        "dagster",
        "dev",
        "-w",
        str(PROJECT_ROOT / "workspace.yaml"),
        "-h",
        host,
        "-p",
        str(port),
    ]
    try:
        sys.exit(subprocess.run(command, cwd=PROJECT_ROOT).returncode)
    except KeyboardInterrupt:
        sys.exit(0)


@main.command()
@click.argument("job", type=click.Choice(["refresh", "build"]))
def run(job: str) -> None:
    """Run the job refresh or build now, as its schedule would."""
    from orchestration.runs import run_job

    sys.exit(0 if run_job(Settings(), job) else 1)


@main.command()
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


@main.command()
@click.option("--source", "sources", multiple=True, required=True, help="Source to pull. Repeatable.")
@click.option("--days", type=click.IntRange(1), help="Pull the last N days.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="First day, instead of --days.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Day after the last one. Default: now.")
@click.option("--restart", is_flag=True, help="Also pull what an earlier call for the same window finished.")
def backfill(
    sources: tuple[str, ...], days: int | None, since: datetime | None, until: datetime | None, restart: bool
) -> None:
    """Pull a window of the past again, from one or several sources.

    Works person by person where the vendor does. Rows are merged, so running it twice changes nothing. The
    same window continues where it stopped. One person's failure does not stop the others. Days are in the
    company's time zone.
    """
    from dlt_pipelines.core import backfill as work
    from dlt_pipelines.registry import SOURCES
    from orchestration.assets.ingestion import raw_key
    from orchestration.runs import run_job

    if unknown := set(sources) - set(SOURCES):
        raise click.BadParameter(
            f"unknown source {', '.join(sorted(unknown))}; expected one of {', '.join(SOURCES)}",
            param_hint="--source",
        )
    settings = Settings()
    if (days is None) == (since is None):
        raise click.UsageError("pass either --days or --since")
    zone = load_company(settings).zone
    first = since.date() if since else local_date(settings.now(), zone) - timedelta(days=days or 0)
    start, end = (
        datetime.combine(day, time(), zone).astimezone(UTC) if day else None
        for day in (first, until and until.date())
    )
    if end and start and end <= start:
        raise click.UsageError("--until must be after --since")
    chosen = list(dict.fromkeys(sources))
    before = {
        source: {part.person for part in work.noted(settings, source, start, end) if part.status == "ok"}
        for source in chosen
    }
    window = {
        "since": start.isoformat() if start else None,
        "until": end.isoformat() if end else None,
        "restart": restart,
    }
    keys = [raw_key(source, table) for source in chosen for table in SOURCES[source].tables]
    succeeded = run_job(
        settings,
        "backfill",
        ops={f"ingest_{source}": {"config": window} for source in chosen},
        asset_keys=keys,
    )
    _step("Backfill")
    rows: list[tuple[str, ...]] = [
        ("source", "person", "processed", "ok", "failed", "rows", "window", "warnings")
    ]
    span, totals = f"{first} to {until.date() if until else 'now'}", [0, 0, 0]
    for source in chosen:
        for part in work.noted(settings, source, start, end):
            counts = [
                int(part.status != "not_connected"),
                int(part.status == "ok"),
                int(part.status == "failed"),
            ]
            totals = [total + count for total, count in zip(totals, counts, strict=True)]
            notes = (
                ["not connected"]
                if part.status == "not_connected"
                else [part.error]
                if part.error
                else part.warnings
            )
            if part.person in before[source] and not restart:
                notes = ["finished by an earlier call; --restart pulls it again", *notes]
            rows.append(
                (
                    source,
                    part.name,
                    *map(str, counts),
                    f"{part.rows_loaded:,}",
                    span,
                    "; ".join(filter(None, notes)),
                )
            )
    rows.append(("total", "", *map(str, totals), "", span, ""))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    for row in rows:
        line = "  ".join([text.ljust(width) for text, width in zip(row, widths, strict=False)] + [row[-1]])
        # names and texts of vendors: nothing in them may move the cursor
        click.echo("   " + "".join(sign if sign.isprintable() else " " for sign in line).rstrip())
    sys.exit(0 if succeeded and not totals[2] else 1)


@main.command()
@click.option("--source", "sources", multiple=True, help="Check only this source. Repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(sources: tuple[str, ...], as_json: bool) -> None:
    """List what is missing per source, and how to fix it.

    Also lists mails that did not arrive. Never prints a secret. Exits with 1 if anything fails.
    """
    from dataclasses import asdict

    from dlt_pipelines.doctor.checks import diagnose

    settings = Settings()
    findings = diagnose(settings, load_company(settings), list(sources) or None)
    if not sources:
        findings += _mail_findings(settings)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        marks = {
            "ok": ("ok  ", "green"),
            "info": ("--  ", None),
            "warn": ("warn", "yellow"),
            "fail": ("FAIL", "red"),
        }
        previous = None
        for finding in findings:
            if finding.source != previous:
                click.secho(f"\n{finding.source}", bold=True)
                previous = finding.source
            mark, colour = marks[finding.level]
            click.echo(f"  {click.style(mark, fg=colour)} {finding.check}: {finding.detail}")
            if finding.way_out:
                click.echo(f"       -> {finding.way_out}")
    sys.exit(1 if any(finding.level == "fail" for finding in findings) else 0)


def _mail_findings(settings: Settings) -> list[Finding]:
    """Mails and alerts that did not arrive, or may not have. Creates no ledger in a home without one."""
    from dlt_pipelines.doctor.findings import Finding
    from reports.post.troubles import troubles

    if (
        not settings.deliveries_path.exists()
        and not settings.outbox_dir.exists()
        and not settings.site_dir.exists()
    ):
        return []
    found = [
        Finding(
            "mail",
            one.what.lower(),
            "warn" if one.what == "Pending mail" else "fail",
            f"{one.about}: {one.why}",
            one.way_out,
        )
        for one in troubles(settings)
    ]
    return found or [Finding("mail", "deliveries", "ok", "every mail and every alert has arrived")]


@main.command("new-ledger")
def new_ledger() -> None:
    """Replace a lost or damaged ledger of deliveries.

    Mails that are due now count as uncertain and are not sent again automatically.
    """
    from reports.post import new_ledger as work
    from reports.post.outcome import DeliveryFailed

    settings = Settings()
    try:
        backup, aside = work.new_ledger(settings, load_company(settings))
    except DeliveryFailed as error:
        raise click.ClickException(str(error)) from None
    if aside:
        click.echo(f"Moved the previous file to {aside}.")
    origin = f"restored from the backup of {backup.parent.name}" if backup else "empty"
    click.echo(f"{settings.deliveries_path} is {origin}.")
    click.echo(
        "Mails that are due now count as uncertain. `scoreline doctor` lists them, with the command that"
        " sends each again."
    )


@main.command()
def backup() -> None:
    """Back up the warehouse and the ledger of deliveries.

    Copies them into today's folder of var/backups. The first build of each day does this automatically.
    """
    from foundation.backup import BackupError, make_backup

    settings = Settings()
    folder = settings.backups_dir / local_date(settings.now(), load_company(settings).zone).isoformat()
    try:
        make_backup(settings, folder)
    except BackupError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"Backed up to {folder}. `scoreline restore` restores it.")


@main.command()
@click.argument("day", required=False)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def restore(day: str | None, yes: bool) -> None:
    """Restore the warehouse from a backup.

    DAY is YYYY-MM-DD. Default: the newest backup. The current file is moved aside, not deleted. The ledger of
    deliveries stays as it is.
    """
    from foundation import backup as work

    settings = Settings()
    if not yes:
        click.confirm(
            f"Replace {settings.warehouse_path} with the backup of {day or 'the newest day'}?", abort=True
        )
    try:
        folder, aside = work.restore(settings, day)
    except work.BackupError as error:
        raise click.ClickException(str(error)) from None
    if aside:
        click.echo(f"Moved the previous file to {aside}.")
    click.echo(
        f"Restored the warehouse of {folder.name}. The ledger of deliveries is unchanged, so no mail goes out"
        " twice."
    )
    click.echo("Next: run `scoreline run refresh` to read what changed since, then `scoreline run build`.")


@main.command()
def gallery() -> None:
    """Build a page that shows every component of the pages.

    Prints its path. Needs a published database, and changes no other page.
    """
    from reports.pages import SiteError
    from reports.site.build import build_site

    settings = Settings()
    try:
        (file,) = build_site(settings, load_company(settings), only=["gallery"])
    except (LookupError, SiteError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(file)


@main.command()
def check() -> None:
    """Check company.toml and the seed files.

    Names every wrong setting, header and cell by file and line. Needs no warehouse.
    """
    from foundation.seeds import SEEDS, check_seeds

    settings = Settings()
    load_company(settings)
    check_seeds(settings)
    click.echo(
        f"{settings.company_file.name} and {', '.join(f'{name}.csv' for name in SEEDS)}: no errors found."
    )


@main.command()
@click.option("--replace", is_flag=True, help="Replace an access URL that is already in .env.")
def claim(replace: bool) -> None:
    """Claim a SimpleFIN access URL and write it to .env.

    Exchanges a setup token for it. Prompts for the token, or reads it from standard input. Prints no secret.
    """
    from dlt_pipelines.errors import SourceError
    from dlt_pipelines.sources.simplefin.claim import NAME, claim, is_waiting

    settings = Settings()
    token = ""
    if not is_waiting(settings):
        token = click.prompt("Setup token", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    try:
        path = claim(token, settings, replace=replace)
    except SourceError as error:
        raise click.ClickException(f"SimpleFIN: {error}") from None
    click.echo(f"Wrote the access URL to {path} as {NAME}. `scoreline doctor --source simplefin` checks it.")
    if NAME in os.environ:
        click.echo(f"Note: {NAME} is also set in the environment, which takes precedence.")


@main.command("metric-diff")
@click.option(
    "--base",
    metavar="REVISION",
    help="Revision to compare with. Default: where the branch left its upstream, else the previous commit.",
)
def metric_diff(base: str | None) -> None:
    """List the numbers that a change of the project moves.

    Builds the base revision and the current one on the raw data of this home, and compares every line and
    period.
    """
    import metric_diff as work

    for text in work.metric_diff(Settings(), PROJECT_ROOT, base):
        click.echo(text)


@main.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def sandbox(arguments: tuple[str, ...]) -> None:
    """Serve the sandbox on the loopback address. --help lists its options."""
    sys.exit(subprocess.run([sys.executable, "-m", "sandbox", *arguments]).returncode)


@main.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def dbt(arguments: tuple[str, ...]) -> None:
    """Run dbt on the warehouse while holding the write lock.

    Example: `scoreline dbt build --select dials+`
    """
    from dlt_pipelines.core.load import ensure_tables
    from foundation.dbt_files import project_dir
    from foundation.warehouse import Warehouse
    from orchestration.dbt_manifest import dbt_environment

    settings = Settings()
    if _READS_WAREHOUSE.intersection(arguments):
        ensure_tables(settings, load_company(settings))  # a fresh home has none
    project = project_dir(settings)
    place = ["--project-dir", str(project), "--profiles-dir", str(project)]
    command = [
        sys.executable,
        "-m",
        "dbt.cli.main",
        *arguments,
        *(place if arguments and not arguments[0].startswith("-") else []),
    ]
    with Warehouse(settings).write_lock(f"dbt {' '.join(arguments)}"):
        sys.exit(subprocess.run(command, cwd=project, env=dbt_environment(settings)).returncode)


if __name__ == "__main__":
    main()

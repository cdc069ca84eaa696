"""`scoreline backfill`: pull a window of the past again."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, time, timedelta

import click

from foundation.calendar import local_date
from foundation.errors import unknown
from foundation.settings import Settings, load_company
from orchestration.cli.demo_home import world_of_home
from orchestration.cli.watch import watched


@click.command()
@click.option("--source", "sources", multiple=True, required=True, help="Source to pull. Repeatable.")
@click.option("--days", type=click.IntRange(1), help="Pull the last N days.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="First day, instead of --days.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Day after the last one. Default: now.")
@click.option("--restart", is_flag=True, help="Also pull what an earlier call for the same window finished.")
@world_of_home()
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

    for name in sources:
        if name not in SOURCES:
            raise click.BadParameter(unknown("source", name, SOURCES), param_hint="--source")
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
    with watched("backfill") as watch, watch.job("backfill"):
        watch.succeeded = run_job(
            settings,
            "backfill",
            window=window,
            asset_keys=keys,
        )
    click.secho("\nBackfill", bold=True)
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
        # names and texts of vendors must not move the cursor
        click.echo("   " + "".join(sign if sign.isprintable() else " " for sign in line).rstrip())
    sys.exit(0 if watch.succeeded and not totals[2] else 1)

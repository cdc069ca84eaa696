"""`scoreline backfill`: pull a window of the past again."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta

import click

from dlt_pipelines.core.backfill import Part, noted
from dlt_pipelines.registry import SOURCES
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
    # these read settings when they are imported
    from orchestration.assets.ingestion import raw_key
    from orchestration.runs import run_job

    for name in sources:
        if name not in SOURCES:
            raise click.BadParameter(unknown("source", name, SOURCES), param_hint="--source")
    if (days is None) == (since is None):
        raise click.UsageError("pass either --days or --since")
    settings = Settings()
    zone = load_company(settings).zone
    first = since.date() if since else local_date(settings.now(), zone) - timedelta(days=days or 0)
    last = until.date() if until else None
    start = datetime.combine(first, time(), zone).astimezone(UTC)
    end = datetime.combine(last, time(), zone).astimezone(UTC) if last else None
    if end and end <= start:
        raise click.UsageError("--until must be after --since")
    chosen = list(dict.fromkeys(sources))

    def parts() -> list[Part]:
        return [part for source in chosen for part in noted(settings, source, start, end)]

    earlier = set() if restart else {(one.source, one.person) for one in parts() if one.status == "ok"}
    with watched("backfill") as watch, watch.job("backfill"):
        watch.succeeded = run_job(
            settings,
            "backfill",
            window={
                "since": start.isoformat(),
                "until": end.isoformat() if end else None,
                "restart": restart,
            },
            asset_keys=[raw_key(source, table) for source in chosen for table in SOURCES[source].tables],
        )
    found = parts()
    click.secho("\nBackfill", bold=True)
    _print(found, earlier, f"{first} to {last or 'now'}")
    sys.exit(0 if watch.succeeded and all(part.status != "failed" for part in found) else 1)


def _print(parts: Sequence[Part], earlier: Collection[tuple[str, str]], span: str) -> None:
    """Print a table of the parts and their totals. `earlier`: (source, person) of the parts that an earlier
    call finished."""
    rows: list[tuple[str, ...]] = [
        ("source", "person", "processed", "ok", "failed", "rows", "window", "warnings")
    ]
    totals = Counter[str]()
    for part in parts:
        counts = {
            "processed": int(part.status != "not_connected"),
            "ok": int(part.status == "ok"),
            "failed": int(part.status == "failed"),
        }
        totals.update(counts)
        notes = "; ".join(_notes(part, is_earlier=(part.source, part.person) in earlier))
        rows.append(
            (part.source, part.name, *map(str, counts.values()), f"{part.rows_loaded:,}", span, notes)
        )
    rows.append(("total", "", *(str(totals[name]) for name in ("processed", "ok", "failed")), "", span, ""))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    for row in rows:
        line = "  ".join([text.ljust(width) for text, width in zip(row, widths, strict=False)] + [row[-1]])
        # names and texts of vendors must not move the cursor
        click.echo("   " + "".join(sign if sign.isprintable() else " " for sign in line).rstrip())


def _notes(part: Part, *, is_earlier: bool) -> Iterator[str]:
    """Yield what to say about a part."""
    if is_earlier:
        yield "finished by an earlier call; --restart pulls it again"
    if part.status == "not_connected":
        yield "not connected"
    elif part.error:
        yield part.error
    else:
        yield from filter(None, part.warnings)

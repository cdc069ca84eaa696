"""Raw tables: one multi-asset per source, independent of the others, subsettable per table.

`dlt_pipelines.core.load` does the work. This module turns its report into materialisations, and its errors
into failures that Dagster retries or not. It has neither HTTP nor SQL.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

import dagster as dg

from dlt_pipelines.core.backfill import Part, backfill
from dlt_pipelines.core.load import LoadReport, load
from dlt_pipelines.core.source import Table
from dlt_pipelines.errors import PermanentError, TransientError
from dlt_pipelines.registry import SOURCES, SourceEntry
from foundation.warehouse import WarehouseError
from orchestration.code_links import to_module
from orchestration.resources import Scoreline, Window
from orchestration.settings_at_import import asset_key

OWNERS = ["team:data"]


def raw_key(source: str, table: str) -> dg.AssetKey:
    return asset_key("raw", source, table)


def step_of(source: str) -> str:
    """Return the name of the step that reads a source."""
    return f"ingest_{source}"


def connected_tables(sources: Collection[str] = tuple(SOURCES)) -> list[dg.AssetKey]:
    """Return the raw tables that a refresh of these sources reads: those of sources with credentials, and of
    folders."""
    return [
        raw_key(name, table)
        for name in sources
        if SOURCES[name].is_connected()
        for table in SOURCES[name].tables
    ]


def _instant(text: str | None, name: str) -> datetime | None:
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise dg.Failure(
            f"{name}: {text!r} is not a valid instant, expected 2025-07-12T00:00:00Z", allow_retries=False
        ) from None
    if instant.tzinfo is None:
        raise dg.Failure(f"{name}: {text!r} has no time zone; add Z or an offset", allow_retries=False)
    return instant


def _said(report: LoadReport, rows: int) -> str:
    """Return for example `5 rows into 1 table, 4 requests, 0:00:44 waited for rate limits`."""
    if report.status == "not_connected":
        return "not connected (no credentials); its tables exist and are empty"
    said = [f"{_many(rows, 'row')} into {_many(len(report.tables), 'table')}"]
    if report.requests:
        said.append(_many(report.requests, "request"))
    if waited := timedelta(seconds=round(report.waited_seconds)):
        said.append(f"{waited} waited for rate limits")
    return ", ".join(said)


def _many(count: int, what: str) -> str:
    """Return `1 row` or `3 rows`. For logs, so without the company's locale; `plural` is for pages and
    mails."""
    return f"{count:,} {what}{'s' if count != 1 else ''}"


def _materializations(entry: SourceEntry, report: LoadReport) -> Iterator[dg.MaterializeResult[None]]:
    for table, result in report.tables.items():
        metadata: dict[str, dg.MetadataValue] = {
            "status": dg.MetadataValue.text(report.status),
            "rows loaded": dg.MetadataValue.int(result.rows_loaded),
            "dagster/row_count": dg.MetadataValue.int(result.rows_total),
            "requests (whole source)": dg.MetadataValue.int(report.requests),
            "waited for rate limits, s (whole source)": dg.MetadataValue.float(
                round(report.waited_seconds, 2)
            ),
        }
        if result.newest_record:
            metadata["newest record"] = dg.MetadataValue.timestamp(result.newest_record)
        if report.complete_through:
            metadata["complete through"] = dg.MetadataValue.timestamp(report.complete_through)
        if report.warnings:
            metadata["warnings"] = dg.MetadataValue.json(
                report.warnings
            )  # may quote a vendor: never Markdown
        yield dg.MaterializeResult(asset_key=raw_key(entry.name, table), metadata=metadata)


def _backfill(
    entry: SourceEntry,
    context: dg.AssetExecutionContext,
    window: Window,
    scoreline: Scoreline,
    selected: list[str],
) -> Iterator[dg.MaterializeResult[None]]:
    """Pull a window part by part. If a part fails, the step fails at the end, and the next one continues with
    the parts that are left."""

    def told(part: Part) -> None:
        say = context.log.warning if part.error else context.log.info
        result = part.error or _many(part.rows_loaded, "row")
        name = ", ".join(
            dict.fromkeys((entry.label, part.name))
        )  # once for a source that is pulled as a whole
        say(f"{name}: {'finished by an earlier call' if part.earlier else result}")

    try:
        report = backfill(
            entry.name,
            scoreline.settings(),
            scoreline.company(),
            since=_instant(window.since, "since"),
            until=_instant(window.until, "until"),
            tables=selected,
            restart=window.restart and context.retry_number == 0,
            told=told,
        )
    except (PermanentError, WarehouseError) as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    yield from _materializations(entry, report.load)
    if report.failures:
        texts = "; ".join(dict.fromkeys(str(error) for error in report.failures))
        raise dg.Failure(
            f"{len(report.failures)} of {len(report.parts)} parts failed: {texts}",
            allow_retries=all(isinstance(error, TransientError) for error in report.failures),
        )


def _columns(table: Table[Any]) -> dg.TableSchema:
    return dg.TableSchema(
        [
            dg.TableColumn(
                name,
                kind,
                constraints=dg.TableColumnConstraints(nullable=name not in table.keys, unique=False),
            )
            for name, kind in table.columns.items()
        ]
    )


def _build(entry: SourceEntry) -> dg.AssetsDefinition:
    code = to_module(entry.module)
    specs = [
        dg.AssetSpec(
            raw_key(entry.name, table.name),
            description=table.grain,
            group_name=entry.name,
            owners=OWNERS,
            tags={"vendor": entry.name},
            kinds={"dlt", "duckdb"},
            metadata={
                "dagster/table_name": f"raw_{entry.name}.{table.name}",
                "dagster/column_schema": _columns(table),
                **code,
            },
            freshness_policy=dg.FreshnessPolicy.time_window(fail_window=entry.freshness_limit),
            skippable=True,
        )
        for table in entry.source.tables
    ]

    @dg.multi_asset(
        name=step_of(entry.name),
        specs=specs,
        can_subset=True,
        # the client has already waited out short outages; these retries cover an hour
        retry_policy=dg.RetryPolicy(
            max_retries=2, delay=60, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
        ),
    )
    def ingest(
        context: dg.AssetExecutionContext, window: Window, scoreline: Scoreline
    ) -> Iterator[dg.MaterializeResult[None]]:
        selected = [key.path[-1] for key in context.selected_asset_keys]
        if window.since or window.until:
            yield from _backfill(entry, context, window, scoreline, selected)
            return
        if context.job_name == "backfill":
            raise dg.Failure(
                "The job backfill needs a window. Set resources: window: config: since in the launchpad, for"
                " example 2025-07-12T00:00:00Z, or run the job refresh to read what changed.",
                allow_retries=False,
            )
        try:
            report = load(
                entry.name,
                scoreline.settings(),
                scoreline.company(),
                tables=None if len(selected) == len(entry.tables) else selected,
            )
        except (PermanentError, WarehouseError) as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        except TransientError as error:
            raise dg.Failure(str(error), allow_retries=True) from None
        for warning in report.warnings:
            context.log.warning(warning)
        rows = sum(table.rows_loaded for table in report.tables.values())
        context.log.info(f"{entry.label}: {_said(report, rows)}")
        yield from _materializations(entry, report)

    return ingest


assets = [_build(entry) for entry in SOURCES.values()]

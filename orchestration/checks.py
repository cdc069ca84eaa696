"""Freshness checks of raw tables. They read the ledger of loads, not the time of the last materialisation: a
backfill of an old week must not turn an overdue source green. dbt tests are separate checks."""

from collections.abc import Iterator

import dagster as dg

from dlt_pipelines.registry import SOURCES
from orchestration.assets.ingestion import raw_key
from orchestration.assets.reporting import PUBLISHED
from orchestration.resources import Scoreline
from reports.words.gate import source_states

_RAW = {raw_key(entry.name, table): entry for entry in SOURCES.values() for table in entry.tables}


@dg.multi_asset_check(
    name="fresh",
    specs=[
        dg.AssetCheckSpec(
            "fresh",
            asset=key,
            additional_deps=[PUBLISHED],
            description=(
                f"By the ledger of loads, the source is complete up to an instant at most"
                f" {entry.freshness_limit} ago."
            ),
        )
        for key, entry in _RAW.items()
    ],
    can_subset=True,
)
def fresh(context: dg.AssetCheckExecutionContext, scoreline: Scoreline) -> Iterator[dg.AssetCheckResult]:
    """One step for all sources: a build that fails before it leaves one step undone, not one per source."""
    try:
        states = source_states(scoreline.settings())
    except LookupError as error:  # raw tables were materialised by hand before anything was published
        for check in context.selected_asset_check_keys:
            yield dg.AssetCheckResult(
                asset_key=check.asset_key,
                check_name=check.name,
                passed=False,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"detail": dg.MetadataValue.text(str(error))},
            )
        return
    for check in context.selected_asset_check_keys:
        state = states[_RAW[check.asset_key].name]
        refusal = state.refused.get(check.asset_key.path[-1])
        yield dg.AssetCheckResult(
            asset_key=check.asset_key,
            check_name=check.name,
            passed=state.state in ("ok", "partly_refused", "not_connected") and refusal is None,
            severity=dg.AssetCheckSeverity.WARN,
            # a vendor's words: never Markdown
            metadata={
                "state": "refused" if refusal else state.state,
                "detail": dg.MetadataValue.text(refusal or state.sentence),
            },
        )

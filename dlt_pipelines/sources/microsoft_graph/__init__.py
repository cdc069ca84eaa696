"""Microsoft secure scores (Graph v1.0), one or many tenants.

POST <login host>/<tenant>/oauth2/v2.0/token      -> one access token per tenant, never used for another one
GET  /security/secureScores                       -> raw_microsoft_graph.secure_scores (merge on id), and from
    the same answers
                                                     control_scores: what each control gave on that day
                                                     tenants: which tenants were read, and why one was not

The vendor keeps 90 days, one record per tenant and day, newest first. The first run of a tenant reads them
all, 30 a page; later runs the days since the last one and seven more, on the first page, because late or
recalculated days are replaced. Nothing is deleted; a day that never came stays missing. A tenant that has no
data answers with an empty list: no record, not a score of 0.

A tenant that refuses (no consent, app unknown, tenant unknown) is named in a warning and in `tenants`, and
the others are read; its next run asks for all the days it missed. A client secret that is refused stops at
once: it is the same for all tenants.

Quirks: `$top` is a page size, so links are followed no further than needed; links must stay on the vendor's
host; maxScore changes with licences, so points are not comparable over time; averageComparativeScores is
empty or -1 and only kept as JSON; counts in controlScores arrive as text. UNCONFIRMED: the form of the next
link (followed as it is, whatever it holds) and the bodies of token errors (the AADSTS text is quoted; only
`invalid_client` is read as "the secret").

Settings: MICROSOFT_TENANT_ID (one tenant, or several with commas between), MICROSOFT_CLIENT_ID,
MICROSOFT_CLIENT_SECRET, MICROSOFT_GRAPH_BASE_URL (sign-in and Graph both), section [microsoft_graph] of
company.toml: the cloud, names of tenants and more tenants.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import dlt

from dlt_pipelines.core.api_versions import only
from dlt_pipelines.core.records import kinds, plain, typed
from dlt_pipelines.core.source import EVERYTHING, Source, Table
from dlt_pipelines.core.values import as_json
from dlt_pipelines.errors import Unexpected
from dlt_pipelines.sources.microsoft_graph.access import SOURCE, MicrosoftCredentials, connect, identify
from dlt_pipelines.sources.microsoft_graph.diagnosis import diagnose
from dlt_pipelines.sources.microsoft_graph.fields import CONTROLS, MAY_LACK, SCORES, TENANTS
from dlt_pipelines.sources.microsoft_graph.pages import Record
from dlt_pipelines.sources.microsoft_graph.tenants import KEPT, GraphRun
from dlt_pipelines.wire.paging import entries


def _scores(run: GraphRun) -> Iterator[Any]:
    readings = run.client.readings(run)
    state = dict(run.state.get("tenants", {}))
    first = min(
        (datetime.fromisoformat(text) for text in run.state.get("first_read", {}).values()),
        default=run.started_at,
    )
    run.complete_from.update(dict.fromkeys(("secure_scores", "control_scores"), first - timedelta(days=KEPT)))
    pages = [[_flat(record) for record in reading.records] for reading in readings.values()]
    yield from typed("microsoft_graph.secure_scores", SCORES, pages, run.warn)
    if run.backfill:
        return
    read = [tenant for tenant, reading in readings.items() if not reading.refused]
    source_state = dlt.current.source_state()
    source_state["tenants"] = {**state, **{tenant: run.started_at.isoformat() for tenant in read}}
    source_state["first_read"] = {
        **{tenant: run.started_at.isoformat() for tenant in read},
        **run.state.get("first_read", {}),
    }


def _flat(record: Any) -> Any:
    if not isinstance(record, dict):
        return record
    lists = ("enabledServices", "averageComparativeScores")
    return record | {name: as_json(record[name]) for name in lists if record.get(name) is not None}


def _controls(run: GraphRun) -> Iterator[Any]:
    def pages() -> Iterator[list[Record]]:
        for reading in run.client.readings(run).values():
            for record in reading.records:
                more = {
                    "score_id": record.get("id"),
                    "tenant_id": record.get("azureTenantId"),
                    "created": record.get("createdDateTime"),
                }
                controls = _control_scores(run, record)
                # one control twice in one record would be one row; which of the two is chance, so the better
                # one is meant
                best = {
                    (c.get("controlCategory") or "none", c.get("controlName") or "none"): c
                    for c in sorted(controls, key=_points)
                }
                yield [
                    control | more | dict(zip(("controlCategory", "controlName"), key, strict=True))
                    for key, control in best.items()
                ]

    yield from typed(
        "microsoft_graph.control_scores",
        CONTROLS,
        pages(),
        run.warn,
        key=tuple(CONTROLS)[:3],
        may_lack=MAY_LACK,
    )


def _control_scores(run: GraphRun, record: Record) -> list[Record]:
    """The controls of a day's score; a day whose controls have another shape is named and has none."""
    try:
        return (
            []
            if record.get("controlScores") is None
            else entries(record, f"the score {record.get('id')}", "controlScores")
        )
    except Unexpected as error:
        run.warn(f"microsoft_graph.control_scores: {error}", lacks="control_scores")
        return []


def _points(control: Record) -> float:
    score = control.get("score")
    return float(score) if isinstance(score, (int, float)) else -1.0


def _tenants(run: GraphRun) -> Iterator[Any]:
    yield from typed(
        "microsoft_graph.tenants",
        plain(TENANTS),
        [list(_tenant_rows(run))],
        run.warn,
        key="tenant",
        may_lack=TENANTS,
    )


def _tenant_rows(run: GraphRun) -> Iterator[Record]:
    for tenant, reading in run.client.readings(run).items():
        newest: Record = max(
            reading.records, key=lambda record: str(record.get("createdDateTime")), default={}
        )
        yield {
            "tenant": tenant,
            "tenant_id": newest.get("azureTenantId"),
            "name": run.client.names.get(tenant),
            "is_read": reading.refused is None,
            "reason": reading.refused,
            "newest_score_at": newest.get("createdDateTime"),
        }


TABLES: tuple[Table[GraphRun], ...] = (
    Table(
        "secure_scores",
        "One row per tenant and day: points reached and points possible, both of that day. A day may be"
        " missing.",
        "id",
        kinds(SCORES),
        _scores,
        newest="created_date_time",
    ),
    Table(
        "control_scores",
        "One row per control of a day's score; reached of total (users, devices, ...) where the vendor says"
        " so.",
        ("score_id", "control_category", "control_name"),
        kinds(CONTROLS),
        _controls,
        newest="created_date_time",
        fed_by=("secure_scores",),
    ),
    Table(
        "tenants",
        "One row per tenant of the settings: whether it was read in the last run, and why not.",
        "tenant",
        TENANTS,
        _tenants,
        write=EVERYTHING,
        whole=True,
        newest="newest_score_at",
        fed_by=("secure_scores",),
    ),
)


source = Source(SOURCE, MicrosoftCredentials, TABLES, connect, identify, diagnose, versions=only("v1.0"))

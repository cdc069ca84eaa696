"""HubSpot's small tables: owners, pipelines and stages, call outcomes, the warm list, the account."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from dlt_pipelines.core.records import at, plain, typed
from dlt_pipelines.core.source import EVERYTHING, ColumnType, Table, replaces_same
from dlt_pipelines.errors import Gone, NotAvailable, NotSetUp
from dlt_pipelines.sources.hubspot.api import paged, path, results
from dlt_pipelines.sources.hubspot.memory import HubSpotRun
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.paging import entries, expect
from foundation.calendar import local_date
from foundation.settings import Company

COLUMNS: dict[str, dict[str, ColumnType]] = {
    "owners": {
        "id": "text",
        "email": "text",
        "first_name": "text",
        "last_name": "text",
        "type": "text",
        "user_id": "text",
        "team_name": "text",
        "archived": "bool",
        "created_at": "timestamp",
        "updated_at": "timestamp",
    },
    "deal_pipelines": {"id": "text", "label": "text", "display_order": "bigint", "archived": "bool"},
    "deal_stages": {
        "pipeline_id": "text",
        "id": "text",
        "label": "text",
        "display_order": "bigint",
        "is_closed": "bool",
        "probability": "decimal",
        "last_seen_at": "timestamp",
    },
    "call_outcomes": {"id": "text", "label": "text"},
    "lists": {"id": "text", "name": "text", "size": "bigint", "processing_type": "text"},
    "list_members": {
        "snapshot_date": "date",
        "list_id": "text",
        "record_id": "text",
        "membership_timestamp": "timestamp",
    },
    "account": {"portal_id": "text", "time_zone": "text", "company_currency": "text", "ui_domain": "text"},
}
"""Columns of the small tables, whose rows are built here."""


def _rows(
    run: HubSpotRun, name: str, rows: Iterable[dict[str, Any]], key: str | tuple[str, ...] = "id"
) -> Iterator[Any]:
    """Rows that were built here, as the table they belong to."""
    yield from typed(
        f"hubspot.{name}", plain(COLUMNS[name]), [list(rows)], run.warn, key=key, may_lack=COLUMNS[name]
    )


def _owners(run: HubSpotRun) -> Iterator[dict[str, Any]]:
    for archived in ("false", "true"):
        for page in paged(
            run.client, path(run.company, "owners"), {"limit": 100, "archived": archived}, rows=results
        ):
            for row in page:
                teams = entries(row, "HubSpot owners", "teams", beside=row.keys())
                main = next((team for team in teams if team.get("primary")), teams[0] if teams else {})
                yield {
                    "id": row.get("id"),
                    "email": row.get("email"),
                    "first_name": row.get("firstName"),
                    "last_name": row.get("lastName"),
                    "type": row.get("type"),
                    "user_id": row.get("userId") or row.get("userIdIncludingInactive"),
                    "team_name": main.get("name"),
                    "archived": bool(row.get("archived")),
                    "created_at": row.get("createdAt"),
                    "updated_at": row.get("updatedAt"),
                }


def _pipeline_rows(run: HubSpotRun) -> list[dict[str, Any]]:
    return results(run.client.get_once(path(run.company, "pipelines", "deals")), "HubSpot deal pipelines")


def _pipelines(run: HubSpotRun) -> Iterator[dict[str, Any]]:
    for row in _pipeline_rows(run):
        archived = bool(row.get("archived"))
        yield {
            "id": row.get("id"),
            "label": row.get("label"),
            "display_order": row.get("displayOrder"),
            "archived": archived,
        }


def _stages(run: HubSpotRun) -> Iterator[dict[str, Any]]:
    for pipeline in _pipeline_rows(run):
        for row in entries(pipeline, "HubSpot deal pipelines", "stages"):
            yield {
                "pipeline_id": pipeline.get("id"),
                "id": row.get("id"),
                "label": row.get("label"),
                "display_order": row.get("displayOrder"),
                "is_closed": at(row, "metadata.isClosed"),
                "probability": at(row, "metadata.probability"),
                "last_seen_at": run.started_at,
            }


def outcomes(client: Client, company: Company) -> dict[str, str]:
    """Call outcome id -> label; none where the portal has no such property."""
    found = results(client.get_once(path(company, "properties", "calls")), "HubSpot properties of calls")
    outcome = next((row for row in found if row.get("name") == "hs_call_disposition"), None)
    options = entries(outcome, "HubSpot call outcomes", "options") if outcome else []
    return {str(option.get("value")): str(option.get("label")) for option in options}


def _outcomes(run: HubSpotRun) -> Iterator[dict[str, Any]]:
    for value, label in outcomes(run.client, run.company).items():
        yield {"id": value, "label": label}


def warm_list(client: Client, company: Company) -> dict[str, Any] | None:
    """The list that `hubspot.warm_list` names, as HubSpot describes it; None when none is configured or it
    does not exist."""
    name = company.hubspot.warm_list
    if not name:
        return None
    where = f"{path(company, 'lists')}/object-type-id/0-1/name/{urllib.parse.quote(name, safe='')}"
    try:
        return dict(expect(client.get_once(where), dict, f'HubSpot list "{name}"', "list"))
    except Gone:
        return None


def _warm_list(run: HubSpotRun) -> dict[str, Any]:
    """The configured warm list. Without it nobody knows who is on it: its tables keep what they had, and say
    so."""
    if found := run.memory.warm_list(lambda: warm_list(run.client, run.company)):
        return found
    if name := run.company.hubspot.warm_list:
        raise NotAvailable(
            f'HubSpot has no contact list named "{name}"; correct hubspot.warm_list in company.toml'
        )
    raise NotSetUp("hubspot.warm_list in company.toml names no contact list")


def _lists(run: HubSpotRun) -> Iterator[dict[str, Any]]:
    found = _warm_list(run)
    yield {
        "id": found.get("listId"),
        "name": found.get("name"),
        "size": found.get("size"),
        "processing_type": found.get("processingType"),
    }


def _members(run: HubSpotRun) -> Iterator[dict[str, Any]]:
    found = _warm_list(run)
    list_id, today, any_member = str(found["listId"]), local_date(run.started_at, run.company.zone), False
    for page in paged(
        run.client, f"{path(run.company, 'lists')}/{list_id}/memberships", {"limit": 250}, rows=results
    ):
        for row in page:
            any_member = True
            yield {
                "snapshot_date": today,
                "list_id": list_id,
                "record_id": row.get("recordId"),
                "membership_timestamp": row.get("membershipTimestamp"),
            }
    if not any_member:
        yield {"snapshot_date": today, "list_id": list_id, "record_id": None, "membership_timestamp": None}


def _account(run: HubSpotRun) -> Iterator[dict[str, Any]]:
    facts = expect(run.client.get_once(path(run.company, "account")), dict, "HubSpot account details")
    yield {
        "portal_id": facts.get("portalId"),
        "time_zone": facts.get("timeZone"),
        "company_currency": facts.get("companyCurrency"),
        "ui_domain": facts.get("uiDomain"),
    }


# ------------------------------------------------------------------ tables


def _table(
    name: str,
    grain: str,
    read: Callable[[HubSpotRun], Iterable[dict[str, Any]]],
    key: str | tuple[str, ...] = "id",
    named: str | tuple[str, ...] = "id",
    **more: Any,
) -> Table[HubSpotRun]:
    """A table that is read as a whole. `named`: the column that names a row in warnings, first; see
    `typed`."""

    def fetch(run: HubSpotRun) -> Iterator[Any]:
        return _rows(run, name, read(run), named)

    return Table(name, grain, key, COLUMNS[name], fetch, whole=True, **more)


TABLES: tuple[Table[HubSpotRun], ...] = (
    _table(
        "owners",
        "One row per owner (a HubSpot user), leavers included. Records name their owner by id.",
        _owners,
        newest="updated_at",
    ),
    _table(
        "deal_pipelines",
        "One row per deal pipeline; its stages are in deal_stages.",
        _pipelines,
        write=EVERYTHING,
    ),
    # merge without a scope: a stage that HubSpot no longer lists is kept, because old deals still name it
    _table(
        "deal_stages",
        "One row per stage of a deal pipeline, also after it was deleted (see last_seen_at). Won: closed with"
        " probability 1.",
        _stages,
        key=("pipeline_id", "id"),
        named=("id", "pipeline_id"),
        newest="last_seen_at",
    ),
    _table(
        "call_outcomes",
        "One row per call outcome: the options of hs_call_disposition.",
        _outcomes,
        write=EVERYTHING,
    ),
    _table(
        "lists",
        "The configured warm list; no row before one is configured and found.",
        _lists,
        write=EVERYTHING,
    ),
    _table(
        "list_members",
        "Members of the warm list, one snapshot per local day; a row with record_id null: the list was empty"
        " that day. HubSpot does not tell former members, so the snapshots are the only history.",
        _members,
        key=("snapshot_date", "list_id", "record_id"),
        named="list_id",
        write=replaces_same("snapshot_date", "list_id"),
        nullable=True,
        newest="membership_timestamp",
        is_snapshot=True,
    ),
    _table(
        "account",
        "The HubSpot account: one row.",
        _account,
        key="portal_id",
        named="portal_id",
        write=EVERYTHING,
    ),
)

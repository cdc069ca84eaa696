"""For administrators: the sources and their runs, what company.toml says, tokens, and the audit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from foundation.store import begin, read
from foundation.store.audit import audit_records, record
from foundation.store.sign_in import API, LINK, all_tokens, create_token, link_to, revoke_token
from foundation.text import read_text
from portal.dagster import DagsterError, launch, run_of
from portal.forms import sentence
from portal.web import Admin, Form, Visit, administrator
from reports.look.tokens import SOURCE_STATE

router = APIRouter(include_in_schema=False, dependencies=[Depends(administrator)])
BACKFILL_DAYS = 90
PER_PAGE = 100

_SOURCES = """
with troubles as (
    select
        source,
        list({'table': table_name, 'state': state, 'reason': reason} order by table_name) as troubles
    from marts.dim_source_tables where state in ('refused', 'failing', 'partial')
    group by source
)
select s.*, t.troubles
from marts.dim_sources as s left join troubles as t using (source)
order by list_position(['failing', 'late', 'partly_refused', 'ok', 'not_connected'], s.state), s.label
"""


@router.get("/sources")
def sources(visit: Admin) -> HTMLResponse:
    return _sources(visit)


def _sources(visit: Visit, error: str = "", status: int = 200) -> HTMLResponse:
    # administrators see the state of every system: a vendor's message about a table contains no line's figure
    rows = visit.portal.library.rows(_SOURCES)
    return visit.page(
        "sources.html",
        title="Sources",
        current="sources",
        status=status,
        error=error,
        sources=rows,
        words=SOURCE_STATE,
        dagster=visit.portal.settings.dagster_address,
        days=BACKFILL_DAYS,
    )


@router.post("/sources/{source}/{action}")
def start(visit: Admin, source: str, action: str, form: Form) -> Response:
    """Refresh a source, or pull its last 90 days again."""
    if action not in ("refresh", "backfill"):
        raise HTTPException(404)
    tables = [
        (row.source, row.table_name)
        for row in visit.portal.library.rows(
            "select source, table_name from marts.dim_source_tables where source = $source", source=source
        )
    ]
    if not tables:
        raise HTTPException(404)
    since = None
    if action == "backfill":
        first = visit.portal.today - timedelta(days=BACKFILL_DAYS)
        since = datetime.combine(first, time(), visit.portal.company.zone)
    try:
        run_id = launch(visit.portal.settings, action, tables, since=since)
    except DagsterError as error:
        return _sources(visit, sentence(error), 502)
    visit.note(f"started_{action}", source, run=run_id)
    return RedirectResponse(f"/runs/{run_id}", 303)


def _run(visit: Visit, run_id: str) -> Any:
    if not re.fullmatch(r"[0-9a-f-]{8,40}", run_id):
        raise HTTPException(404)
    try:
        found = run_of(visit.portal.settings, run_id)
    except DagsterError as error:
        raise HTTPException(502, sentence(error)) from None
    if found is None:
        raise HTTPException(404)
    return found


@router.get("/runs/{run_id}.json")
def run_as_json(visit: Admin, run_id: str) -> dict[str, Any]:
    """Return the state of a run, for programs of administrators."""
    summary: dict[str, Any] = _run(visit, run_id).summary()
    return summary


@router.get("/runs/{run_id}")
def run(visit: Admin, run_id: str) -> HTMLResponse:
    return visit.page(
        "run.html",
        title="Run",
        current="sources",
        run=_run(visit, run_id),
    )


# ---- settings ----


@router.get("/settings")
def settings(visit: Admin, done: str = "") -> HTMLResponse:
    """What company.toml says, each value with its line, and the tokens."""
    with read(visit.portal.settings) as connection:
        tokens = all_tokens(connection)
    return _settings(visit, tokens=tokens, done="Revoked." if done == "revoked" else "")


def _settings(
    visit: Visit, *, tokens: Any, secret: str = "", error: str = "", done: str = ""
) -> HTMLResponse:
    return visit.page(
        "settings.html",
        title="Settings",
        current="settings",
        status=422 if error else 200,
        values=list(lines_of_settings(read_text(visit.portal.settings.company_file))),
        file=visit.portal.settings.company_file.name,
        tokens=tokens,
        roles=[role.name for role in visit.portal.company.access.roles],
        secret=secret,
        error=error,
        done=done,
    )


def lines_of_settings(text: str) -> Iterator[tuple[int, str, str, str]]:
    """(line, section, key, value) of every value in a company.toml, without comments."""
    section, pending = "", ""
    start = 0
    for number, line in enumerate(text.splitlines(), 1):
        if not pending and (found := re.match(r"\s*\[+\s*([\w.]+)\s*\]+", line)):
            section = found[1]
            continue
        if not pending and not re.match(r'\s*["\w.-]+\s*=', line):
            continue
        if not pending:
            start = number
        pending += re.sub(r'\s+#(?=[^"]*$).*', "", line).strip() + " "
        if pending.count("[") > pending.count("]") or pending.count("{") > pending.count("}"):
            continue
        if pending.count('"""') == 1:
            continue
        key, _, value = pending.partition("=")
        yield start, section, key.strip(), value.strip()
        pending = ""


@router.post("/settings/tokens")
def new_token(visit: Admin, form: Form) -> HTMLResponse:
    """Create a token, and show it once."""
    name, role = form.get("name", "").strip(), form.get("role", "")
    kind = LINK if form.get("kind") == LINK else API
    settings = visit.portal.settings
    roles = {one.name: one for one in visit.portal.company.access.roles}
    with begin(settings) as connection:
        taken = any(one.name == name and one.revoked_at is None for one in all_tokens(connection))
        error = ""
        if not re.fullmatch(r"[\w .-]{1,60}", name):
            error = "A name has up to 60 letters, digits, spaces, '.', '_' or '-'."
        elif taken:
            error = f"There is a token {name!r} already; revoke it first."
        elif (found := roles.get(role)) is None:
            error = f"There is no role {role[:60]!r} in company.toml."
        elif secret_of_role := {*found.sections, *found.types} & visit.who.confidential - visit.who.sections:
            names = ", ".join(sorted(secret_of_role))
            error = (
                f"The role {role!r} reads {names}, which is confidential and which no role of yours names."
            )
        secret = ""
        if not error:
            made, secret = create_token(
                connection, name=name, role=role, created_by=visit.who.who, now=visit.now, kind=kind
            )
            details = {"name": name, "role": role, "kind": kind}
            record(
                connection,
                at=visit.now,
                who=visit.who.who,
                action="made_token",
                subject=made.token_id,
                details=details,
            )
        tokens = all_tokens(connection)
    if secret and kind == LINK:
        secret = link_to(visit.portal.url, secret)
    return _settings(visit, tokens=tokens, secret=secret, error=error)


@router.post("/settings/tokens/{token_id}/revoke")
def end_token(visit: Admin, token_id: str, form: Form) -> RedirectResponse:
    with begin(visit.portal.settings) as connection:
        if not revoke_token(connection, token_id, by=visit.who.who, now=visit.now):
            raise HTTPException(404)
        record(connection, at=visit.now, who=visit.who.who, action="revoked_token", subject=token_id)
    return RedirectResponse("/settings?done=revoked", 303)


@router.get("/audit")
def audit(visit: Admin, before: Annotated[int | None, Query(ge=1, le=2**62)] = None) -> HTMLResponse:
    """Who did what, the newest first. What was typed for a line, only to those who may see the line."""
    with read(visit.portal.settings) as connection:
        records = audit_records(connection, most=PER_PAGE + 1, before=before)
    hidden = visit.portal.library.lines().keys() - visit.view.lines.keys()
    shown = [replace(one, details={}) if one.subject in hidden else one for one in records[:PER_PAGE]]
    return visit.page(
        "audit.html",
        title="Audit",
        current="audit",
        records=shown,
        more=shown[-1].sequence if len(records) > PER_PAGE else None,
    )

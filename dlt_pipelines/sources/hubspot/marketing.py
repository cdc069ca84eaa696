"""HubSpot's marketing side: tables of the source `hubspot` that an account has or has not, each on its own.
Web analytics: traffic.py.

forms           GET /marketing/forms               -> raw_hubspot.forms               merge on id
submissions     GET /form-integrations/v1/submissions/forms/{id}
                -> raw_hubspot.form_submissions    merge on form and conversion
marketing mails GET /marketing/emails?includeStats=true
                -> raw_hubspot.marketing_mails     merge on id
                -> raw_hubspot.marketing_mail_stats   counters, one dated snapshot a day

Forms and mails are listed in full by every run (a request per hundred: opens move no modified date, so only a
full list shows new counters); one that is no longer listed is archived. The archived ones are listed when
everything is, once a week. Submissions come newest first without a date filter: of each form the pages are
read down to a day before the form's last reading, one request a form on a quiet day. What a visitor typed
stays in HubSpot but for the e-mail address; page addresses lose query and fragment. Counters are kept by day
for mails of the last 90 days and for those that are sent on and on; for all others once a week.

Missing scopes, a plan without Marketing Hub, or an old endpoint that HubSpot has switched off: that table is
"not available", the others load. A counter or a count that HubSpot leaves out is null, not zero.

UNCONFIRMED: what replaces the submissions endpoint, so it has no dated path; forms have a dated path in beta
only, and where that is refused the numbered one is asked. Whether old submissions can be paged to the end:
where a later page is refused, what came is kept and the table is complete from the oldest submission on. No
limits of these endpoints are published besides the app's burst, so each kind has a lane with few requests at
once.
"""

from __future__ import annotations

import hashlib
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import dlt

from dlt_pipelines.core.once import Once
from dlt_pipelines.core.records import Batches, Fields, Promised, at, kinds, sound, typed
from dlt_pipelines.core.run import snapshot_day
from dlt_pipelines.core.source import ColumnType, Finding, Table, replaces_same
from dlt_pipelines.core.values import parse
from dlt_pipelines.doctor.findings import readable
from dlt_pipelines.errors import Gone, NotAvailable
from dlt_pipelines.sources.hubspot import traffic
from dlt_pipelines.sources.hubspot.api import (
    FULL_DAYS,
    SOURCE,
    optional,
    paged,
    parsed_instant,
    path,
    results,
)
from dlt_pipelines.sources.hubspot.memory import HubSpotRun
from dlt_pipelines.wire.budget import Limit
from dlt_pipelines.wire.client import Client
from foundation.settings import Company

PATHS = ("/marketing/", "/form-integrations/", "/analytics/")
"""What an account may lack: a 403 there concerns one table, whatever its text."""

AGAIN = timedelta(days=1)
"""How far before the form's last reading submissions are read again."""
MOVING = timedelta(days=90)
"""So long the counters of a mail keep moving after it was sent."""
FORMS: Fields = {
    "id": ("id", "text"),
    "name": ("name", "text"),
    "form_type": ("formType", "text"),
    "archived": ("archived", "bool"),
    "archived_at": ("archivedAt", "timestamp"),
    "created_at": ("createdAt", "timestamp"),
    "updated_at": ("updatedAt", "timestamp"),
}
SUBMISSION: dict[str, ColumnType] = {
    "form_id": "text",
    "conversion_id": "text",
    "submitted_at": "timestamp",
    "email": "text",
    "page_url": "text",
}
MAILS: Fields = {
    "id": ("id", "text"),
    "name": ("name", "text"),
    "subject": ("subject", "text"),
    "state": ("state", "text"),
    "type": ("type", "text"),
    "subcategory": ("subcategory", "text"),
    "is_published": ("isPublished", "bool"),
    "published_at": ("publishedAt", "timestamp"),
    "planned_at": ("publishDate", "timestamp"),
    "campaign_id": ("primaryEmailCampaignId", "text"),
    "archived": ("archived", "bool"),
    "archived_at": ("archivedAt", "timestamp"),
    "created_at": ("createdAt", "timestamp"),
    "updated_at": ("updatedAt", "timestamp"),
}
COUNTERS = {
    "sent": "sent",
    "delivered": "delivered",
    "opened": "open",
    "clicked": "click",
    "replied": "reply",
    "bounced": "bounce",
    "hard_bounced": "hardbounced",
    "soft_bounced": "softbounced",
    "dropped": "dropped",
    "unsubscribed": "unsubscribed",
    "spam_reported": "spamreport",
    "selected": "selected",
    "suppressed": "suppressed",
    "pending": "pending",
    "contacts_lost": "contactslost",
    "not_sent": "notsent",
}
STATS: Fields = {
    "mail_id": ("id", "text"),
    "snapshot_date": ("snapshot_date", "date"),
    **{column: (f"stats.counters.{name}", "bigint") for column, name in COUNTERS.items()},
}
_MAY_LACK = frozenset(
    {
        "archived_at",
        "published_at",
        "planned_at",
        "subcategory",
        "campaign_id",
        *COUNTERS,
    }
)


def lanes(*shared: Limit) -> dict[str, tuple[Limit, ...]]:
    """Lanes of these endpoints inside the app's burst, so that they never crowd out the records."""
    return {
        "forms": (*shared, Limit(4, 0)),
        "mails": (*shared, Limit(2, 0)),
        "analytics": (*shared, Limit(1, 0)),
    }


class _Catalogue:
    """Forms or marketing mails: the live ones of every run and, once a week, the archived ones."""

    def __init__(
        self,
        run: HubSpotRun,
        name: str,
        made: Once[list[dict[str, Any]]],
        fetch: Callable[[HubSpotRun, bool], list[dict[str, Any]]],
    ) -> None:
        self.run, self.name, self._made, self._fetch = run, name, made, fetch
        self.cursor = run.state.get("objects", {}).get(name, {})
        self.full = run.due(self.cursor.get("archived_at"), FULL_DAYS)
        """Whether the archived ones are listed too."""

    def rows(self) -> list[dict[str, Any]]:
        """Fetched once, whichever table asks first."""
        return self._made(
            lambda: [
                row | {"archived": bool(row.get("archived"))} for row in self._fetch(self.run, self.full)
            ]
        )

    def tables(self, fields: Fields) -> Iterator[Any]:
        """The table of all of them."""
        yield from typed(f"hubspot.{self.name}", fields, [self.rows()], self.run.warn, may_lack=_MAY_LACK)
        if not self.run.backfill:
            now = self.run.started_at.isoformat()
            live = sum(not row["archived"] for row in self.rows())
            self.run.listed(self.name, "archived_at", rows=live)
            new = {"archived_at": now if self.full else self.cursor["archived_at"]}
            dlt.current.source_state().setdefault("objects", {})[self.name] = new


def _forms_of(run: HubSpotRun) -> _Catalogue:
    return _Catalogue(run, "forms", run.memory.forms, _forms)


def _mails_of(run: HubSpotRun) -> _Catalogue:
    return _Catalogue(run, "marketing_mails", run.memory.mails, _mails)


def _list(
    run: HubSpotRun, where: str, params: Mapping[str, Any], archived: bool, lane: str
) -> list[dict[str, Any]]:
    return [
        row
        for value in ("false", "true")
        if archived or value == "false"
        for page in paged(
            run.client, where, {**params, "limit": 100, "archived": value}, lane=lane, rows=results
        )
        for row in page
    ]


def _forms(run: HubSpotRun, archived: bool) -> list[dict[str, Any]]:
    where, numbered = path(run.company, "forms"), path(run.company, "forms", version="v3")
    with optional("forms"):
        try:
            return _list(run, where, {"formTypes": "all"}, archived, "forms")
        except Gone:
            if where == numbered:
                raise
            return _list(run, numbered, {"formTypes": "all"}, archived, "forms")


def _mails(run: HubSpotRun, archived: bool) -> list[dict[str, Any]]:
    where = path(run.company, "mails")
    with optional("marketing mails"):
        try:
            return _list(run, where, {"includeStats": "true"}, archived, "mails")
        except NotAvailable as error:
            # the plan may show the mails without their numbers
            found = _list(run, where, {}, archived, "mails")
            run.warn(f"statistics of marketing mails are left out: {error}")
            return found


def _stats(run: HubSpotRun) -> Iterator[Any]:
    mails = _mails_of(run)
    sent = [row for row in mails.rows() if at(row, "isPublished")]
    counted = [row for row in sent if isinstance(row.get("stats"), dict)]
    if sent and not counted:
        raise NotAvailable(
            "HubSpot gives this account no statistics of marketing mails (the plan, or a missing scope)"
        )
    day = snapshot_day(run, "marketing_mail_stats")
    moving = [row for row in counted if mails.full or _moves(row, run.started_at)]
    pages = [[row | {"snapshot_date": day} for row in moving]]
    yield from typed(
        "hubspot.marketing_mail_stats",
        STATS,
        pages,
        run.warn,
        key=("mail_id", "snapshot_date"),
        may_lack=_MAY_LACK,
    )


def _moves(row: Mapping[str, Any], now: datetime) -> bool:
    """Whether the counters of a mail may still change: sent lately, or automated."""
    sent_at = parse("timestamp", row.get("publishedAt"), "", lambda _: None)
    return sent_at is None or now - sent_at <= MOVING or str(row.get("type")) != "BATCH_EMAIL"


def _submissions(run: HubSpotRun) -> Iterator[Any]:
    known: Mapping[str, str] = run.state.get("submissions", {})
    batches = Batches("hubspot.form_submissions", SUBMISSION, run.warn, key=("conversion_id", "form_id"))
    promised = Promised(("submittedAt", "values"))
    reached: dict[str, str] = {}
    refused: Gone | None = None
    for form in sound("hubspot.form_submissions", _forms_of(run).rows(), "id", run.warn):
        form_id = str(form["id"])
        last = parsed_instant(known.get(form_id))
        since = run.window.since if run.backfill else last - AGAIN if last else None
        oldest: datetime | None = None
        try:
            for page in paged(
                run.client,
                path(run.company, "submissions", urllib.parse.quote(form_id, safe="")),
                {"limit": 50},
                lane="forms",
                rows=results,
            ):
                promised.look(page)
                rows = [_submission(form_id, row) for row in page]
                wanted = [
                    row
                    for row in rows
                    if not since or not isinstance(when := row["submitted_at"], datetime) or when >= since
                ]
                batches.add({column: [row[column] for row in wanted] for column in SUBMISSION})
                yield from promised.kept(batches.full())
                instants = [when for row in rows if isinstance(when := row["submitted_at"], datetime)]
                oldest = min([*instants, oldest] if oldest else instants, default=None)
                if since and oldest and oldest < since:
                    break
        except Gone as error:
            if oldest is None:
                refused = error
                run.warn(f"submissions of the form {form_id} are left out: {error}", lacks="form_submissions")
                continue
            run.warn(f"submissions of the form {form_id} before {oldest.isoformat()} cannot be read: {error}")
            run.complete_from["form_submissions"] = max(
                oldest, run.complete_from.get("form_submissions", oldest)
            )
        reached[form_id] = run.started_at.isoformat()
    if refused and not reached:
        raise NotAvailable(f"HubSpot does not offer form submissions to this account: {refused}")
    yield from promised.kept(batches.rest())
    if not run.backfill:
        dlt.current.source_state()["submissions"] = {**known, **reached}


def _submission(form_id: str, row: Mapping[str, Any]) -> dict[str, Any]:
    values = [value for value in row.get("values") or () if isinstance(value, dict)]
    email = (
        next((str(value.get("value") or "") for value in values if value.get("name") == "email"), "")
        .strip()
        .lower()
    )
    page = str(row.get("pageUrl") or "").partition("#")[0].partition("?")[0]
    said = f"{row.get('submittedAt')}/{email}/{page}"
    found = row.get("conversionId") or hashlib.sha256(said.encode()).hexdigest()
    submitted_at = parse("timestamp", row.get("submittedAt"), "", lambda _: None)
    return {
        "form_id": form_id,
        "conversion_id": str(found),
        "submitted_at": submitted_at or row.get("submittedAt"),  # what cannot be read, the batch names
        "email": email or None,
        "page_url": page or None,
    }


TABLES: tuple[Table[HubSpotRun], ...] = (
    Table(
        "forms",
        "One row per form, archived ones too.",
        "id",
        kinds(FORMS),
        lambda run: _forms_of(run).tables(FORMS),
        newest="updated_at",
    ),
    Table(
        "form_submissions",
        "One row per submission of a form: when, on which page, and the e-mail address that names the"
        " contact, in lower case.",
        ("form_id", "conversion_id"),
        SUBMISSION,
        _submissions,
        newest="submitted_at",
    ),
    Table(
        "marketing_mails",
        "One row per marketing mail, drafts and archived ones too. published_at is when it went out;"
        " planned_at says nothing about that, drafts have it as well.",
        "id",
        kinds(MAILS),
        lambda run: _mails_of(run).tables(MAILS),
        newest="updated_at",
    ),
    Table(
        "marketing_mail_stats",
        "Counters of a published marketing mail since it was sent, as they stood on a day; every mail at"
        " least once a week.",
        ("snapshot_date", "mail_id"),
        kinds(STATS),
        _stats,
        write=replaces_same("snapshot_date", "mail_id"),
        is_snapshot=True,
    ),
    traffic.TABLE,
)


def diagnose(client: Client, company: Company, today: date) -> Iterator[Finding]:
    """Yield what the account may read of marketing. None of it is required, so a missing permission is
    information."""
    found: list[dict[str, Any]] = []

    def forms() -> None:
        with optional("forms"):
            found.extend(
                results(client.get(path(company, "forms"), {"limit": 1}, lane="forms"), "HubSpot forms")
            )

    def submissions() -> None:
        with optional("form submissions"):
            client.get(path(company, "submissions", found[0]["id"]), {"limit": 1}, lane="forms")

    def mails() -> None:
        with optional("marketing mails"):
            client.get(path(company, "mails"), {"limit": 1, "includeStats": "true"}, lane="mails")

    def web_analytics() -> None:
        traffic.read_days(client, company, today, today)

    for what, call, scope, plan in (
        ("forms", forms, "forms", ""),
        ("form submissions", submissions, "forms", ""),
        ("marketing mails", mails, "marketing.email.read", "; the statistics need Marketing Hub"),
        ("web analytics", web_analytics, "business-intelligence", "; it needs Marketing Hub"),
    ):
        if what == "form submissions" and not found:
            continue
        line = readable(
            SOURCE,
            what,
            call,
            f"Add the scope {scope} to the key if you want it{plan}. Nothing else depends on it.",
        )
        yield replace(line, level="info") if line.level == "fail" else line

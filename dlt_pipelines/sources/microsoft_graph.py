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

import threading
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import dlt
from pydantic import Field, SecretStr, field_validator

from dlt_pipelines.core.api_versions import only
from dlt_pipelines.core.records import Fields, as_json, instant, kinds, plain, typed
from dlt_pipelines.core.run import Run
from dlt_pipelines.core.source import EVERYTHING, ColumnType, Source, Table
from dlt_pipelines.doctor.findings import Finding
from dlt_pipelines.errors import NotAvailable, PermanentError, SourceError, TransientError, Unexpected
from dlt_pipelines.wire.bearer import Bearer
from dlt_pipelines.wire.budget import Budget, Limit
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.connection import Connection
from dlt_pipelines.wire.credentials import Credentials
from dlt_pipelines.wire.messages import Answer, Retry
from dlt_pipelines.wire.paging import entries, expect, listed, once
from foundation.settings import Company, Settings
from foundation.settings.types import WebAddress, checked_id

SOURCE = "microsoft_graph"
CLOUDS = {
    "global": ("https://login.microsoftonline.com", "https://graph.microsoft.com"),
    "us_government": ("https://login.microsoftonline.us", "https://graph.microsoft.us"),
    "us_government_dod": ("https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
    "china": ("https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"),
}
"""Cloud -> where tokens are given, where Graph is."""
KEPT = 90
"""Days that the vendor keeps."""
PAGE = 30
AGAIN = 7
"""Days that may still be recalculated."""
STALE = timedelta(days=3)
IN_A_ROW = 3
"""After this many tenants without an answer Microsoft itself is taken to be down."""

SCORES: Fields = {
    "id": ("id", "text"),
    "tenant_id": ("azureTenantId", "text"),
    "created_date_time": ("createdDateTime", "timestamp"),
    "current_score": ("currentScore", "decimal"),
    "max_score": ("maxScore", "decimal"),
    "active_user_count": ("activeUserCount", "bigint"),
    "licensed_user_count": ("licensedUserCount", "bigint"),
    "enabled_services": ("enabledServices", "text"),
    "comparative_scores": ("averageComparativeScores", "text"),
}
"""The two last ones are JSON."""
CONTROLS: Fields = {
    "score_id": ("score_id", "text"),
    "control_category": ("controlCategory", "text"),
    "control_name": ("controlName", "text"),
    "tenant_id": ("tenant_id", "text"),
    "created_date_time": ("created", "timestamp"),
    "score": ("score", "decimal"),
    "reached": ("count", "bigint"),
    "total": ("total", "bigint"),
}
_OPEN = ("reached", "total")
"""Of the open part of the type: many controls have neither."""

Record = dict[str, Any]


class MicrosoftCredentials(Credentials):
    """One app registration for all tenants. The tenants are no secret: they are part of every row."""

    tenant_id: str = Field(alias="MICROSOFT_TENANT_ID")
    client_id: SecretStr = Field(alias="MICROSOFT_CLIENT_ID")
    client_secret: SecretStr = Field(alias="MICROSOFT_CLIENT_SECRET")
    base_url: WebAddress | None = Field(None, alias="MICROSOFT_GRAPH_BASE_URL")

    @field_validator("tenant_id")
    @classmethod
    def _tenants(cls, value: str) -> str:
        for tenant in value.split(","):
            if tenant.strip():
                checked_id(tenant.strip())
        return value


APP_WAY_OUT = (
    "Check MICROSOFT_CLIENT_ID and MICROSOFT_CLIENT_SECRET (Entra, App registrations, Certificates &"
    " secrets); secrets expire."
)
CONSENT = (
    "An administrator of that tenant must consent to the app with the application permission"
    " SecurityEvents.Read.All; check the tenant's id as well."
)


class AppRefused(PermanentError):
    """The app's own id or secret is refused: no tenant can be read with it."""


@dataclass
class Reading:
    """What one tenant gave: its records, or why there are none."""

    records: list[Record] = field(default_factory=list)
    refused: str | None = None
    is_busy: bool = False
    """Refused for now: the tenant did not answer."""


@dataclass(kw_only=True, eq=False)
class Tenants(Connection):
    """A client per tenant, each with its own token, under one budget. A run sees them as one connection."""

    clients: Mapping[str, Client]
    names: Mapping[str, str]
    """Tenant -> what a person calls it, where company.toml says so."""
    app: str
    """The id of the app registration."""
    _readings: dict[str, Reading] | SourceError | None = field(default=None, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    @property
    def waited_seconds(self) -> float:
        return next(iter(self.clients.values())).waited_seconds

    def stop(self, error: Exception) -> None:
        for client in self.clients.values():
            client.stop(error)

    def clock(self) -> datetime | None:
        return next(iter(self.clients.values())).clock()

    def name(self, tenant: str) -> str:
        """How a person would call the tenant."""
        return f"{self.names[tenant]} ({tenant})" if tenant in self.names else tenant

    def readings(self, run: _Run) -> dict[str, Reading]:
        """Tenant -> what it gave in this run; the first table that needs it asks, the others get the same.

        Raises:
            PermanentError: the app is refused, or every tenant refuses.
            TransientError: Microsoft is busy or out of reach.
        """
        with self._lock:
            if self._readings is None:
                try:
                    self._readings = self._read_all(run)
                except SourceError as error:
                    self._readings = error
            if isinstance(self._readings, SourceError):
                raise self._readings
            refused = [
                f"{self.name(tenant)}: {reading.refused}"
                for tenant, reading in self._readings.items()
                if reading.refused
            ]
            if len(refused) == len(self._readings):
                is_busy = any(reading.is_busy for reading in self._readings.values())
                raise (TransientError if is_busy else PermanentError)("; ".join(refused))
            for text in refused:
                run.warn(f"Microsoft Graph: {text} The other tenants were read.")
            return self._readings

    def _read_all(self, run: _Run) -> dict[str, Reading]:
        found: dict[str, Reading] = {}
        for tenant in self.clients:
            found[tenant] = self._read(run, tenant)
            newest = list(found.values())[-IN_A_ROW:]
            if len(newest) == IN_A_ROW and all(reading.is_busy for reading in newest):
                raise TransientError(f"{IN_A_ROW} tenants in a row did not answer: {newest[-1].refused}")
        return found

    def _read(self, run: _Run, tenant: str) -> Reading:
        last = run.state.get("tenants", {}).get(tenant)
        since = run.started_at - datetime.fromisoformat(last) if last else timedelta(days=KEPT)
        days = KEPT if run.backfill else min(KEPT, since.days + AGAIN)
        try:
            pages = listed(
                lambda: score_pages(self.clients[tenant], tenant, days),
                "Microsoft Graph secure scores",
                most=2 * KEPT,
            )
            records = [record for page in pages for record in page]
        except AppRefused:
            raise
        except SourceError as error:
            return Reading(
                refused=str(error).removeprefix("Microsoft Graph: "),
                is_busy=isinstance(error, TransientError),
            )
        return Reading(
            [
                record
                for record in records
                if not run.backfill or _inside(record, run.window.since, run.window.until)
            ]
        )


_Run = Run[Tenants]


@connects(MicrosoftCredentials, SOURCE)
def connect(access: Access[MicrosoftCredentials]) -> Tenants:
    """A client per tenant. No token is fetched yet.

    Raises:
        PermanentError: MICROSOFT_TENANT_ID names no tenant.
    """
    credentials, section = access.credentials, access.company.microsoft_graph
    chosen = [part.strip() for part in credentials.tenant_id.split(",")]
    tenants = list(dict.fromkeys([tenant for tenant in chosen if tenant] + list(section.tenants)))
    if not tenants:
        raise PermanentError(
            "MICROSOFT_TENANT_ID names no tenant. Set it to a tenant's id or domain, or to several, separated"
            " by commas."
        )
    login_url, graph_url = CLOUDS[section.cloud]
    # 4 at once and 10,000 in 10 minutes for the app, 150 a minute in each tenant; tokens one by one
    shared = (Limit(4, 0), Limit(10_000, 600))
    budget = Budget({"": (Limit(1, 0),), **{tenant: (*shared, Limit(150, 60)) for tenant in tenants}})
    login = Client(
        replace(access.vendor("Microsoft Graph", login_url), budget=budget, judge=_judge_token),
        counters=access.counters,
    )
    form = {
        "client_id": credentials.client_id.get_secret_value(),
        "client_secret": credentials.client_secret.get_secret_value(),
        "scope": f"{graph_url}/.default",
        "grant_type": "client_credentials",
    }
    vendor = access.vendor("Microsoft Graph", graph_url, CONSENT)
    vendor = replace(vendor, base_url=f"{vendor.base_url}/v1.0", budget=budget, judge=_judge)

    def client(tenant: str) -> Client:
        def token() -> tuple[str, float]:
            answer = login.form(f"/{urllib.parse.quote(tenant, safe='')}/oauth2/v2.0/token", form)
            what = "Microsoft Graph token"
            return expect(answer, str, what, "access_token"), float(
                expect(answer, (int, float), what, "expires_in")
            )

        return Client(replace(vendor, auth=Bearer(token, access.redact)), counters=access.counters)

    return Tenants(
        place=access.place,
        redact=access.redact,
        counters=access.counters,
        clients={tenant: client(tenant) for tenant in tenants},
        names=section.tenants,
        app=form["client_id"],
    )


def _judge_token(answer: Answer) -> SourceError | None:
    body = answer.json()
    if answer.status not in (400, 401, 403) or not isinstance(body, dict):
        return None
    text = f"{body.get('error')}: {answer.redact.cut(body.get('error_description') or answer.start, 300)}"
    if body.get("error") == "invalid_client":
        return AppRefused(f"the credentials are not accepted ({text}). {APP_WAY_OUT}")
    return NotAvailable(f"no access to this tenant ({text}). {CONSENT}")


def _judge(answer: Answer) -> Retry | SourceError | None:
    if answer.status != 403:
        return None
    body = answer.json()
    error = body.get("error") if isinstance(body, dict) else None
    text = error.get("message") if isinstance(error, dict) else None
    return NotAvailable(
        f"the app may not read the secure scores of this tenant (403): {text or answer.start}. {CONSENT}"
    )


def identify(client: Tenants) -> str:
    """The app registration behind the credentials; the tenants it reads are part of every row."""
    return f"app ending in {client.app[-6:]}"


def score_pages(client: Client, tenant: str, days: int) -> Iterator[list[Record]]:
    """Pages of the newest `days` records of a tenant (more where a page holds more)."""
    path, seen = f"/security/secureScores?$top={min(days, PAGE)}", set[str]()
    what = "Microsoft Graph secure scores"
    while True:
        answer = client.get(path, lane=tenant, complaint=once(partial(_odd_page, seen)))
        records = expect(answer, list, what, "value")
        seen |= {str(expect(record, dict, what).get("id")) for record in records}
        if records:
            yield records
        link = answer.get("@odata.nextLink")
        if not link or len(seen) >= days:
            return
        path = _below(client, str(link))


def _odd_page(seen: set[str], answer: Any) -> str | None:
    """What is wrong with a page, in itself or after the pages before it."""
    records = answer.get("value") if isinstance(answer, dict) else None
    if not isinstance(records, list):
        return None
    if not records and (answer.get("@odata.nextLink") or seen):
        return "a page without rows in the middle of a list"
    if seen and all(isinstance(record, dict) and str(record.get("id")) in seen for record in records):
        return "the page before once more"
    return None


def _below(client: Client, link: str) -> str:
    """The next link as a path below the client's address: the token goes to no other host."""
    base, parts = urllib.parse.urlsplit(client.vendor.base_url), urllib.parse.urlsplit(link)
    if (parts.scheme, parts.netloc.lower()) != (
        base.scheme,
        base.netloc.lower(),
    ) or not parts.path.startswith(f"{base.path}/"):
        raise PermanentError(
            f"the next page is said to be at {parts.scheme}://{parts.netloc}, which is not Graph's; nothing"
            " is sent there"
        )
    return f"{parts.path.removeprefix(base.path)}?{parts.query}"


def _made(record: Record) -> datetime:
    """When a score was made; long ago where that cannot be read."""
    try:
        return instant(record.get("createdDateTime"))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def _inside(record: Record, since: datetime | None, until: datetime | None) -> bool:
    made = _made(record)
    if made.year == 1:
        return True
    return (since is None or made >= since) and (until is None or made <= until)


def _scores(run: _Run) -> Iterator[Any]:
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


def _controls(run: _Run) -> Iterator[Any]:
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
        "microsoft_graph.control_scores", CONTROLS, pages(), run.warn, key=tuple(CONTROLS)[:3], may_lack=_OPEN
    )


def _control_scores(run: _Run, record: Record) -> list[Record]:
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


def _tenants(run: _Run) -> Iterator[Any]:
    yield from typed(
        "microsoft_graph.tenants",
        plain(TENANTS),
        [list(_tenant_rows(run))],
        run.warn,
        key="tenant",
        may_lack=TENANTS,
    )


def _tenant_rows(run: _Run) -> Iterator[Record]:
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


TENANTS: dict[str, ColumnType] = {
    "tenant": "text",
    "tenant_id": "text",
    "name": "text",
    "is_read": "bool",
    "reason": "text",
    "newest_score_at": "timestamp",
}


TABLES: tuple[Table[_Run], ...] = (
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


def diagnose(client: Tenants, settings: Settings, company: Company) -> Iterator[Finding]:
    """Per tenant: whether it gives a token and its scores, and how old the newest one is."""
    for tenant, one in client.clients.items():
        check = f"tenant {tenant}"
        try:
            records = next(score_pages(one, tenant, 1), [])
        except NotAvailable as error:
            yield Finding(SOURCE, check, "fail", f"{client.name(tenant)}: {error}", CONSENT)
            continue
        if not records:
            yield Finding(
                SOURCE,
                check,
                "info",
                f"{client.name(tenant)} has no secure score (no licence that gives one?)",
            )
            continue
        made = max(_made(record) for record in records)
        old = settings.now() - made
        yield Finding(
            SOURCE,
            check,
            "warn" if old > STALE else "ok",
            f"{client.name(tenant)}: newest score of {made.date()}",
            (
                "Microsoft leaves days out at times; look at the tenant's Secure Score page and wait."
                if old > STALE
                else ""
            ),
        )


source = Source(SOURCE, MicrosoftCredentials, TABLES, connect, identify, diagnose, versions=only("v1.0"))

"""What the suite of troubles (`test_troubles.py`) must know of each source, and cannot find out by itself.
One entry a source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

from pydantic import SecretStr

from dlt_pipelines.registry import SOURCES
from sandbox import SANDBOX_CREDENTIALS


def secrets() -> dict[str, str]:
    """Environment name -> the sandbox's value, of every credential that its source declares a secret: an
    account's name is none."""
    open_ones = {
        field.alias
        for entry in SOURCES.values()
        if (credentials := entry.source.credentials)
        for field in credentials.model_fields.values()
        if SecretStr not in (field.annotation, *get_args(field.annotation))
    }
    return {name: value for name, value in SANDBOX_CREDENTIALS.items() if name not in open_ones}


@dataclass(frozen=True)
class Case:
    """How to trouble one source."""

    tables: frozenset[str]
    """A few tables that load quickly; the troubles hit them."""
    listing: str
    """Regular expression of the path (below the vendor's prefix) that lists the first of them: at least one
    call, better three."""
    pages: bool = True
    """Whether the listing takes several calls for Cedar Ridge."""
    expired: int | None = None
    """Status with which the vendor refuses a page token that has run out; None: it has no page tokens."""
    field: str = ""
    """Field of the listing's rows (dots lead deeper) that holds a number, an instant or a truth; `column` is
    where it is stored."""
    column: str = ""
    junk: Any = "twelve"
    """What that field holds after it changed its type."""
    keyed: str = ""
    """Regular expression of the paths that need credentials; empty: all."""
    renews: bool = False
    """Whether a 401 in the middle of a run is answered with a new token."""
    detail: str = ""
    """Regular expression of a path that reads one object of many; empty: there is none."""
    snapshots: frozenset[str] = frozenset()
    """Tables of dated snapshots or of what the vendor says today: a run on another day has other rows."""
    daily: bool = False
    """Whether a 429 means that the day's requests are used up, so that nothing more is asked."""
    limits: tuple[tuple[str, int, float], ...] = ()
    """The vendor's published limits: (regular expression of paths that count, most requests, in this many
    seconds)."""


DATABASES = ("company_warehouse", "mongodb")
"""Sources that speak no HTTP: the sandbox's faults do not reach them, their own troubles are in
test_figures.py."""

CASES: dict[str, Case] = {
    "hubspot": Case(
        tables=frozenset({"calls", "owners"}),
        listing="objects/2026-09/calls",
        expired=400,
        field="properties.hs_call_duration",
        column="hs_call_duration",
        snapshots=frozenset({"list_members"}),
        limits=(("", 100, 10.0), ("search", 5, 1.0)),
    ),
    "autotask": Case(
        tables=frozenset({"tickets", "resources"}),
        listing="Tickets/query",
        field="createDate",
        column="create_date",
        keyed="V1.0/(?!zone)",
        limits=(("", 10_000, 3600.0),),
    ),
    "microsoft_graph": Case(
        tables=frozenset({"secure_scores", "tenants"}),
        listing="security/secureScores",
        expired=410,
        field="currentScore",
        column="current_score",
        renews=True,
        limits=(("security", 150, 60.0),),
    ),
    "billcom": Case(
        tables=frozenset({"bills", "vendors"}),
        listing="v3/bills$",
        expired=400,
        field="dueAmount",
        column="due_amount",
        renews=True,
        limits=(("", 20_000, 3600.0), ("login$", 200, 3600.0)),
    ),
    "smartlead": Case(
        tables=frozenset({"campaigns", "campaign_stats", "sends"}),
        listing="/statistics",
        field="open_count",
        column="open_count",
        detail=r"campaigns/\d+/analytics",
        snapshots=frozenset({"campaign_stats"}),
        limits=(("", 10, 2.0), ("", 60, 60.0), ("", 1_000, 3600.0)),
    ),
    "zendesk": Case(
        tables=frozenset({"tickets", "agents"}),
        listing="incremental/tickets/cursor",
        expired=400,
        field="created_at",
        column="created_at",
        snapshots=frozenset({"open_tickets"}),
        limits=(("incremental", 10, 60.0), ("", 200, 60.0)),
    ),
    "google_ads": Case(
        tables=frozenset({"spend", "campaigns"}),
        listing="searchStream",
        field="metrics.costMicros",
        column="spend",
        renews=True,
        limits=(("customers", 2_880, 86_400.0),),
    ),
    "meta_ads": Case(
        tables=frozenset({"spend", "campaigns"}),
        listing=r"act_\d+/insights",
        expired=400,
        field="spend",
        column="spend",
        limits=(("insights", 600, 3600.0),),
    ),
    "linkedin_ads": Case(
        tables=frozenset({"spend", "campaigns"}),
        listing="adAnalytics",
        field="impressions",
        column="impressions",
        renews=True,
    ),
    "datto_rmm": Case(
        tables=frozenset({"devices", "sites"}),
        listing="account/devices",
        field="patchManagement.patchesApprovedPending",
        column="patches_approved_pending",
        renews=True,
        snapshots=frozenset({"devices", "sites"}),
        limits=(("api/", 600, 60.0),),
    ),
    "quickbooks": Case(
        tables=frozenset({"invoices"}),
        listing="/query$",
        field="TotalAmt",
        column="total_amount",
        renews=True,
        limits=(("v3/company", 500, 60.0), ("v3/company", 10, 1.0)),
    ),
    "simplefin": Case(
        tables=frozenset({"transactions", "balances"}),
        listing="/accounts$",
        pages=False,
        field="balance",
        column="balance",
        daily=True,
        snapshots=frozenset({"balances"}),
        limits=(("accounts", 24, 86_400.0),),
    ),
    "intercom": Case(
        tables=frozenset({"conversations", "admins"}),
        listing="conversations/search",
        expired=400,
        field="created_at",
        column="created_at",
        snapshots=frozenset({"open_conversations"}),
        limits=(("", 167, 10.0),),
    ),
    "datto_bcdr": Case(
        tables=frozenset({"devices", "assets"}),
        listing="bcdr/device$",
        field="agentCount",
        column="agent_count",
        detail=r"device/\w+/asset",
        snapshots=frozenset({"devices", "assets", "saas_domains", "saas_backups", "saas_seats"}),
    ),
    "copper": Case(
        tables=frozenset({"opportunities", "users"}),
        listing="opportunities/search",
        field="monetary_value",
        column="monetary_value",
        snapshots=frozenset({"opportunity_stages"}),
        limits=(("", 180, 60.0),),
    ),
    "justcall": Case(
        tables=frozenset({"calls", "users"}),
        listing="v2.1/calls",
        field="call_duration.conversation_time",
        column="conversation_time",
        limits=(("", 1_800, 3600.0), ("", 30, 60.0)),
    ),
}

"""The list of sources. docs/add-a-source.md says what a new one touches."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from dlt_pipelines.errors import PermanentError
from foundation.errors import unknown

if TYPE_CHECKING:
    from dlt_pipelines.core.source import Source


@dataclass(frozen=True)
class SourceEntry:
    """What the rest of the code needs to know about a source. Everything that its module declares is read
    from the module when it is needed."""

    name: str
    """Key everywhere: schema `raw_<name>`, asset keys `raw/<name>/<table>`."""
    label: str
    freshness_limit: timedelta = timedelta(hours=30)
    """Data whose `complete_through` is older than this is late. A day plus six hours, so that one late
    morning is not yet an alarm."""

    @property
    def module(self) -> str:
        """Its module: of `hubspot`, `dlt_pipelines/sources/hubspot`, whose `source` says the rest."""
        return f"dlt_pipelines.sources.{self.name}"

    @cached_property
    def source(self) -> Source[Any, Any]:
        """What the module offers. Importing it reads neither settings nor credentials."""
        found: Source[Any, Any] = importlib.import_module(self.module).source
        return found

    @property
    def kind(self) -> Literal["system", "files"]:
        """files: read from a folder of the company, without credentials, so always connected. Files alone do
        not make a week complete."""
        return "files" if self.source.credentials is None else "system"

    def is_connected(self) -> bool:
        """Whether it has credentials, or needs none. Also true if they are incomplete or not valid: its load
        says what is wrong."""
        credentials = self.source.credentials
        return credentials is None or any(credentials.variables().values())

    @property
    def tables(self) -> tuple[str, ...]:
        """All table names of the source."""
        return tuple(self.source.by_name)


SOURCES: dict[str, SourceEntry] = {
    entry.name: entry
    for entry in (
        SourceEntry("hubspot", "HubSpot"),
        SourceEntry("autotask", "Autotask"),
        SourceEntry("manual", "Typed-in numbers"),
        SourceEntry("microsoft_graph", "Microsoft Graph"),
        SourceEntry("smartlead", "Smartlead"),
        SourceEntry("billcom", "Bill.com"),
        SourceEntry("zendesk", "Zendesk"),
        SourceEntry("intercom", "Intercom"),
        SourceEntry("google_ads", "Google Ads"),
        SourceEntry("meta_ads", "Meta Ads"),
        SourceEntry("linkedin_ads", "LinkedIn Ads"),
        SourceEntry("ad_spend_csv", "Ad spend files"),
        SourceEntry("quickbooks", "QuickBooks"),
        SourceEntry("simplefin", "SimpleFIN"),
        SourceEntry("datto_rmm", "Datto RMM"),
        SourceEntry("datto_bcdr", "Datto BCDR"),
        SourceEntry("company_warehouse", "Company warehouse"),
        SourceEntry("mongodb", "MongoDB"),
        SourceEntry("copper", "Copper"),
        SourceEntry("justcall", "JustCall"),
    )
}


def source_entry(name: str) -> SourceEntry:
    """The source of a name.

    Raises:
        PermanentError: there is none; the text says which name is near.
    """
    if name not in SOURCES:
        raise PermanentError(unknown("source", name, SOURCES))
    return SOURCES[name]

"""The list of sources. A new source is one module under `dlt_pipelines/sources` and one entry here."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any, Literal


@dataclass(frozen=True)
class SourceEntry:
    """One source as the rest of the house sees it. What can be read from its module is read from there, when
    asked for."""

    name: str
    """Key everywhere: schema `raw_<name>`, asset keys `raw/<name>/<table>`."""
    label: str
    module: str
    cadence: str
    """How often it is loaded, in words."""
    freshness_limit: timedelta
    """Data whose `complete_through` is older than this is late."""

    def load_module(self) -> Any:
        """The source's module. Importing it reads neither settings nor credentials."""
        return importlib.import_module(self.module)

    @property
    def kind(self) -> Literal["system", "files"]:
        """files: read from a folder of the company's own without credentials, so always there; a week is not
        complete by them alone."""
        return "files" if self.load_module().CREDENTIALS is None else "system"

    @cached_property
    def description(self) -> dict[str, str]:
        """Table name -> what one row is: the docstring of its resource."""
        return {
            name: " ".join((resource.__doc__ or "").split())
            for name, resource in self.load_module().source().resources.items()
        }

    @cached_property
    def tables(self) -> tuple[str, ...]:
        """All table names of the source."""
        return tuple(self.description)


# a daily load plus six hours, so that one late morning is not yet an alarm
_DAILY = timedelta(hours=30)

SOURCES: dict[str, SourceEntry] = {
    entry.name: entry
    for entry in (
        SourceEntry("hubspot", "HubSpot", "dlt_pipelines.sources.hubspot", "daily", _DAILY),
        SourceEntry("autotask", "Autotask", "dlt_pipelines.sources.autotask", "daily", _DAILY),
        SourceEntry("manual", "Typed-in numbers", "dlt_pipelines.sources.manual", "daily", _DAILY),
        SourceEntry(
            "microsoft_graph", "Microsoft Graph", "dlt_pipelines.sources.microsoft_graph", "daily", _DAILY
        ),
        SourceEntry("smartlead", "Smartlead", "dlt_pipelines.sources.smartlead", "daily", _DAILY),
        SourceEntry("billcom", "Bill.com", "dlt_pipelines.sources.billcom", "daily", _DAILY),
        SourceEntry("zendesk", "Zendesk", "dlt_pipelines.sources.zendesk", "daily", _DAILY),
        SourceEntry("intercom", "Intercom", "dlt_pipelines.sources.intercom", "daily", _DAILY),
        SourceEntry("google_ads", "Google Ads", "dlt_pipelines.sources.google_ads", "daily", _DAILY),
        SourceEntry("meta_ads", "Meta Ads", "dlt_pipelines.sources.meta_ads", "daily", _DAILY),
        SourceEntry("linkedin_ads", "LinkedIn Ads", "dlt_pipelines.sources.linkedin_ads", "daily", _DAILY),
        SourceEntry("ad_spend_csv", "Ad spend files", "dlt_pipelines.sources.ad_spend_csv", "daily", _DAILY),
        SourceEntry("quickbooks", "QuickBooks", "dlt_pipelines.sources.quickbooks", "daily", _DAILY),
        SourceEntry("simplefin", "SimpleFIN", "dlt_pipelines.sources.simplefin", "daily", _DAILY),
        SourceEntry("datto_rmm", "Datto RMM", "dlt_pipelines.sources.datto_rmm", "daily", _DAILY),
        SourceEntry("datto_bcdr", "Datto BCDR", "dlt_pipelines.sources.datto_bcdr", "daily", _DAILY),
        SourceEntry(
            "company_warehouse",
            "Company warehouse",
            "dlt_pipelines.sources.company_warehouse",
            "daily",
            _DAILY,
        ),
        SourceEntry("mongodb", "MongoDB", "dlt_pipelines.sources.mongodb", "daily", _DAILY),
        SourceEntry("copper", "Copper", "dlt_pipelines.sources.copper", "daily", _DAILY),
        SourceEntry("justcall", "JustCall", "dlt_pipelines.sources.justcall", "daily", _DAILY),
    )
}

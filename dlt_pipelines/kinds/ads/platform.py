"""An ad platform: what it offers, and the columns of its tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from dlt_pipelines.core import values
from dlt_pipelines.core.records import Promised, at
from dlt_pipelines.core.run import Run
from dlt_pipelines.core.source import ColumnType
from dlt_pipelines.wire.client import Client
from foundation.settings import Company
from foundation.settings.vendors import AdPlatformSection

ACCOUNT: dict[str, ColumnType] = {
    "id": "text",
    "name": "text",
    "currency": "text",
    "time_zone": "text",
    "status": "text",
    "refused": "text",
}
CAMPAIGN: dict[str, ColumnType] = {
    "account_id": "text",
    "id": "text",
    "name": "text",
    "status": "text",
    "deleted_at": "timestamp",
}
SPEND: dict[str, ColumnType] = {
    "account_id": "text",
    "campaign_id": "text",
    "day": "date",
    "campaign_name": "text",
    "currency": "text",
    "spend": "decimal",
    "impressions": "bigint",
    "clicks": "bigint",
    "conversions": "decimal",
    "deleted_at": "timestamp",
}

Row = dict[str, Any]


@dataclass
class Memory:
    """The memory of a run of an ad platform."""

    before: dict[str, list[Row]] = field(default_factory=dict)
    """Table -> its rows in the warehouse that are not deleted."""
    accounts: list[Row] = field(default_factory=list)
    """The accounts that count."""
    campaigns: dict[str, list[Row]] = field(default_factory=dict)
    """Account id -> its campaigns."""
    refused: dict[str, str] = field(default_factory=dict)
    """Account id -> why it cannot be read."""
    promised: Promised = field(
        default_factory=lambda: Promised(("day", "campaign_id", "spend", "impressions", "clicks"))
    )
    """What the platform's rows must have; those that it no longer reports come from the warehouse with all
    their columns."""


AdsRun = Run[Client[Any], Memory]


@dataclass(frozen=True)
class Platform:
    """One ad platform. Rows are dicts with the columns above and the vendor's values; missing fields are left
    out."""

    source: str
    label: str
    section: Callable[[Company], AdPlatformSection]
    """Its section of company.toml."""
    accounts: Callable[[Client[Any], Company], list[Row]]
    """Every ad account that the credentials can read. `is_open` false: ask it for nothing; `refused`: why, in
    the vendor's words."""
    campaigns: Callable[[Client[Any], Company, Row], Iterable[list[Row]]]
    """Pages of all campaigns of an account, in any state."""
    spend: Callable[[Client[Any], Company, Row, date, date], list[Row]]
    """Days of all campaigns of an account, from the first to the last day inclusive."""
    way_out: str
    """What to do if the credentials cannot read any account."""


def flat(row: Any, fields: Mapping[str, str]) -> Row:
    """Return column -> value of the vendor's row. `fields`: column -> path of its value; missing values are
    left out."""
    return {column: value for column, where in fields.items() if (value := at(row, where)) is not None}


def other_days(rows: Iterable[Row], first: date, last: date) -> str | None:
    """Return a complaint if not one row is of a requested day: then it is the answer to another request."""
    days = [row.get("day") for row in rows]
    strange = next((found for day in days if (found := outside(day, first, last))), None)
    if strange is None or any(outside(day, first, last) is None for day in days):
        return None
    return f"rows of {strange}, but {first} to {last} was requested"


def outside(day: Any, first: date, last: date) -> date | None:
    """Return a day that was not requested; None: it was, or it is not a day."""
    try:
        found = values.day(day)
    except ValueError:
        return None
    return None if first <= found <= last else found


def zone_of(account: Row, company: Company) -> ZoneInfo:
    """Return the account's reporting time zone; the company's if the platform names none that is known."""
    name = account.get("time_zone")
    return ZoneInfo(name) if name in available_timezones() else company.zone

"""What the ad platforms share: accounts, campaigns, and the spend of every campaign and day, pulled again while it is restated.

A platform says how its accounts, campaigns and days are asked for (`Platform`); this module does the rest. The day is the ad
account's own reporting day and is never shifted; money stays in the account's currency.

The first run goes back to `start_date` in slices of a month. Later runs pull the last `restated_days` again, counted from the
account's last good pull, because platforms credit invalid clicks and attribute conversions for weeks. What the platform no longer
reports for those days gets deleted_at. Two exceptions keep history that a platform merely hides: days of a campaign that it no
longer lists at all, and an account that answers with nothing where there was something (access that was lost looks like that).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import dlt

from dlt_pipelines.errors import PermanentError
from dlt_pipelines.findings import Finding, existing, readable
from dlt_pipelines.http import Client
from dlt_pipelines.records import Fields, at, typed
from dlt_pipelines.run import ColumnType, Run, streamed, table
from foundation.calendar import local_date
from foundation.settings import Company, Settings

HISTORY = timedelta(days=1_095)
"""How far back the first load reaches: Meta keeps 37 months; what LinkedIn keeps is not documented."""
SLICE = 31
"""Days that are asked for at once: what is restated fits into one."""

ACCOUNT: dict[str, ColumnType] = {"id": "text", "name": "text", "currency": "text", "time_zone": "text", "status": "text"}
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


@dataclass(frozen=True)
class Platform:
    """One ad platform. Rows are dicts with the columns above, values as on the wire; what the wire lacks is left out."""

    source: str
    label: str
    accounts: Callable[[Client, Company], list[Row]]
    """Every ad account that the credentials reach; `is_open` false: it may no longer be asked for anything."""
    campaigns: Callable[[Client, Company, Row], Iterable[list[Row]]]
    """Pages of all campaigns of an account, whatever their state."""
    spend: Callable[[Client, Company, Row, date, date], list[Row]]
    """Days of all campaigns of an account, from the first to the last day, both included."""
    way_out: str
    """What to do when no account is reached."""


def flat(row: Any, fields: Mapping[str, str]) -> Row:
    """Column -> value of a row on the wire. `fields`: column -> where it is; what is not there is left out."""
    return {column: value for column, where in fields.items() if (value := at(row, where)) is not None}


def other_days(rows: Iterable[Row], first: date, last: date) -> str | None:
    """A complaint about rows that are not of the days that were asked for: the answer to another question."""
    asked = {(first + timedelta(days=ahead)).isoformat() for ahead in range((last - first).days + 1)}
    strange = next((str(row.get("day"))[:40] for row in rows if row.get("day") not in asked), None)
    return f"rows of {strange} where {first} to {last} was asked for" if strange else None


def zone_of(account: Row, company: Company) -> ZoneInfo:
    """The account's reporting time zone; the company's where the platform names none that is known."""
    name = account.get("time_zone")
    return ZoneInfo(name) if name in available_timezones() else company.zone


def _chosen(platform: Platform, client: Client, company: Company) -> list[Row]:
    found = platform.accounts(client, company)
    if not found:
        raise PermanentError(f"{platform.label}: the credentials reach no ad account. {platform.way_out}")
    wanted = getattr(company, platform.source).account_ids
    if missing := sorted(set(wanted) - {row["id"] for row in found}):
        there = ", ".join(f"{row['id']} ({row.get('name')})" for row in found)
        raise PermanentError(
            f"{platform.label}: the credentials do not reach {', '.join(missing)} of {platform.source}.account_ids. There are: {there}"
        )
    return [row for row in found if not wanted or row["id"] in wanted]


# ------------------------------------------------------------------ one run


def recall(platform: Platform, connection: Any, run: Run) -> None:
    """Before the run, with the lock held: the living campaigns and days that the warehouse knows, to see which have vanished."""
    pulled = run.state.get("accounts", {}).values()
    instants = [datetime.fromisoformat(account["pulled_at"]) for account in pulled if "pulled_at" in account]
    # an account without one is read from its beginning
    since = run.since if run.backfill else min(instants, default=None) if len(instants) == len(pulled) else None
    # two days more than any zone can ask for; the window proper is known when the accounts are
    reach = timedelta(days=0 if run.backfill else getattr(run.company, platform.source).restated_days) + timedelta(days=2)
    days = f"day >= '{(since - reach).date()}'" if since else "true"
    there = {
        name
        for (name,) in connection.execute(
            "select table_name from information_schema.tables where table_schema = ?", [f"raw_{platform.source}"]
        ).fetchall()
    }
    for name, kinds, condition in (("campaigns", CAMPAIGN, "true"), ("spend", SPEND, days)):
        if name in there:
            select = f"select {', '.join(kinds)} from raw_{platform.source}.{name} where deleted_at is null and {condition}"
            run.known[f"{name} before"] = [dict(zip(kinds, row, strict=True)) for row in connection.execute(select).fetchall()]


def begin(platform: Platform, run: Run) -> None:
    """Before the first row: the accounts that count, and their campaigns.

    Raises:
        PermanentError: no account is reached, a configured one is not, or the warehouse holds the spend of others only.
    """
    accounts = _chosen(platform, run.client, run.company)
    before, ids = set(run.state.get("accounts", ())), {row["id"] for row in accounts}
    if before and ids.isdisjoint(before):
        raise PermanentError(
            f"{platform.label}: the warehouse holds the spend of {', '.join(sorted(before))}, and the credentials now reach "
            f"{', '.join(sorted(ids))} only. Set SCORELINE_HOME to another folder, or remove {run.settings.home} to start anew."
        )
    for lost in sorted(before - ids):
        run.warn(f"{platform.label}: account {lost} is no longer read; its spend up to now stays")
    run.known["accounts"] = accounts
    run.known["campaigns"] = {}
    with run.reading("campaigns"):
        for account in accounts:
            if account.get("is_open", True):
                pages = platform.campaigns(run.client, run.company, account)
                run.known["campaigns"][account["id"]] = [row for page in pages for row in page]


def _window(platform: Platform, run: Run, account: Row) -> tuple[date, date]:
    """First and last day to ask for, days of the account."""
    section = getattr(run.company, platform.source)
    zone = zone_of(account, run.company)
    today = local_date(run.started_at, zone)
    begins = section.start_date or today - HISTORY
    if run.backfill:
        first = local_date(run.since, zone) if run.since else begins
        return first, min(today, local_date(run.until, zone)) if run.until else today
    pulled = run.state.get("accounts", {}).get(account["id"])
    if not pulled or "pulled_at" not in pulled:
        return begins, today
    back = timedelta(days=section.restated_days - 1)
    return max(begins, local_date(datetime.fromisoformat(pulled["pulled_at"]), zone) - back), today


def slices(first: date, last: date, days: int = SLICE) -> Iterator[tuple[date, date]]:
    """The span in pieces of so many days, oldest first."""
    while first <= last:
        yield first, min(last, first + timedelta(days=days - 1))
        first += timedelta(days=days)


def _days(platform: Platform, run: Run) -> Iterator[list[Row]]:
    """Pages of days: what the platform says, then what it no longer says."""
    pulled = dict(run.state.get("accounts", {}))
    for account in run.known["accounts"]:
        if not account.get("is_open", True):
            continue
        first, last = _window(platform, run, account)
        there: set[tuple[str, str]] = set()
        for begins, ends in slices(first, last):
            # days without any activity are rare: an empty answer is asked for once more before it is believed
            rows = platform.spend(run.client, run.company, account, begins, ends) or platform.spend(
                run.client, run.company, account, begins, ends
            )
            there |= {(row["campaign_id"], row["day"]) for row in rows}
            yield rows
        listed = {row["id"] for row in run.known["campaigns"].get(account["id"], ())}
        known = [
            row
            for row in run.known.get("spend before", ())
            if row["account_id"] == account["id"] and first <= row["day"] <= last and row["campaign_id"] in listed
        ]
        if known and not there:
            run.warn(
                f"{platform.label}: account {account['id']} reports nothing from {first} to {last}, where the warehouse has "
                f"{len(known)} rows; they are kept. {platform.way_out}"
            )
        else:
            gone = [row for row in known if (row["campaign_id"], row["day"].isoformat()) not in there]
            yield [row | {"deleted_at": run.started_at} for row in gone]
        before = pulled.get(account["id"], {}).get("begins")
        pulled[account["id"]] = {
            "pulled_at": run.started_at.isoformat(),
            "begins": min(first.isoformat(), before) if before else first.isoformat(),
        }
    if not run.backfill:
        dlt.current.source_state()["accounts"] = pulled
        begun = max((date.fromisoformat(account["begins"]) for account in pulled.values()), default=None)
        if begun:
            run.complete_from["spend"] = datetime.combine(begun, time(), run.company.zone)


def _campaigns(run: Run) -> Iterator[list[Row]]:
    """Pages of campaigns: those that are listed, then those that no longer are."""
    for account_id, listed in run.known["campaigns"].items():
        yield listed
        ids = {row["id"] for row in listed}
        known = [row for row in run.known.get("campaigns before", ()) if row["account_id"] == account_id]
        yield [row | {"deleted_at": run.started_at} for row in known if listed and row["id"] not in ids]


def tables(platform: Platform, run: Run | None) -> tuple[Any, ...]:
    """The resources of a platform. Without `run` they are only declared."""

    def fields(kinds: Mapping[str, ColumnType]) -> Fields:
        return {column: (column, kind) for column, kind in kinds.items()}

    @dlt.resource(**table("id", "merge", ACCOUNT))
    def accounts() -> Iterator[Any]:
        """One row per ad account that was ever read, with its currency and the time zone of its days."""
        yield from streamed(
            run,
            "accounts",
            lambda run: typed(
                f"{platform.source}.accounts",
                fields(ACCOUNT),
                [run.known["accounts"]],
                run.warn,
                may_lack=("name", "status"),
            ),
        )

    @dlt.resource(**table(["account_id", "id"], "merge", CAMPAIGN))
    def campaigns() -> Iterator[Any]:
        """One row per campaign, paused and removed ones too; deleted_at: when the platform was found to list it no more."""
        yield from streamed(
            run,
            "campaigns",
            lambda run: typed(
                f"{platform.source}.campaigns",
                fields(CAMPAIGN),
                _campaigns(run),
                run.warn,
                key=("id", "account_id"),
                may_lack=("deleted_at",),
            ),
        )

    @dlt.resource(**table(["account_id", "campaign_id", "day"], "merge", SPEND))
    def spend() -> Iterator[Any]:
        """One row per campaign and day with activity: spend in the account's currency, impressions, clicks and conversions as the
        platform counts them. The day is the account's; deleted_at: when the platform was found to report it no more."""
        yield from streamed(
            run,
            "spend",
            lambda run: typed(
                f"{platform.source}.spend",
                fields(SPEND),
                _days(platform, run),
                run.warn,
                key=("campaign_id", "account_id", "day"),
                may_lack=("campaign_name", "conversions", "deleted_at"),
            ),
        )

    return accounts, campaigns, spend


# ------------------------------------------------------------------ the doctor


def diagnose(platform: Platform, client: Client, settings: Settings, company: Company) -> Iterator[Finding]:
    """Accounts that are reached, configured ones, their currencies, and whether campaigns and spend may be read."""
    source, section = platform.source, getattr(company, platform.source)
    found = platform.accounts(client, company)
    if not found:
        yield Finding(source, "accounts", "fail", "the credentials reach no ad account", platform.way_out)
        return
    yield existing(source, "account_ids", section.account_ids, {row["id"]: str(row.get("name")) for row in found}, "ad account")
    for account in found:
        if section.account_ids and account["id"] not in section.account_ids:
            continue
        told = f"{account.get('name')}: {account.get('currency')}, {account.get('time_zone')}, {account.get('status')}"
        if account.get("currency") != company.company.currency:
            told += f"; not {company.company.currency}, so its spend is shown apart and never added"
        yield Finding(source, f"account {account['id']}", "ok" if account.get("currency") == company.company.currency else "info", told)
        if account.get("is_open", True):
            yesterday = local_date(settings.now(), zone_of(account, company)) - timedelta(days=1)
            first_page = partial(lambda account: next(iter(platform.campaigns(client, company, account)), None), account)
            yield readable(source, f"campaigns of {account['id']}", first_page, platform.way_out)
            a_day = partial(platform.spend, client, company, account, yesterday, yesterday)
            yield readable(source, f"spend of {account['id']}", a_day, platform.way_out)

"""A run of an ad platform: which accounts and days to ask for, and which rows the platform no longer has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

import dlt

from dlt_pipelines.core.records import plain, typed
from dlt_pipelines.core.source import Table
from dlt_pipelines.errors import Gone, NotAvailable, PermanentError, SourceError, Unexpected
from dlt_pipelines.kinds.ads.platform import (
    ACCOUNT,
    CAMPAIGN,
    SPEND,
    AdsRun,
    Platform,
    Row,
    outside,
    zone_of,
)
from dlt_pipelines.wire.client import Client
from foundation.calendar import local_date
from foundation.settings import Company

HISTORY = timedelta(days=1_095)
"""How far back the first load goes. Meta keeps 37 months; LinkedIn does not document what it keeps."""
SLICE = 31
"""Days per request; the restated days fit into one."""
Found = TypeVar("Found")


def _chosen(platform: Platform, client: Client, company: Company) -> list[Row]:
    found = platform.accounts(client, company)
    if not found:
        raise PermanentError(f"{platform.label}: the credentials reach no ad account. {platform.way_out}")
    wanted = platform.section(company).account_ids
    if missing := sorted(set(wanted) - {row["id"] for row in found}):
        there = ", ".join(f"{row['id']} ({row.get('name')})" for row in found)
        raise PermanentError(
            f"{platform.label}: the credentials do not reach {', '.join(missing)} of"
            f" {platform.source}.account_ids. There are: {there}"
        )
    chosen = [row for row in found if not wanted or row["id"] in wanted]
    if all(row.get("refused") for row in chosen):
        raise PermanentError(str(chosen[0]["refused"]))
    return chosen


def recall(platform: Platform, connection: Any, run: AdsRun) -> None:
    """Before the run, with the lock held: read the campaigns and days that the warehouse has, to find those
    that vanish."""
    pulled = run.state.get("accounts", {}).values()
    instants = [datetime.fromisoformat(account["pulled_at"]) for account in pulled if "pulled_at" in account]
    # an account without one is read from the start
    since = (
        run.window.since
        if run.backfill
        else min(instants, default=None)
        if len(instants) == len(pulled)
        else None
    )
    # two days more than any zone can ask for; the exact window is known once the accounts are
    reach = timedelta(days=0 if run.backfill else platform.section(run.company).restated_days) + timedelta(
        days=2
    )
    days = f"day >= '{(since - reach).date()}'" if since else "true"
    there = connection.execute(
        "select table_name, column_name from information_schema.columns where table_schema = ?",
        [f"raw_{platform.source}"],
    ).fetchall()
    living = "deleted_at is null"
    for name, kinds, condition in (
        ("accounts", ACCOUNT, "true"),
        ("campaigns", CAMPAIGN, living),
        ("spend", SPEND, f"{living} and {days}"),
    ):
        if columns := [column for column in kinds if (name, column) in there]:
            select = f"select {', '.join(columns)} from raw_{platform.source}.{name} where {condition}"
            run.memory.before[name] = [
                dict(zip(columns, row, strict=True)) for row in connection.execute(select).fetchall()
            ]


def begin(platform: Platform, run: AdsRun) -> None:
    """Before the first row: read the accounts that count, and their campaigns.

    Raises:
        PermanentError: the credentials can read no account or not a configured one, or the warehouse holds
            only the spend of others.
    """
    accounts = _chosen(platform, run.client, run.company)
    before, ids = set(run.state.get("accounts", ())), {row["id"] for row in accounts}
    if before and ids.isdisjoint(before):
        raise PermanentError(
            f"{platform.label}: the warehouse holds the spend of {', '.join(sorted(before))}, and the"
            f" credentials now reach {', '.join(sorted(ids))} only. Set SCORELINE_HOME to another folder, or"
            f" remove {run.settings.home} to start over."
        )
    for lost in sorted(before - ids):
        run.warn(f"{platform.label}: no longer reads account {lost}; keeps its stored spend")
    run.memory.accounts = accounts
    for account in accounts:
        if account.get("refused"):
            _refuse(platform, run, account, account["refused"])

    def campaigns(account: Row) -> Iterator[tuple[str, list[Row]]]:
        yield (
            account["id"],
            [row for page in platform.campaigns(run.client, run.company, account) for row in page],
        )

    with run.reading("campaigns"):
        run.memory.campaigns.update(_of_each(platform, run, campaigns))


def _refuse(platform: Platform, run: AdsRun, account: Row, why: object) -> None:
    run.memory.refused[account["id"]] = str(why)
    run.warn(
        f"{platform.label}: account {account['id']} cannot be read, the others were: {why} Its spend is"
        f" missing; to leave it out, name the others in {platform.source}.account_ids."
    )


def _of_each(platform: Platform, run: AdsRun, read: Callable[[Row], Iterable[Found]]) -> Iterator[Found]:
    """Yield what `read` returns for every open account, one after the other. If one refuses, the others
    continue.

    Raises:
        SourceError: all of them refuse.
    """
    asked = [
        row for row in run.memory.accounts if row.get("is_open", True) and row["id"] not in run.memory.refused
    ]
    refusals: list[tuple[Row, SourceError]] = []
    for account in asked:
        try:
            yield from read(account)
        except (NotAvailable, Gone, Unexpected) as error:
            refusals.append((account, error))
    if refusals and len(refusals) == len(asked):
        raise refusals[0][1]
    for account, refusal in refusals:
        _refuse(platform, run, account, refusal)


def _window(platform: Platform, run: AdsRun, account: Row) -> tuple[date, date]:
    """First and last day to request, in the account's days."""
    section = platform.section(run.company)
    zone = zone_of(account, run.company)
    today = local_date(run.started_at, zone)
    begins = section.start_date or today - HISTORY
    if run.backfill:
        first = local_date(run.window.since, zone) if run.window.since else begins
        return first, min(today, local_date(run.window.until, zone)) if run.window.until else today
    pulled = run.state.get("accounts", {}).get(account["id"])
    if not pulled or "pulled_at" not in pulled:
        return begins, today
    back = timedelta(days=section.restated_days - 1)
    return max(begins, local_date(datetime.fromisoformat(pulled["pulled_at"]), zone) - back), today


def slices(first: date, last: date, days: int = SLICE) -> Iterator[tuple[date, date]]:
    """The span in pieces of at most `days` days, oldest first."""
    while first <= last:
        yield first, min(last, first + timedelta(days=days - 1))
        first += timedelta(days=days)


def _days(platform: Platform, run: AdsRun) -> Iterator[list[Row]]:
    """Pages of days: those that the platform reports, then those that it no longer reports."""
    pulled = dict(run.state.get("accounts", {}))

    def days(account: Row) -> Iterator[list[Row]]:
        first, last = _window(platform, run, account)
        yield from _account_days(platform, run, account, first, last)
        before = pulled.get(account["id"], {}).get("begins")
        pulled[account["id"]] = {
            "pulled_at": run.started_at.isoformat(),
            "begins": min(first.isoformat(), before) if before else first.isoformat(),
        }

    yield from _of_each(platform, run, days)
    run.memory.promised.check()
    if lost := [
        datetime.fromisoformat(pulled[key]["pulled_at"]) for key in run.memory.refused if key in pulled
    ]:
        run.complete_through["spend"] = min(lost)
    if not run.backfill:
        dlt.current.source_state()["accounts"] = pulled
        begun = max((date.fromisoformat(account["begins"]) for account in pulled.values()), default=None)
        if begun:
            run.complete_from["spend"] = datetime.combine(begun, time(), run.company.zone)


def _account_days(
    platform: Platform, run: AdsRun, account: Row, first: date, last: date
) -> Iterator[list[Row]]:
    there: set[tuple[str, str]] = set()
    for begins, ends in slices(first, last):
        # days without any activity are rare: an empty answer is retried once before it is accepted
        rows = platform.spend(run.client, run.company, account, begins, ends) or platform.spend(
            run.client, run.company, account, begins, ends
        )
        run.memory.promised.look(rows)
        if strange := sorted({str(found) for row in rows if (found := outside(row.get("day"), first, last))}):
            run.warn(
                f"{platform.label}: rows of {', '.join(strange[:3])} are left out; {first} to {last} was"
                " asked for",
                lacks="spend",
            )
            rows = [row for row in rows if outside(row.get("day"), first, last) is None]
        there |= {(str(row.get("campaign_id")), str(row.get("day"))) for row in rows}
        yield rows
    listed = {row.get("id") for row in run.memory.campaigns.get(account["id"], ())}
    known = [
        row
        for row in run.memory.before.get("spend", ())
        if row["account_id"] == account["id"] and first <= row["day"] <= last and row["campaign_id"] in listed
    ]
    if known and not there:
        run.warn(
            f"{platform.label}: account {account['id']} reports nothing from {first} to {last}, where the"
            f" warehouse has {len(known)} rows; they are kept. {platform.way_out}"
        )
    else:
        gone = [row for row in known if (row["campaign_id"], row["day"].isoformat()) not in there]
        yield [row | {"deleted_at": run.started_at} for row in gone]


def _account_rows(run: AdsRun) -> list[Row]:
    """The accounts, each with the reason why it refuses; for one that cannot be read, its last known row."""
    before = {row["id"]: row for row in run.memory.before.get("accounts", ())}
    return [
        before.get(row["id"], {}) | row | {"refused": run.memory.refused.get(row["id"])}
        for row in run.memory.accounts
    ]


def _campaigns(run: AdsRun) -> Iterator[list[Row]]:
    """Pages of campaigns: those that are listed, then those that are no longer listed."""
    for account_id, listed in run.memory.campaigns.items():
        yield listed
        ids = {row.get("id") for row in listed}
        known = [row for row in run.memory.before.get("campaigns", ()) if row["account_id"] == account_id]
        yield [row | {"deleted_at": run.started_at} for row in known if listed and row["id"] not in ids]


def tables(platform: Platform) -> tuple[Table[AdsRun], ...]:
    """The tables of a platform."""

    def accounts(run: AdsRun) -> Iterator[Any]:
        lacks = ("name", "status", "refused")
        name = f"{platform.source}.accounts"
        return typed(name, plain(ACCOUNT), [_account_rows(run)], run.warn, may_lack=lacks)

    def campaigns(run: AdsRun) -> Iterator[Any]:
        return typed(
            f"{platform.source}.campaigns",
            plain(CAMPAIGN),
            _campaigns(run),
            run.warn,
            key=("id", "account_id"),
            may_lack=("deleted_at",),
        )

    def spend(run: AdsRun) -> Iterator[Any]:
        return typed(
            f"{platform.source}.spend",
            plain(SPEND),
            _days(platform, run),
            run.warn,
            key=("campaign_id", "account_id", "day"),
            may_lack=("campaign_name", "conversions", "deleted_at"),
        )

    return (
        Table(
            "accounts",
            "One row per ad account ever read, with its currency and the time zone of its days. refused: why"
            " the last run could not read it, in the platform's words.",
            "id",
            ACCOUNT,
            accounts,
        ),
        Table(
            "campaigns",
            "One row per campaign, including paused and removed ones; deleted_at: when the platform was found"
            " to no longer list it.",
            ("account_id", "id"),
            CAMPAIGN,
            campaigns,
        ),
        Table(
            "spend",
            "One row per campaign and day with activity: spend in the account's currency, impressions, clicks"
            " and conversions as the platform counts them. The day is the account's; deleted_at: when the"
            " platform was found to no longer report it.",
            ("account_id", "campaign_id", "day"),
            SPEND,
            spend,
        ),
    )

"""The doctor's checks of SimpleFIN: requests left, complaints, stale balances, cash accounts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import duckdb

from dlt_pipelines.core.source import Finding
from dlt_pipelines.doctor.findings import existing
from dlt_pipelines.sources.simplefin.access import PER_DAY, SOURCE, known_keys, used
from dlt_pipelines.sources.simplefin.answers import (
    accounts_of,
    answer_for,
    complaints,
    plain_key,
    stale_balances,
)
from dlt_pipelines.wire.client import Client
from foundation.settings import Company, Settings
from foundation.warehouse import WarehouseError, open_warehouse


def diagnose(client: Client, settings: Settings, company: Company) -> Iterator[Finding]:
    """Requests left, what the banks complain of, stale balances, and the accounts that count as cash."""
    taken, keys = 0, dict[str, str]()
    with (
        contextlib.suppress(duckdb.Error, WarehouseError),
        contextlib.closing(open_warehouse(settings).look()) as connection,
    ):
        taken, keys = used(connection, settings.now()), known_keys(connection)
    budget = f"the loads of the last 24 hours took {taken} of {PER_DAY} requests"
    if taken >= PER_DAY:
        yield Finding(
            SOURCE,
            "budget",
            "warn",
            budget,
            "Nothing is asked now. The banks' data changes once a day: load it once a day.",
        )
        return
    yield Finding(SOURCE, "budget", "ok", budget)
    answer = answer_for(client, company, None)
    accounts = accounts_of(answer, keys)
    yield Finding(SOURCE, "accounts", "ok", f"{len(accounts)} accounts may be read")
    for said in complaints(answer):
        yield Finding(
            SOURCE,
            said["code"] or "errors",
            "warn",
            said["text"],
            "Sign in to SimpleFIN Bridge and repair that connection.",
        )
    for text in stale_balances(accounts, settings.now(), company.simplefin.stale_after_days):
        yield Finding(
            SOURCE, "stale", "warn", text, "Sign in to SimpleFIN Bridge and repair that connection."
        )
    yield from _diagnose_cash(accounts, company)


def _balance_day(account: Mapping[str, Any]) -> str:
    try:
        return f"{datetime.fromtimestamp(int(account['balance-date']), UTC):%Y-%m-%d}"
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return "an unknown day"


def _diagnose_cash(accounts: list[dict[str, Any]], company: Company) -> Iterator[Finding]:
    """The accounts on the list: by key, or by id where two have one key."""
    listed = {plain_key(entry): entry for entry in company.simplefin.cash_accounts}
    by_key: dict[str, list[dict[str, Any]]] = {}
    for account in accounts:
        by_key.setdefault(
            plain_key(account["id"] if plain_key(account["id"]) in listed else account["_key"]), []
        ).append(account)
    there = {entry: entry for key, entry in listed.items() if key in by_key} | {
        members[0]["_key"]: members[0]["_key"] for key, members in by_key.items() if key not in listed
    }
    yield existing(SOURCE, "cash_accounts", company.simplefin.cash_accounts, there, "account")
    for key, members in by_key.items():
        if len(members) > 1 and key in listed:
            named = ", ".join(f"{account['id']} (balance of {_balance_day(account)})" for account in members)
            yield Finding(
                SOURCE,
                "one name, two accounts",
                "warn",
                f"{len(members)} accounts are called {members[0]['_key']}: {named}. A day counts only where"
                " one of them is plainly the former self of the other, linked again",
                "Remove the former account in SimpleFIN Bridge, or list the ids of those that count in"
                " simplefin.cash_accounts.",
            )
    if left_out := sorted(
        {account["_key"] for key, members in by_key.items() if key not in listed for account in members}
    ):
        yield Finding(
            SOURCE,
            "left out",
            "info",
            f"not counted as cash: {', '.join(left_out)}",
            "Nothing to do for cards, loans and investments; add the others to simplefin.cash_accounts in"
            " company.toml.",
        )

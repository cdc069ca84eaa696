"""SimpleFIN: balances and transactions of all connected bank accounts.

GET {access}/accounts?start-date=...               -> raw_simplefin.accounts (merge on id), balances (a row
    per account and day),
                                                     transactions (merge on account and id), errors (what the
                                                     bank side complains of)

One call a run brings everything: asking for transactions costs no request more, and shows the holdings by
which an investment account is known (`balances-only` hides them). 24 requests a day are expected of an access
URL, and those that keep asking more are switched off: the ledger of loads knows how many the last 24 hours
took, runs stop at 20 and leave the rest to the doctor. A 429 is not asked again. A range holds 90 days at
most and is cut silently, so longer ones (the first run reads 89 days, a backfill any number) are walked in
steps of 89. Later runs read from ten days before the last one on; what is no longer there by then gets
deleted_at.

Both versions of the protocol are read, whatever was asked for: organisations stand in each account or in
`connections`, complaints in `errors` or `errlist` (or both), their text under `msg` or `message`. An answer
with complaints is an answer: they become warnings, rows of `errors` and the `error_text` of the balances that
they concern, the accounts that came are stored, and the others keep their last snapshot. `balance_at` says
when the bank's balance was true; older ones than stale_after_days are named. A reconnected account comes with
another id, for a time beside the old one: `account_key` (organisation and name) is the same. An id keeps the
key under which it was first seen, whatever the bank calls it later. Balances of different currencies stand
side by side and are never added here; custom units have a URL for a currency.

UNCONFIRMED: when version 2 becomes the default ([simplefin] protocol_version: 2 is asked for; with 1 nothing
is sent, because it is not known whether that may be asked for); whether a 429 says when to come back (not
relied on).

The access URL holds user and password. They are cut off before anything else happens, sent as a header, and
hidden in every form.

Settings: SIMPLEFIN_ACCESS_URL (`scoreline claim` makes one of a setup token), SIMPLEFIN_BASE_URL, section
[simplefin] of company.toml.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import dlt

from dlt_pipelines.core.api_versions import ApiVersions
from dlt_pipelines.core.records import Fields, at, kinds, plain, typed
from dlt_pipelines.core.run import Run, snapshot_day
from dlt_pipelines.core.source import EVERYTHING, ColumnType, Source, Table, replaces_same
from dlt_pipelines.errors import TransientError, Unexpected
from dlt_pipelines.sources.simplefin.access import (
    FOR_THE_DOCTOR,
    PER_DAY,
    SOURCE,
    Facts,
    SimpleFinCredentials,
    connect,
    identify,
    known_keys,
    used,
)
from dlt_pipelines.sources.simplefin.answers import (
    accounts_of,
    answer_for,
    complaints,
    concerned_by,
    milliseconds,
    stale_balances,
)
from dlt_pipelines.sources.simplefin.diagnosis import diagnose
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.paging import entries

STEP = timedelta(days=89)
"""Longest range of one request; the vendor cuts at 90 days."""
AGAIN = timedelta(days=10)
"""Banks still change transactions that are so old."""

ACCOUNTS: Fields = {
    "account_id": ("id", "text"),
    "account_key": ("_key", "text"),
    "name": ("name", "text"),
    "currency": ("currency", "text"),
    "org_name": ("_org.name", "text"),
    "org_domain": ("_org.domain", "text"),
    "org_id": ("_org.id", "text"),
    "connection_id": ("conn_id", "text"),
}
BALANCES: Fields = {
    "snapshot_date": ("_day", "date"),
    "account_id": ("id", "text"),
    "account_key": ("_key", "text"),
    "currency": ("currency", "text"),
    "balance": ("balance", "decimal"),
    "available_balance": ("_available", "decimal"),
    "balance_at": ("_balance_at", "timestamp"),
    "holdings": ("_holdings", "bigint"),
    "has_error": ("_has_error", "bool"),
    "error_text": ("_error_text", "text"),
}
TRANSACTIONS: Fields = {
    "account_id": ("_account", "text"),
    "transaction_id": ("id", "text"),
    "posted_at": ("_posted_at", "timestamp"),
    "transacted_at": ("_transacted_at", "timestamp"),
    "amount": ("amount", "decimal"),
    "currency": ("_currency", "text"),
    "description": ("description", "text"),
    "payee": ("payee", "text"),
}
ERRORS: dict[str, ColumnType] = {
    "position": "bigint",
    "code": "text",
    "text": "text",
    "connection_id": "text",
    "account_id": "text",
}


@dataclass
class _Memory:
    """The memory of a run of SimpleFIN."""

    used: int = 0
    """Requests that the loads of the last 24 hours took."""
    keys: dict[str, str] = field(default_factory=dict)
    """Account id -> the key that it has had so far."""


_Run = Run[Client[Facts], _Memory]


def recall(connection: Any, run: _Run) -> None:
    """Before the run, with the lock held: what is left of the day's requests, and the keys of the
    accounts."""
    run.memory.used = used(connection, run.started_at)
    run.memory.keys = known_keys(connection)


def begin(run: _Run) -> None:
    """Before the first row: is there a request left?

    Raises:
        TransientError: the loads of the last 24 hours took what they may.
    """
    left = PER_DAY - FOR_THE_DOCTOR - run.memory.used
    if left < 1:
        raise TransientError(
            f"SimpleFIN: the loads of the last 24 hours took {run.memory.used} of {PER_DAY} requests. The"
            " banks' data changes once a day: what is stored stays, and tomorrow's run continues."
        )
    run.client.facts.day.most = left


def _windows(run: _Run) -> list[tuple[datetime, datetime | None]]:
    """The ranges to ask for, oldest first; the end of the newest is open."""
    pulled_at = run.state.get("transactions", {}).get("pulled_at")
    if run.backfill:
        start = run.window.since or run.started_at - STEP
    else:
        start = datetime.fromisoformat(pulled_at) - AGAIN if pulled_at else run.started_at - STEP
    end = run.window.until or run.started_at
    found: list[tuple[datetime, datetime | None]] = []
    while end - start > STEP:
        found.append((start, start + STEP))
        start += STEP
    return [*found, (start, run.window.until)]


def _answers(run: _Run) -> list[dict[str, Any]]:
    return [answer_for(run.client, run.company, window) for window in _windows(run)]


def _accounts(run: _Run) -> Iterator[Any]:
    lacks = {"org_name", "org_domain", "org_id", "connection_id"}
    found = accounts_of(_answers(run)[-1], run.memory.keys)
    yield from typed("simplefin.accounts", ACCOUNTS, [found], run.warn, key=("account_id",), may_lack=lacks)


def _balances(run: _Run) -> Iterator[Any]:
    answer, day = _answers(run)[-1], snapshot_day(run, "balances")
    accounts = accounts_of(answer, run.memory.keys)
    sentences: dict[str, list[str]] = {}
    troubled = {one["connection_id"] for one in complaints(answer)} | {
        one["account_id"] for one in complaints(answer)
    }
    for said in complaints(answer):
        # the bank side writes what it likes, and might quote the URL that it was asked with
        text = " ".join(run.client.redact(said["text"]).split())[:300]
        run.warn(f"SimpleFIN says: {text}" + (f" ({said['code']})" if said["code"] else ""))
        if said["code"] != "gen.api":  # about the request, not about a balance
            concerned = concerned_by(said, accounts)
            troubled |= concerned
            for account in concerned or {account["id"] for account in accounts}:
                sentences.setdefault(account, []).append(text)
    rows = [
        {
            **account,
            "_day": day,
            # left out where it equals the balance
            "_available": account.get("available-balance", account.get("balance")),
            "_balance_at": milliseconds(account.get("balance-date")),
            "_holdings": len(account.get("holdings") or []),
            "_has_error": bool({account["id"], account.get("conn_id")} & (troubled - {None})),
            "_error_text": "\n".join(sentences.get(account["id"], ())) or None,
        }
        for account in accounts
    ]
    for text in stale_balances(rows, run.started_at, run.company.simplefin.stale_after_days):
        run.warn(f"SimpleFIN: {text}")
    yield from typed("simplefin.balances", BALANCES, [rows], run.warn, key=("account_id", "snapshot_date"))


def _transactions(run: _Run) -> Iterator[Any]:
    unread: set[str] = set()
    windows, answers = _windows(run), _answers(run)
    for answer in answers:
        rows = []
        for account in answer["accounts"]:
            try:
                booked = entries(account, "SimpleFIN transactions", "transactions", beside=account.keys())
            except Unexpected as error:
                run.warn(
                    f"SimpleFIN: the transactions of account {account['id']} cannot be read: {error}",
                    lacks="transactions",
                )
                unread.add(account["id"])
                continue
            for one in booked:
                if at(one, "pending") is True or not at(one, "posted"):
                    continue  # it comes again, under another id, once it is booked
                rows.append(
                    {
                        **one,
                        "_account": account["id"],
                        "_currency": account.get("currency"),
                        "_posted_at": milliseconds(one.get("posted")),
                        "_transacted_at": milliseconds(one.get("transacted_at")),
                    }
                )
        yield from typed(
            "simplefin.transactions",
            TRANSACTIONS,
            [rows],
            run.warn,
            key=("transaction_id", "account_id"),
            may_lack={"payee", "transacted_at"},
        )
    said = [one for answer in answers for one in complaints(answer)]
    troubled = {one["account_id"] for one in said}
    if all(one["code"] and not one["code"].startswith("gen.") for one in said) and not any(
        one["connection_id"] for one in said
    ):
        where = (
            "account_id = ? and posted_at >= cast(? as timestamptz) and posted_at < cast(? as timestamptz)"
        )
        span = [windows[0][0].isoformat(), (windows[-1][1] or run.started_at).isoformat()]
        for account_id in sorted(
            {account["id"] for answer in answers for account in answer["accounts"]} - troubled - unread
        ):
            run.listed("transactions", where=where, values=[account_id, *span])
    run.complete_from["transactions"] = _reaches_back_to(run, windows[0][0])
    if run.advances("transactions"):
        state = {
            "pulled_at": run.started_at.isoformat(),
            "since": run.complete_from["transactions"].isoformat(),
        }
        dlt.current.source_state()["transactions"] = state


def _reaches_back_to(run: _Run, start: datetime) -> datetime:
    since = run.state.get("transactions", {}).get("since")
    return datetime.fromisoformat(since) if since else start


def _errors(run: _Run) -> Iterator[Any]:
    # the bank side writes what it likes, and might quote the URL that it was asked with
    rows = [
        {"position": number, **said, "text": run.client.redact(said["text"])}
        for number, said in enumerate(complaints(_answers(run)[-1]), 1)
    ]
    yield from typed("simplefin.errors", plain(ERRORS), [rows], run.warn, key="position")


TABLES: tuple[Table[_Run], ...] = (
    Table(
        "balances",
        "One row per account and day, in its own currency; debts may be negative. balance_at: when the"
        " balance was true; error_text: what the bank side complained of that day, a sentence a line, about"
        " this account or about no account in particular.",
        ("snapshot_date", "account_id"),
        kinds(BALANCES),
        _balances,
        write=replaces_same("snapshot_date", "account_id"),
        whole=True,
        newest="balance_at",
        is_snapshot=True,
    ),
    Table(
        "accounts",
        "One row per account id that ever came; a reconnected account has a new id and the same account_key.",
        "account_id",
        kinds(ACCOUNTS),
        _accounts,
        whole=True,
    ),
    Table(
        "transactions",
        "One row per booked transaction, in the account's currency; negative left the account. An id may"
        " exist in two accounts.",
        ("account_id", "transaction_id"),
        kinds(TRANSACTIONS, deleted_at="timestamp"),
        _transactions,
        may_be_empty=True,
        newest="posted_at",
    ),
    Table(
        "errors",
        "One row per complaint of the newest answer: connections to sign in to again, accounts that could not"
        " be read.",
        "position",
        ERRORS,
        _errors,
        write=EVERYTHING,
        whole=True,
        may_be_empty=True,
    ),
)

VERSIONS = ApiVersions(
    in_use=lambda company: {f"protocol {company.simplefin.protocol_version}": ""},
    setting="simplefin.protocol_version",
)

source = Source(
    SOURCE,
    SimpleFinCredentials,
    TABLES,
    connect,
    identify,
    diagnose,
    memory=_Memory,
    recall=recall,
    begin=begin,
    versions=VERSIONS,
)

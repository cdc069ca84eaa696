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

import base64
import contextlib
import hashlib
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import dlt
import duckdb
from pydantic import Field, SecretStr

from dlt_pipelines.core.clocks import APART
from dlt_pipelines.core.records import Fields, at, kinds, plain, typed
from dlt_pipelines.core.run import Run, snapshot_day
from dlt_pipelines.core.source import EVERYTHING, ColumnType, Source, Table, replaces_same
from dlt_pipelines.doctor.findings import Finding, existing
from dlt_pipelines.errors import PermanentError, SourceError, TransientError, Unexpected
from dlt_pipelines.wire.budget import Budget, Limit
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.credentials import Credentials
from dlt_pipelines.wire.messages import Answer, Retry
from dlt_pipelines.wire.paging import entries, expect, once
from foundation.settings import Company, Settings
from foundation.settings.types import WebAddress

SOURCE = "simplefin"
PER_DAY = 24
FOR_THE_DOCTOR = 4
"""Requests of a day that loads leave alone."""
STEP = timedelta(days=89)
"""Longest range of one request; the vendor cuts at 90 days."""
AGAIN = timedelta(days=10)
"""Banks still change transactions that are so old."""
DAY = 86_400.0

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
_PREFIXES = ("gen.", "con.", "act.")


def parted(url: str) -> tuple[str, str, str]:
    """An access URL as address, user and password.

    Raises:
        PermanentError: it is none, or not one that may be used; the text holds nothing of it.
    """
    try:
        parts = urllib.parse.urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise PermanentError(
            "SIMPLEFIN_ACCESS_URL is not an address, expected https://user:password@host/path"
        ) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        what = "a setup token" if claim_url(url) else "no address"
        raise PermanentError(
            f"SIMPLEFIN_ACCESS_URL holds {what} instead of an access URL. Make one of a setup token with"
            " `scoreline claim`."
        )
    if not parts.username or not parts.password:
        raise PermanentError(
            "SIMPLEFIN_ACCESS_URL has no user and password in it: https://user:password@host/path"
        )
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
        raise PermanentError("SIMPLEFIN_ACCESS_URL is not https: the password would travel in the open")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path.rstrip('/')}"
    return place, urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.password)


def claim_url(token: str) -> str | None:
    """The address that a setup token stands for; None: it is no setup token."""
    compact = "".join(token.split())
    try:
        found = base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True).decode()
    except ValueError:
        return None
    try:
        parts = urllib.parse.urlsplit(found)
    except ValueError:
        return None
    fits = parts.scheme == "https" or parts.hostname in ("127.0.0.1", "localhost")
    return found if parts.hostname and fits and not parts.username else None


def forms(url: str) -> list[str]:
    """Everything of an access URL that must not be seen: the whole, its user and password, together and as
    they are sent."""
    found = [url.strip()]
    with contextlib.suppress(PermanentError, ValueError):
        _, user, password = parted(url)
        written = urllib.parse.urlsplit(url.strip())
        found += [user, password, f"{user}:{password}", f"{written.username}:{written.password}"]
        found.append(base64.b64encode(f"{user}:{password}".encode()).decode())
    return found


class SimpleFinCredentials(Credentials):
    """What SimpleFIN needs: the access URL, with user and password in it."""

    access_url: SecretStr = Field(alias="SIMPLEFIN_ACCESS_URL")
    base_url: WebAddress | None = Field(None, alias="SIMPLEFIN_BASE_URL")

    def secrets(self) -> list[str]:
        return forms(self.access_url.get_secret_value())


WAY_OUT = (
    "Make a new setup token in SimpleFIN Bridge and claim it with `scoreline claim`. If nobody has withdrawn"
    " the access, somebody else may have it: disable the old token there."
)


@dataclass
class Facts:
    """What is known of the connection."""

    day: Limit
    """The requests of a day that are left."""
    user: str
    """A hash of the user's name."""


@connects(SimpleFinCredentials, SOURCE)
def connect(access: Access[SimpleFinCredentials]) -> Client[Facts]:
    """A client for the access URL that keeps the daily limit of requests.

    Raises:
        PermanentError: SIMPLEFIN_ACCESS_URL is not an access URL.
    """
    own, user, password = parted(access.credentials.access_url.get_secret_value())
    day = Limit(PER_DAY, DAY)
    vendor = replace(
        access.vendor("SimpleFIN", own, WAY_OUT),
        headers={"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"},
        budget=Budget({"": (Limit(1, 0), day)}),
        judge=_judge,
    )
    return Client(vendor, Facts(day, hashlib.sha256(user.encode()).hexdigest()[:12]), access.counters)


def _judge(answer: Answer) -> Retry | SourceError | None:
    if answer.status < 400:
        return None
    texts = "; ".join(_complaint_texts(answer.json()))
    if answer.status == 402:
        return PermanentError(f"the subscription is not paid (402): {texts}. Settle it in SimpleFIN Bridge.")
    if answer.status in (401, 403):  # the body is a web page
        return PermanentError(
            f"the access URL is not accepted ({answer.status}): withdrawn, or not the right one. {WAY_OUT}"
        )
    if answer.status == 429:
        return TransientError(
            f"the day's requests are used up (429): {texts or answer.start}. The balances of earlier runs"
            " stay; run it tomorrow."
        )
    return None


def _complaint_texts(body: Any) -> list[str]:
    return [one["text"] for one in complaints(body)] if isinstance(body, dict) else []


def complaints(body: dict[str, Any]) -> list[dict[str, Any]]:
    """What an answer complains of, from `errlist` and `errors`, each text once: code, text, connection and
    account."""
    found: dict[str, dict[str, Any]] = {}
    lists = [body[name] for name in ("errlist", "errors") if body.get(name)]
    # whatever it is, it is a complaint
    for one in [one for told in lists for one in (told if isinstance(told, list) else [told])]:
        said = one if isinstance(one, dict) else {"msg": one}
        text = str(said.get("msg") or said.get("message") or said.get("code") or "something is wrong")
        code = str(said.get("code") or "")
        if code.startswith("conn."):
            code = code.replace("conn.", "con.", 1)
        found.setdefault(
            text,
            {
                "code": code or None,
                "text": text,
                "connection_id": said.get("conn_id"),
                "account_id": said.get("account_id"),
            },
        )
    return list(found.values())


def identify(client: Client[Facts]) -> str:
    """The access behind the URL, so that two people's accounts never mix in one warehouse."""
    return f"access {client.facts.user}"


# ------------------------------------------------------------------ the requests of a day


def used(connection: Any, now: datetime) -> int:
    """Requests that the loads of the last 24 hours took."""
    try:
        # a clock that was ahead once must not keep later days from asking
        row = connection.execute(
            "select coalesce(sum(requests), 0) from ledger.loads where source = ? and finished_at between ?"
            " and ?",
            [SOURCE, now - timedelta(days=1), now + APART],
        ).fetchone()
    except duckdb.CatalogException:
        return 0
    return int(row[0])


def known_keys(connection: Any) -> dict[str, str]:
    """Account id -> the key that it has had so far."""
    try:
        sql = (
            "select account_id, account_key from raw_simplefin.accounts where not starts_with(account_key,"
            " '?/')"
        )
        return dict(connection.execute(sql).fetchall())
    except duckdb.CatalogException:
        return {}


@dataclass
class _Memory:
    """What a run of SimpleFIN remembers."""

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


# ------------------------------------------------------------------ the answer


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


def _ask(client: Client, company: Company, window: tuple[datetime, datetime | None] | None) -> dict[str, Any]:
    """One answer, asked for once whoever wants it; without `window` balances only."""
    wanted: dict[str, object] = {}
    if window is None:
        wanted["balances-only"] = 1
    else:
        wanted["start-date"] = int(window[0].timestamp())
        if window[1]:
            wanted["end-date"] = int(window[1].timestamp())
    if company.simplefin.protocol_version == 2:
        wanted["version"] = 2
    path = f"/accounts?{urllib.parse.urlencode(wanted)}"
    answer = client.get_once(
        path, complaint=once(lambda body: None if at(body, "accounts") else "no account at all")
    )
    found = expect(answer, list, "SimpleFIN accounts", "accounts")
    named = [account for account in found if isinstance(at(account, "id"), str)]
    if len(named) < len(found):
        if not named:
            raise Unexpected("SimpleFIN accounts: expected every account to have an id")
        text = f"{len(found) - len(named)} of {len(found)} accounts came without an id and are left out"
        return {**answer, "accounts": named, "errors": [*(answer.get("errors") or []), text]}
    return dict(answer)


def _answers(run: _Run) -> list[dict[str, Any]]:
    return [_ask(run.client, run.company, window) for window in _windows(run)]


def plain_key(key: str) -> str:
    """An account key as it is compared: the domain of a bank comes with and without "www."."""
    return key.strip().lower().removeprefix("www.")


def accounts_of(answer: Mapping[str, Any], keys: Mapping[str, str]) -> list[dict[str, Any]]:
    """The accounts of an answer of either version, each with its organisation (`_org`) and its lasting key
    (`_key`).

    Args:
        keys: account id -> the key that it has had so far, and keeps.
    """
    connections = {at(one, "conn_id"): one for one in answer.get("connections") or []}
    found = []
    for account in answer["accounts"]:
        own, shared = account.get("org") or {}, connections.get(account.get("conn_id")) or {}
        url = own.get("url") or shared.get("org_url") or ""
        domain = str(own.get("domain") or _host(url)).strip().lower().removeprefix("www.") or None
        org = {
            "domain": domain,
            "name": (
                own.get("name") or shared.get("org_name") or shared.get("name") or account.get("conn_name")
            ),
            "id": own.get("id") or shared.get("org_id"),
        }
        lasting = org["domain"] or org["id"] or org["name"] or "?"
        key = keys.get(account["id"]) or f"{lasting}/{account.get('name')}"
        found.append({**account, "_org": org, "_key": key[4:] if key.lower().startswith("www.") else key})
    return found


def _host(url: Any) -> str:
    try:
        return urllib.parse.urlsplit(str(url)).hostname or ""
    except ValueError:
        return ""


def _concerned(said: Mapping[str, Any], accounts: list[dict[str, Any]]) -> set[str]:
    """Ids of the accounts of an answer that a complaint is about: by id, by connection, or by the name of the
    bank in its text (the first version tells nothing else). None: it names no account that came."""
    text = said["text"].lower()
    found = {
        account["id"]
        for account in accounts
        if said["account_id"] == account["id"]
        or (said["connection_id"] and said["connection_id"] == account.get("conn_id"))
    }
    if not found and not said["account_id"] and not said["connection_id"]:
        found = {
            account["id"]
            for account in accounts
            if (name := str(account["_org"]["name"] or "").lower()) and name in text
        }
    return found


def _instant(seconds: Any) -> Any:
    """Epoch seconds as milliseconds, which need no guess; 0 is none (a pending transaction); anything else as
    it came, for the warning."""
    try:
        return int(seconds) * 1000 or None
    except (TypeError, ValueError, OverflowError):
        return seconds


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
            concerned = _concerned(said, accounts)
            troubled |= concerned
            for account in concerned or {account["id"] for account in accounts}:
                sentences.setdefault(account, []).append(text)
    rows = [
        {
            **account,
            "_day": day,
            # left out where it equals the balance
            "_available": account.get("available-balance", account.get("balance")),
            "_balance_at": _instant(account.get("balance-date")),
            "_holdings": len(account.get("holdings") or []),
            "_has_error": bool({account["id"], account.get("conn_id")} & (troubled - {None})),
            "_error_text": "\n".join(sentences.get(account["id"], ())) or None,
        }
        for account in accounts
    ]
    for text in _stale(rows, run.started_at, run.company.simplefin.stale_after_days):
        run.warn(f"SimpleFIN: {text}")
    yield from typed("simplefin.balances", BALANCES, [rows], run.warn, key=("account_id", "snapshot_date"))


def _stale(rows: list[dict[str, Any]], now: datetime, days: int) -> Iterator[str]:
    for row in rows:
        with contextlib.suppress(TypeError, ValueError):
            true_at = datetime.fromtimestamp(int(row["balance-date"]), UTC)
            if now - true_at > timedelta(days=days):
                yield (
                    f"the balance of {row['_key']} is that of {true_at:%Y-%m-%d}; the bank may have to be"
                    " connected again"
                )


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
                        "_posted_at": _instant(one.get("posted")),
                        "_transacted_at": _instant(one.get("transacted_at")),
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
        newest="balance_at",
        is_snapshot=True,
    ),
    Table(
        "accounts",
        "One row per account id that ever came; a reconnected account has a new id and the same account_key.",
        "account_id",
        kinds(ACCOUNTS),
        _accounts,
    ),
    Table(
        "transactions",
        "One row per booked transaction, in the account's currency; negative left the account. An id may"
        " exist in two accounts.",
        ("account_id", "transaction_id"),
        kinds(TRANSACTIONS, deleted_at="timestamp"),
        _transactions,
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
    ),
)


def diagnose(client: Client, settings: Settings, company: Company) -> Iterator[Finding]:
    """Requests left, what the banks complain of, stale balances, and the accounts that count as cash."""
    taken, keys = 0, dict[str, str]()
    if settings.warehouse_path.exists():
        with (
            contextlib.suppress(duckdb.Error),
            contextlib.closing(duckdb.connect(str(settings.warehouse_path), read_only=True)) as connection,
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
    answer = _ask(client, company, None)
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
    for text in _stale(accounts, settings.now(), company.simplefin.stale_after_days):
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
                " one of them is plainly the former self of the other, linked anew",
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
)

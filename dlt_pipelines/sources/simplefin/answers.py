"""SimpleFIN's answers, in both versions of its protocol: accounts, and what the banks complain of."""

from __future__ import annotations

import contextlib
import urllib.parse
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from dlt_pipelines.core.records import at
from dlt_pipelines.core.values import instant
from dlt_pipelines.errors import Unexpected
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.paging import expect, once
from foundation.settings import Company


def complaint_texts(body: Any) -> list[str]:
    return [one["text"] for one in complaints(body)] if isinstance(body, dict) else []


def complaints(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the complaints of an answer, from `errlist` and `errors`, each text once: code, text, connection
    and account."""
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


def answer_for(
    client: Client, company: Company, window: tuple[datetime, datetime | None] | None
) -> dict[str, Any]:
    """Return one answer, which is fetched once per run; without `window` it has balances only."""
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


def plain_key(key: str) -> str:
    """Return an account key in the form to compare: a bank's domain comes with and without "www."."""
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


def concerned_by(said: Mapping[str, Any], accounts: list[dict[str, Any]]) -> set[str]:
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


def milliseconds(seconds: Any) -> Any:
    """Epoch seconds as milliseconds, which need no guess; 0 is none (a pending transaction); anything else as
    it came, for the warning."""
    try:
        return int(seconds) * 1000 or None
    except (TypeError, ValueError, OverflowError):
        return seconds


def stale_balances(rows: list[dict[str, Any]], now: datetime, days: int) -> Iterator[str]:
    for row in rows:
        with contextlib.suppress(ValueError):
            true_at = instant(milliseconds(row.get("balance-date")))
            if now - true_at > timedelta(days=days):
                yield (
                    f"the balance of {row['_key']} is that of {true_at:%Y-%m-%d}; the bank may have to be"
                    " connected again"
                )

"""SimpleFIN's wire contract in the sandbox."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlsplit

import requests

from sandbox import SANDBOX_CREDENTIALS, Sandbox
from sandbox.companies.cedar_ridge.finance.cash import balance
from sandbox.companies.cedar_ridge.finance.ledger import accounts

PARTS = urlsplit(SANDBOX_CREDENTIALS["SIMPLEFIN_ACCESS_URL"])


def get(
    sandbox: Sandbox, path: str = "accounts", user: str | None = PARTS.username, **params: Any
) -> requests.Response:
    asked = {name.replace("_", "-"): value for name, value in params.items()}
    return requests.get(
        f"{sandbox.url}/simplefin/{path}", params=asked, auth=(str(user), str(PARTS.password)), timeout=30
    )


def test_both_versions(sandbox: Sandbox) -> None:
    first, second = get(sandbox).json(), get(sandbox, version=2).json()
    assert first["accounts"][0]["org"]["domain"] == "lakeland-bank.example" and "connections" not in first
    assert (
        second["accounts"][0]["conn_id"] == second["connections"][0]["conn_id"]
        and "org" not in second["accounts"][0]
    )
    assert isinstance(second["accounts"][0]["balance"], str) and isinstance(
        second["accounts"][0]["balance-date"], int
    )
    assert requests.get(f"{sandbox.url}/simplefin/info", timeout=30).json() == {"versions": ["1", "2"]}


def test_balances_are_those_of_the_company(sandbox: Sandbox) -> None:
    found = {account["id"]: account["balance"] for account in get(sandbox).json()["accounts"]}
    for account in accounts(1):
        assert found[f"ACT-{account.key}"] == str(balance(1, account.key, date(2025, 10, 26)))


def test_ranges_are_cut_and_balances_come_alone(sandbox: Sandbox) -> None:
    now = 1761566400
    answer = get(sandbox, version=2, start_date=now - 200 * 86_400, end_date=now).json()
    assert answer["errlist"][0]["code"] == "gen.api"
    posted = [one["posted"] for account in answer["accounts"] for one in account["transactions"]]
    assert now - 90 * 86_400 <= min(posted) and max(posted) < now
    alone = get(sandbox, balances_only=1).json()["accounts"]
    assert not any(account["transactions"] or "holdings" in account for account in alone)
    assert [one["id"] for one in get(sandbox, account="ACT-card").json()["accounts"]] == ["ACT-card"]


def test_the_same_transaction_id_in_two_accounts(sandbox: Sandbox) -> None:
    ids = [
        one["id"]
        for account in get(sandbox, start_date=1754000000).json()["accounts"]
        for one in account["transactions"]
    ]
    assert len(ids) > len(set(ids))


def test_errors(sandbox: Sandbox) -> None:
    refused = get(sandbox, user="nobody")
    assert refused.status_code == 403 and refused.text.startswith("<!DOCTYPE html>")
    sandbox.fault("simplefin", "status", status=402, times=1)
    unpaid = get(sandbox)
    assert unpaid.status_code == 402 and len(unpaid.json()["errors"]) == 1 and unpaid.json()["accounts"] == []


def test_a_setup_token_is_good_once(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/simplefin/claim/canary-claim-sandbox"
    first = requests.post(url, timeout=30)
    assert first.text == SANDBOX_CREDENTIALS["SIMPLEFIN_ACCESS_URL"] and first.headers[
        "content-type"
    ].startswith("text/plain")
    assert requests.post(url, timeout=30).status_code == 403


def test_a_day_has_24_requests(limited: Sandbox) -> None:
    assert [get(limited).status_code for _ in range(25)] == [200] * 24 + [429]
    assert "too many requests" in get(limited).json()["errors"][0]

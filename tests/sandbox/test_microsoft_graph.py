"""Microsoft's secure scores keep the contract at the top of `sandbox/vendors/microsoft_graph.py`."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox import SANDBOX_CREDENTIALS, Sandbox
from sandbox.companies import build
from sandbox.vendors import microsoft_graph

OWN = microsoft_graph.OWN_TENANT
FORM = {
    "client_id": SANDBOX_CREDENTIALS["MICROSOFT_CLIENT_ID"],
    "client_secret": SANDBOX_CREDENTIALS["MICROSOFT_CLIENT_SECRET"],
    "scope": "https://graph.microsoft.com/.default",
    "grant_type": "client_credentials",
}


def token(sandbox: Sandbox, tenant: str = OWN, **change: str) -> requests.Response:
    return requests.post(
        f"{sandbox.url}/microsoft_graph/{tenant}/oauth2/v2.0/token", data=FORM | change, timeout=30
    )


def scores(sandbox: Sandbox, query: str = "$top=30", tenant: str = OWN) -> requests.Response:
    key = token(sandbox, tenant).json()["access_token"]
    address = f"{sandbox.url}/microsoft_graph/v1.0/security/secureScores?{query}"
    return requests.get(address, headers={"Authorization": f"Bearer {key}"}, timeout=30)


def test_a_token_is_for_one_tenant(sandbox: Sandbox) -> None:
    answer = token(sandbox)
    assert answer.status_code == 200 and answer.json()["expires_in"] == 3599
    for tenant in microsoft_graph.CLIENT_TENANTS:
        assert {row["azureTenantId"] for row in scores(sandbox, tenant=tenant).json()["value"]} <= {tenant}
    assert token(sandbox, "cedar-ridge.example").status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "error", "number"),
    [
        ({"client_secret": "x"}, 401, "invalid_client", 7000215),
        ({"client_id": "x"}, 400, "unauthorized_client", 700016),
        ({"grant_type": "password"}, 400, "invalid_request", 900144),
        ({"tenant": "0000"}, 400, "invalid_request", 90002),
    ],
)
def test_refused_tokens(
    sandbox: Sandbox, change: dict[str, Any], status: int, error: str, number: int
) -> None:
    answer = token(sandbox, **change)
    assert (answer.status_code, answer.json()["error"], answer.json()["error_codes"]) == (
        status,
        error,
        [number],
    )
    assert answer.json()["error_description"].startswith(f"AADSTS{number}: ")


def test_without_a_token_and_without_consent(sandbox: Sandbox) -> None:
    address = f"{sandbox.url}/microsoft_graph/v1.0/security/secureScores"
    assert (
        requests.get(address, headers={"Authorization": "Bearer x"}, timeout=30).json()["error"]["code"]
        == "InvalidAuthenticationToken"
    )
    refused = scores(sandbox, tenant=microsoft_graph.REFUSING_TENANT)
    assert refused.status_code == 403 and "valid permissions" in refused.json()["error"]["message"]


def test_pages_follow_the_link_newest_first_and_end_after_90_days(sandbox: Sandbox) -> None:
    page = scores(sandbox).json()
    days = [row["createdDateTime"] for row in page["value"]]
    key = token(sandbox).json()["access_token"]
    while link := page.get("@odata.nextLink"):
        assert link.startswith(f"{sandbox.url}/microsoft_graph/v1.0/")
        page = requests.get(link, headers={"Authorization": f"Bearer {key}"}, timeout=30).json()
        days += [row["createdDateTime"] for row in page["value"]]
    assert days == sorted(days, reverse=True) and 80 < len(days) < 90  # some days never come
    assert days[-1] > "2025-07-29"


def test_a_tenant_without_data_is_empty_and_odd_options_are_refused(sandbox: Sandbox) -> None:
    assert scores(sandbox, tenant=microsoft_graph.CLIENT_TENANTS[2]).json()["value"] == []
    assert scores(sandbox, "$orderby=createdDateTime").status_code == 400
    assert scores(sandbox, "$top=0").status_code == 400


def test_over_the_limit_a_fractional_wait_is_asked(limited: Sandbox) -> None:
    key = token(limited).json()["access_token"]
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {key}"
    answers = [
        session.get(f"{limited.url}/microsoft_graph/v1.0/security/secureScores?$top=1", timeout=30)
        for _ in range(151)
    ]
    assert {answer.status_code for answer in answers[:150]} == {200}
    assert answers[150].status_code == 429 and answers[150].headers["Retry-After"] == "2.128"
    assert answers[150].json()["error"]["code"] == "TooManyRequests"


def test_the_tenants_are_those_of_company_toml() -> None:
    from foundation.settings import Settings, load_company

    names = load_company(Settings()).microsoft_graph.tenants
    firms = [
        versions[0].props["name"] for versions in build(1, "cedar").tables["hubspot.companies"].values()
    ][:3]
    assert list(names) == [OWN, *microsoft_graph.CLIENT_TENANTS]
    assert list(names.values()) == ["Cedar Ridge IT", *firms]

"""Smartlead keeps the contract at the top of `sandbox/vendors/smartlead.py`."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox import SANDBOX_CREDENTIALS, Sandbox

KEY = SANDBOX_CREDENTIALS["SMARTLEAD_API_KEY"]


def get(sandbox: Sandbox, path: str, key: str = KEY, **query: Any) -> requests.Response:
    return requests.get(f"{sandbox.url}/smartlead{path}", params={"api_key": key, **query}, timeout=30)


def test_the_key_is_in_the_query(sandbox: Sandbox) -> None:
    assert get(sandbox, "/campaigns").status_code == 200
    assert get(sandbox, "/campaigns", key="x").status_code == 401
    assert (
        requests.get(
            f"{sandbox.url}/smartlead/campaigns", headers={"Authorization": KEY}, timeout=30
        ).status_code
        == 401
    )


def test_campaigns_are_a_bare_list_with_odd_shapes(sandbox: Sandbox) -> None:
    rows = get(sandbox, "/campaigns").json()
    assert {row["status"] for row in rows} == {"ACTIVE", "PAUSED", "COMPLETED", "DRAFTED"}
    assert {type(row["scheduler_cron_value"]) for row in rows} == {dict, str, type(None)}
    assert any(row["parent_campaign_id"] for row in rows) and any("\U0001f3ed" in row["name"] for row in rows)


def test_totals_are_texts_and_leads_add_up(sandbox: Sandbox) -> None:
    for row in get(sandbox, "/campaigns").json():
        stats = get(sandbox, f"/campaigns/{row['id']}/analytics").json()
        leads = stats["campaign_lead_stats"]
        assert (
            isinstance(stats["sent_count"], str)
            and int(stats["unique_sent_count"]) == leads["total"] - leads["notStarted"]
        )
        assert sum(leads.values()) == 2 * leads["total"] and min(leads.values()) >= 0, row["name"]
        sent = get(sandbox, f"/campaigns/{row['id']}/statistics", limit=1).json()
        assert sent["total_stats"] == stats["sent_count"]


def test_paging_and_filters_of_single_emails(sandbox: Sandbox) -> None:
    path = "/campaigns/5012/statistics"
    window = {"sent_time_start_date": "2025-10-20", "email_sequence_number": 1}
    whole = get(sandbox, path, limit=1000, **window).json()
    parts = [
        row
        for offset in range(0, 200, 40)
        for row in get(sandbox, path, limit=40, offset=offset, **window).json()["data"]
    ]
    assert whole["data"] == parts and int(whole["total_stats"]) == len(parts)
    assert {row["sequence_number"] for row in parts} == {1} and min(
        row["sent_time"] for row in parts
    ) >= "2025-10-20"
    day = get(
        sandbox,
        "/campaigns/5012/analytics-by-date",
        start_date="2025-10-20",
        end_date="2025-10-24",
        time_zone="America/Chicago",
    )
    assert day.json()["unique_sent_count"] != "0"


@pytest.mark.parametrize(
    ("path", "query", "status", "text"),
    [
        ("/campaigns/1/analytics", {}, 404, "Campaign not found - Invalid campaign_id."),
        ("/campaigns/1/analytics-by-date", {}, 404, "Invalid campaign id'"),
        (
            "/campaigns/5012/analytics-by-date",
            {"start_date": "2025-08-01", "end_date": "2025-10-01"},
            400,
            "max of 30days",
        ),
        ("/campaigns", {"page": 2}, 400, '"page\\" is not allowed'),
        ("/campaigns/5012/lead-statistics", {}, 404, "Cannot GET /api/v1/campaigns/5012/lead-statistics"),
        ("/email-accounts/", {"limit": 101}, 400, "less than or equal to 100"),
        ("/campaigns/5012/statistics", {"limit": 1001}, 400, "less than or equal to 1000"),
    ],
)
def test_refusals(sandbox: Sandbox, path: str, query: dict[str, Any], status: int, text: str) -> None:
    answer = get(sandbox, path, **query)
    assert answer.status_code == status and text in answer.text


def test_mailboxes_have_no_total_and_hold_secrets(sandbox: Sandbox) -> None:
    rows = get(sandbox, "/email-accounts/").json()
    assert isinstance(rows, list) and all("canary-mailbox-password" in row["password"] for row in rows)
    pages = [
        row
        for offset in range(0, 30, 10)
        for row in get(sandbox, "/email-accounts/", offset=offset, limit=10).json()
    ]
    assert pages == rows
    assert len(get(sandbox, "/email-accounts/", isInUse="true").json()) == len(rows) - 1


def test_limits_and_what_is_said_about_them(limited: Sandbox) -> None:
    answers = [get(limited, "/campaigns") for _ in range(14)]
    assert (
        answers[0].headers["x-ratelimit-limit"] == "60"
        and answers[0].headers["x-ratelimit-remaining"] == "59"
    )
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused and refused[0].json()["error"]["code"] == "RATE_LIMIT_EXCEEDED"

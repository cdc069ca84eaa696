"""Ad spend of all platforms in one shape: what may be added up, and why the rest may not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.dbt_project.conftest import MakeWarehouse


@pytest.fixture(scope="module")
def rows(make_warehouse: MakeWarehouse) -> dict[str, dict[str, Any]]:
    """record_id -> row, at Monday 2025-10-27 12:00 UTC, 07:00 in Chicago; the company counts in dollars."""
    warehouse = make_warehouse("2025-10-27T12:00:00")
    warehouse.add(
        "google_ads.accounts",
        [{"id": "1", "name": "Main", "currency": "USD", "time_zone": "America/Chicago"}],
    )
    warehouse.add(
        "google_ads.campaigns",
        [{"account_id": "1", "id": "7", "name": "Brand (new name)", "status": "PAUSED"}],
    )
    day = {
        "account_id": "1",
        "campaign_id": "7",
        "campaign_name": "Brand",
        "currency": "USD",
        "impressions": 10,
        "clicks": 2,
    }
    warehouse.add(
        "google_ads.spend",
        [
            day | {"day": "2025-10-26", "spend": Decimal("12.345678"), "conversions": Decimal("0.5")},
            day | {"day": "2025-10-27", "spend": Decimal("3")},
            day | {"day": "2025-10-25", "spend": Decimal("4"), "deleted_at": "2025-10-26T12:00:00Z"},
            day | {"day": "2025-10-24"},
            day | {"campaign_id": "8", "day": "2025-10-24", "spend": Decimal("5")},
        ],
    )
    euros = {
        "account_id": "2",
        "campaign_id": "9",
        "day": "2025-10-26",
        "currency": "EUR",
        "spend": Decimal("100"),
    }
    warehouse.add("meta_ads.spend", [euros, euros | {"currency": None, "campaign_id": "10"}])
    warehouse.add("linkedin_ads.accounts", [{"id": "3", "currency": "USD", "time_zone": "Pacific/Auckland"}])
    warehouse.add(
        "linkedin_ads.spend",
        [{"account_id": "3", "campaign_id": "11", "day": "2025-10-27", "currency": "USD", "spend": 7}],
    )
    typed = {
        "day": "2025-10-06",
        "source": "Trade_Magazine ",
        "campaign_key": "Half page",
        "campaign_name": "Half page",
        "currency": "USD",
    }
    warehouse.add(
        "ad_spend_csv.spend",
        [
            typed | {"file": "2025-10.csv", "line": 2, "spend": Decimal("890")},
            typed
            | {
                "file": "2025-11.csv",
                "line": 2,
                "spend": Decimal("845.5"),
                "campaign_key": "half page",
            },
            # Google itself reports this for the 26th; it reports nothing for the 1st
            typed | {"file": "a.csv", "line": 2, "source": "Google Ads", "day": "2025-10-26", "spend": 40},
            typed | {"file": "a.csv", "line": 3, "source": "google", "day": "2025-10-01", "spend": 1},
        ],
    )
    warehouse.build("--select", "+int_marketing__ad_spend", "--indirect-selection", "cautious")
    return {row["record_id"]: row for row in warehouse.query("from intermediate.int_marketing__ad_spend")}


def test_one_shape(rows: dict[str, dict[str, Any]]) -> None:
    row = rows["google_ads:1:7:2025-10-26"]
    shown = (
        "platform",
        "account_name",
        "campaign_name",
        "campaign_status",
        "spend",
        "currency",
        "company_spend",
        "conversions",
        "reason",
    )
    told = {name: row[name] for name in shown}
    assert told == {
        "platform": "google_ads",
        "account_name": "Main",
        "campaign_name": "Brand (new name)",
        "campaign_status": "PAUSED",
        "spend": Decimal("12.345678"),
        "currency": "USD",
        "company_spend": Decimal("12.345678"),
        "conversions": Decimal("0.5"),
        "reason": None,
    }
    assert (
        rows["google_ads:1:8:2025-10-24"]["campaign_name"] == "Brand"
    )  # a campaign that is not listed keeps the name it had


def test_two_currencies_are_never_added(rows: dict[str, dict[str, Any]]) -> None:
    assert (
        sum(row["company_spend"] or 0 for row in rows.values())
        == Decimal("12.345678") + 3 + 5 + 7 + Decimal("845.5") + 1
    )
    euros = rows["meta_ads:2:9:2025-10-26"]
    assert (euros["spend"], euros["currency"], euros["company_spend"], euros["reason"]) == (
        100,
        "EUR",
        None,
        "other_currency",
    )
    assert rows["meta_ads:2:10:2025-10-26"]["reason"] == "other_currency"


def test_what_must_not_be_counted_says_why(rows: dict[str, dict[str, Any]]) -> None:
    reasons = {key: row["reason"] for key, row in rows.items()}
    assert reasons["google_ads:1:7:2025-10-25"] == "withdrawn"
    assert reasons["google_ads:1:7:2025-10-24"] == "no_number"
    assert (reasons["2025-10.csv:2"], reasons["2025-11.csv:2"]) == ("corrected", None)
    assert rows["2025-11.csv:2"]["platform"] == "trade_magazine"
    assert (reasons["a.csv:2"], reasons["a.csv:3"]) == ("also_read_by_api", None)


def test_a_day_is_over_when_it_is_over_at_the_account(rows: dict[str, dict[str, Any]]) -> None:
    assert rows["google_ads:1:7:2025-10-26"]["is_day_over"] is True
    assert rows["google_ads:1:7:2025-10-27"]["is_day_over"] is False
    assert rows["linkedin_ads:3:11:2025-10-27"]["is_day_over"] is True  # 01:00 of the 28th in Auckland

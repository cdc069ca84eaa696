"""Ad spend files: good rows load, bad ones are named, and a later file corrects an earlier one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from dlt_pipelines.core.load import load
from dlt_pipelines.doctor.checks import diagnose
from dlt_pipelines.sources.google_ads import GoogleAdsCredentials
from foundation.settings import Company, Settings
from tests.dlt_pipelines.conftest import query

HEADER = "day,source,campaign_name,spend,currency\n"
GOOD = "2025-10-06,trade_magazine,Half page,890.00,USD\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "spend"
    path.mkdir()
    monkeypatch.setenv("SCORELINE_AD_SPEND_DIR", str(path))
    return path


def loaded(company: Company) -> list[str]:
    return load("ad_spend_csv", Settings(), company).warnings


def test_a_row_with_every_column(folder: Path, company: Company) -> None:
    header = "clicks,impressions,conversions,campaign_id,currency,spend,campaign_name,source,day\n"
    (folder / "a.csv").write_text(
        header + "74,9800,2.5,C-1,EUR,240.555,Newsletter,Trade magazine,2025-09-15\n"
    )
    assert loaded(company) == []
    assert query(Settings(), "select * exclude (_dlt_id, _dlt_load_id) from raw_ad_spend_csv.spend") == [
        (
            "a.csv",
            2,
            date(2025, 9, 15),
            "Trade magazine",
            "C-1",
            "Newsletter",
            "EUR",
            Decimal("240.555"),
            9800,
            74,
            Decimal("2.5"),
        )
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("06/10/2025,trade_magazine,Half page,890,USD", '"06/10/2025" is not a day such as 2025-10-22'),
        ("2025-W40,trade_magazine,Half page,890,USD", '"2025-W40" is not a day such as 2025-10-22'),
        ("20251007,trade_magazine,Half page,890,USD", '"20251007" is not a day such as 2025-10-22'),
        ("0001-01-01,trade_magazine,Half page,890,USD", '"0001-01-01" is outside the years 1900 to 2199'),
        (
            "2052-10-07,trade_magazine,Half page,890,USD",
            "2052-10-07 is more than a year ahead; is the year right?",
        ),
        ("2025-10-28,trade_magazine,Half page,890,USD", "2025-10-28 is after today, 2025-10-27"),
        ("2025-10-07,,Half page,890,USD", "the source is empty"),
        ("2025-10-07,trade_magazine,,890,USD", "neither campaign_name nor campaign_id"),
        ("2025-10-07,trade_magazine,Half page,$890,USD", 'the spend "$890" is not a number'),
        ("2025-10-07,trade_magazine,Half page,,USD", "the spend is empty"),
        ("2025-10-07,trade_magazine,Half page,890,", '"" is not a currency such as USD'),
        ("2025-10-07,trade_magazine,Half page,890,$", '"$" is not a currency'),
        ("2025-10-06,Trade_Magazine,half page,1,USD", "the same source, campaign and day as line 2"),
        ("2025-10-07,trade_magazine,Half page,890", "4 cells, but the header has 5"),
    ],
)
def test_a_bad_row_is_named_and_the_good_ones_load(
    row: str, reason: str, folder: Path, company: Company
) -> None:
    (folder / "a.csv").write_text(HEADER + GOOD + row + "\n" + GOOD.replace("10-06", "10-13"))
    (warning,) = loaded(company)
    assert warning.startswith("a.csv, line 3: ") and reason in warning
    assert query(Settings(), "select line from raw_ad_spend_csv.spend order by 1") == [(2,), (4,)]
    assert query(Settings(), "select file, line from raw_ad_spend_csv.rejected") == [("a.csv", 3)]
    assert [
        finding.detail
        for finding in diagnose(Settings(), company, ["ad_spend_csv"])
        if finding.level == "warn"
    ] == [warning]


def test_counts_are_whole(folder: Path, company: Company) -> None:
    (folder / "a.csv").write_text(
        "day,source,campaign_name,spend,currency,clicks\n" + GOOD.strip() + ",7.5\n"
    )
    assert "the number of clicks is not whole" in loaded(company)[0]
    (folder / "a.csv").write_text(
        "day,source,campaign_name,spend,currency,clicks\n" + GOOD.strip() + ",1e25\n"
    )
    assert "the number of clicks has more than 18 digits" in loaded(company)[0]


def test_a_later_file_keeps_its_own_row(folder: Path, company: Company) -> None:
    (folder / "2025-10.csv").write_text(HEADER + GOOD)
    (folder / "2025-11.csv").write_text(HEADER + GOOD.replace("890.00", "845.50"))
    assert loaded(company) == []
    assert query(Settings(), "select file, spend from raw_ad_spend_csv.spend order by 1") == [
        ("2025-10.csv", 890),
        ("2025-11.csv", Decimal("845.5")),
    ]


def test_a_wrong_header_and_a_missing_folder(
    folder: Path, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.csv").write_text("day,source,campaign_name,cost\n")
    assert "it lacks spend, currency; unknown: cost" in loaded(company)[0]
    monkeypatch.setenv("SCORELINE_AD_SPEND_DIR", str(folder / "nowhere"))
    assert "does not exist; create it, or set SCORELINE_AD_SPEND_DIR" in loaded(company)[0]


def test_the_example_of_the_project_is_good(company: Company) -> None:
    assert loaded(company) == []
    assert query(Settings(), "select count(*) > 5, count(distinct file) from raw_ad_spend_csv.spend") == [
        (True, 2)
    ]


@pytest.mark.parametrize("name", ["google_ads", "Google Ads", "google"])
def test_a_platform_that_is_also_read_by_its_api_is_named_once(
    name: str, folder: Path, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.csv").write_text(HEADER + GOOD + GOOD.replace("trade_magazine", name))
    assert loaded(company) == []
    for variable in GoogleAdsCredentials.variables():
        monkeypatch.setenv(variable, "1234567890")
    (warning,) = loaded(company)
    assert (
        f'source "{name}" is also read by the API of Google Ads' in warning
        and "are left out of the files" in warning
    )
    assert query(Settings(), "select count(*) from raw_ad_spend_csv.spend") == [(2,)]
    assert [
        f"Ad spend files: {finding.detail}"
        for finding in diagnose(Settings(), company, ["ad_spend_csv"])
        if finding.level == "warn"
    ] == [warning]

"""Numbers, amounts and days in the company's locale, in Python and in SQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from foundation.errors import SettingsError
from foundation.formats import DEFAULT, currency_digits, currency_symbol, use_locale
from foundation.settings import PROJECT_ROOT, Settings, load_company
from foundation.warehouse import settings_rows
from reports.look.numbers import day, long_day, month, number, week_days


@pytest.fixture(autouse=True)
def _default() -> Iterator[None]:
    yield
    use_locale(DEFAULT)


@pytest.mark.parametrize(
    ("code", "symbol", "digits"),
    [
        ("USD", "$", 2),
        ("GBP", "£", 2),
        ("CAD", "CA$", 2),
        ("JPY", "¥", 0),
        ("KRW", "₩", 0),
        ("CHF", "CHF ", 2),  # no symbol of its own: the code and a space
        ("XOF", "F\u202fCFA ", 0),
        ("ZZZ", "ZZZ ", 2),
    ],
)
def test_symbols_and_decimals(code: str, symbol: str, digits: int) -> None:
    assert (currency_symbol(code), currency_digits(code)) == (symbol, digits)


def test_sql_is_told_the_same() -> None:
    company = load_company(Settings())
    yen = company.model_copy(update={"company": company.company.model_copy(update={"currency": "JPY"})})
    assert {("format.currency_symbol", "¥"), ("format.currency_digits", "0")} <= set(settings_rows(yen))


OCTOBER = date(2025, 10, 5)


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("en_US", ["1,234.5", "-$1,234.50", "12%", "5 Oct", "Sun 5 Oct 2025", "Oct 2025"]),
        ("en_GB", ["1,234.5", "-US$1,234.50", "12%", "5 Oct", "Sun 5 Oct 2025", "Oct 2025"]),
        ("de_DE", ["1.234,5", "-1.234,50 $", "12 %", "5. Okt.", "So., 5. Okt. 2025", "Okt. 2025"]),
    ],
)
def test_a_locale_writes_as_its_people_do(locale: str, expected: list[str]) -> None:
    use_locale(locale)
    found = [
        number(1234.5),
        number(-1234.5, "money:USD"),
        number(0.12, "percent"),
        day(OCTOBER),
        long_day(OCTOBER),
        month(OCTOBER),
    ]
    plain = [text.replace("\u2212", "-").replace("\xa0", " ").replace("\u202f", " ") for text in found]
    assert plain == expected


def test_a_week_names_its_year_once() -> None:
    assert week_days(date(2025, 10, 20)) == "Mon 20 Oct to Sun 26 Oct 2025"
    assert week_days(date(2025, 12, 29)) == "Mon 29 Dec 2025 to Sun 4 Jan 2026"


def company_file(folder: Path, locale: str) -> Path:
    path = folder / "company.toml"
    text = (PROJECT_ROOT / "company.toml").read_text(encoding="utf-8")
    path.write_text(
        text.replace('currency = "USD"', f'currency = "EUR"\nlocale = "{locale}"'), encoding="utf-8"
    )
    return path


def test_the_setting_chooses_for_pages_and_sql(tmp_path: Path) -> None:
    company = load_company(Settings(SCORELINE_COMPANY_FILE=company_file(tmp_path, "de_DE")))
    assert number(1234.5, "money:EUR").replace("\xa0", " ") == "1.234,50 €"
    rows = dict(settings_rows(company))
    assert (rows["format.group"], rows["format.decimal"], rows["format.currency_symbol"]) == (".", ",", "")
    assert rows["format.currency_after"].strip() == "€"
    # DuckDB knows English months only
    assert (rows["format.day_year"], rows["format.month"]) == ("%-d.%-m.%Y", "%-m/%Y")


def test_an_unknown_locale_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="'xx_YY' is not a known locale, expected one such as 'en_GB'"):
        load_company(Settings(SCORELINE_COMPANY_FILE=company_file(tmp_path, "xx_YY")))

import tomllib
from pathlib import Path

import pytest

from foundation.settings import PROJECT_ROOT, EnvSettings, Settings, SettingsError, load_company


@pytest.fixture
def company_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "company.toml"
    path.write_text((PROJECT_ROOT / "company.toml").read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setenv("SCORELINE_COMPANY_FILE", str(path))
    return path


def test_the_project_s_company_file_is_valid() -> None:
    assert load_company(Settings()).zone.key == "America/Chicago"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            'time_zone = "America/Chicago"',
            'time_zone = "Amerca/Chicago"',
            "company.time_zone: unknown time zone 'Amerca",
        ),
        ('currency = "USD"', 'currency = "dollars"', "company.currency"),
        ("reactive_queue_ids = [29680010]", 'reactive_queue_ids = ["ROC"]', "autotask.reactive_queue_ids.0"),
        (
            'warm_list = "Warm 250"',
            'warm_lst = "Warm 250"',
            "hubspot.warm_lst: unknown key; did you mean warm_list?",
        ),
        ("[company]", "[company", "line"),
    ],
)
def test_a_wrong_value_is_named_with_file_and_key(company_file: Path, old: str, new: str, says: str) -> None:
    text = company_file.read_text(encoding="utf-8")
    assert old in text
    company_file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_company(Settings())
    assert str(company_file) in str(caught.value)
    assert says in str(caught.value)


def test_a_missing_company_file_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCORELINE_COMPANY_FILE", str(tmp_path / "none.toml"))
    with pytest.raises(SettingsError, match="SCORELINE_COMPANY_FILE"):
        load_company(Settings())


def test_the_board_of_the_environment_replaces_the_queues(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOTASK_ROC_BOARD_ID", "7, 8")
    assert load_company(Settings()).autotask.reactive_queue_ids == [7, 8]


def test_a_board_that_is_no_number_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOTASK_ROC_BOARD_ID", "the roc")
    with pytest.raises(SettingsError, match="AUTOTASK_ROC_BOARD_ID"):
        load_company(Settings())


def test_a_clock_without_time_zone_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCORELINE_AS_OF", "2025-10-27T07:00:00")
    with pytest.raises(SettingsError, match="SCORELINE_AS_OF.*time zone"):
        Settings()


def test_an_error_never_repeats_the_value_of_a_setting() -> None:
    class Credentials(EnvSettings):
        api_key: int

    import os

    os.environ["API_KEY"] = "canary-3f2a"
    try:
        with pytest.raises(SettingsError) as caught:
            Credentials()
    finally:
        del os.environ["API_KEY"]
    assert "canary" not in str(caught.value)
    assert "API_KEY" in str(caught.value)


def test_every_key_of_the_company_file_is_read() -> None:
    written = tomllib.loads((PROJECT_ROOT / "company.toml").read_text(encoding="utf-8"))
    read = load_company(Settings()).model_dump(by_alias=True)
    assert all(set(table) <= set(read[section]) for section, table in written.items())


SENDER = 'from = "Scoreline <scoreline@cedar-ridge.example>"'
OPERATOR = 'operator = "ops@cedar-ridge.example"'
SITE = 'site_url = ""'
TO = (
    'to = ["dana.whitfield@cedar-ridge.example", "sam.okafor@cedar-ridge.example",'
    ' "maya.torres@cedar-ridge.example"]'
)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (SENDER, 'from = ""', "mail.from: '' is not a sender, expected one such as"),
        (SENDER, 'from = "nobody"', "mail.from"),
        (SENDER, 'from = "a@b.example\\nBcc: c@d.example"', "mail.from"),
        (SENDER, 'from = "a@b.example, c@d.example"', "mail.from"),
        (SENDER, 'from = "group: a@b.example;"', "mail.from"),
        (
            OPERATOR,
            'operator = "nobody"',
            "mail.operator: 'nobody' is not an e-mail address, expected one such as 'name@example.com'",
        ),
        (OPERATOR, 'operator = "ops@b.example\\n"', "mail.operator"),
        (OPERATOR, 'operator = "Ops <ops@b.example>"', "mail.operator"),
        (TO, 'to = ["a@b.example;c@d.example"]', "mail.subscriptions.0.to.0"),
        (TO, "to = []", "mail.subscriptions.0: to is empty"),
        (TO, 'too = ["a@b.example"]', "mail.subscriptions.0.too: unknown key; did you mean to?"),
        (
            SITE,
            'site_url = "javascript:alert(1)"',
            "pages.site_url: not a web address, expected one such as 'https://example.com'",
        ),
        (SITE, 'site_url = "ftp://a.example"', "pages.site_url"),
        (SITE, 'site_url = "https://a.example:99999"', "pages.site_url"),
        (SITE, 'site_url = "https://u:p@a.example"', "pages.site_url"),
        (SITE, 'site_url = "http://[::1"', "pages.site_url"),
        (
            'business_day_start = "08:00"',
            'business_day_start = "18:00"',
            "business_day_start (18:00) is not before business_day_end",
        ),
        (
            'business_day_start = "08:00"',
            'business_day_start = "8am"',
            "'8am' is not a time of day, expected HH:MM",
        ),
        ('business_day_start = "08:00"', "business_day_start = 8", "calendar.business_day_start"),
        ('name = "Cedar Ridge IT"', 'name = ""', "company.name: expected a text, got an empty one"),
        ('name = "Cedar Ridge IT"', 'name = "a\\u202eb"', "company.name"),
        (
            'name = "Cedar Ridge IT"',
            f'name = "{"x" * 3000}"',
            "company.name: expected at most 200 characters, got 3000",
        ),
        (
            'pipelines = ["default"]',
            'pipelines = ["default;other"]',
            "hubspot.pipelines.0: 'default;other' is not an id",
        ),
        (
            "[hubspot]",
            '[hubspot]\napi_version = "v4"',
            "hubspot.api_version: 'v4' is not valid, expected a dated version such as",
        ),
        (
            "[hubspot]",
            '[hubspot]\nknown_values = ["OUTGOING"]',
            "hubspot.known_values.0: 'OUTGOING' is not valid, expected a table, a field and a value such as",
        ),
        (
            "[hubspot]",
            '[hubspot]\nstart_date = "1.2.2024"',
            "'1.2.2024' is not a valid date, expected YYYY-MM-DD",
        ),
        ("[hubspot]", "[hubspot]\nstart_date = 0001-01-01", "hubspot.start_date"),
        (
            "[hubspot]",
            '[hubspot]\nrefresh_every = "5m"',
            "hubspot.refresh_every: '5m' is not a valid interval, expected minutes or hours from '15m' to '24h'",
        ),
        ("[hubspot]", '[hubspot]\nrefresh_every = "hourly"', "'hourly' is not a valid interval"),
        (
            "[google_ads]",
            '[google_ads]\naccount_ids = ["111-222-3333;444-555-6666"]',
            "google_ads.account_ids.0",
        ),
        ("[meta_ads]", '[meta_ads]\naccount_ids = ["act_"]', "meta_ads.account_ids.0"),
        ('"lakeland-bank.example/Operating Checking"', '"Operating Checking"', "simplefin.cash_accounts"),
        (
            "[marketing]",
            '[marketing]\nmql_query = "mqls"',
            "marketing.mql_query is 'mqls', but no query has that name; the queries are: limited",
        ),
        (
            'name = "new_inventory_value"',
            'name = "yearly_capacity"',
            "the name yearly_capacity is used twice",
        ),
        ("[mail]", "[mial]", "mial: unknown key; did you mean mail?"),
    ],
)
def test_a_setting_that_is_only_text_is_judged_when_read(
    company_file: Path, old: str, new: str, says: str
) -> None:
    test_a_wrong_value_is_named_with_file_and_key(company_file, old, new, says)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (SENDER, 'from = "\\"Ops, Café\\" <a@b.example>"'),
        (SENDER, 'from = "a@localhost"'),
        (SITE, 'site_url = "https://a.example/scores/"'),
        ("[google_ads]", '[google_ads]\naccount_ids = ["111-222-3333", 4445556666]'),
        ("[linkedin_ads]", '[linkedin_ads]\naccount_ids = ["urn:li:sponsoredAccount:5001"]'),
        ("[marketing]", '[marketing]\nmql_query = "yearly_capacity"'),
    ],
)
def test_what_people_write_rightly_passes(company_file: Path, old: str, new: str) -> None:
    text = company_file.read_text(encoding="utf-8")
    assert old in text
    company_file.write_text(text.replace(old, new, 1), encoding="utf-8")
    load_company(Settings())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            'A=1\n\nHUBSPOT_API_KEY="abc\nB=2\n',
            "line 3: cannot be read, expected NAME=value. A quote may be open",
        ),
        ("HUBSPOT_API_KEY='abc\nB=2\nC='3'\n", "line 1"),
        ('HUBSPOT_API_KEY="abc\nB=2\nC=3"\n', "line 1: the value of HUBSPOT_API_KEY spans several lines"),
        ("A=1\nHUBSPOT_API_KEY: abc\n", "line 2: cannot be read, expected NAME=value"),
        ("# a\nHUBSPOT_API_KEY\n", "line 2: HUBSPOT_API_KEY has no '='"),
        ("HUBSPOT_API_KEY=abc\n  \n\nHUBSPOT_API_KEY=\n", "line 4: HUBSPOT_API_KEY is already set in line 1"),
    ],
)
def test_a_line_of_the_env_file_that_would_be_dropped(
    text: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "some.env"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setenv("SCORELINE_ENV_FILE", str(path))
    with pytest.raises(SettingsError) as caught:
        Settings()
    assert f"{path}, {says}" in str(caught.value) and "abc" not in str(caught.value)


def test_an_env_file_that_is_named_must_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCORELINE_ENV_FILE", str(tmp_path / "typo.env"))
    with pytest.raises(SettingsError, match=r"SCORELINE_ENV_FILE: .*typo\.env does not exist"):
        Settings()
    monkeypatch.setenv("SCORELINE_ENV_FILE", str(tmp_path))
    with pytest.raises(SettingsError, match="cannot be read"):
        Settings()


def test_the_example_of_the_env_file_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCORELINE_ENV_FILE", str(PROJECT_ROOT / ".env.example"))
    assert Settings().smtp_url is None


def test_an_address_of_the_environment_is_judged_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_URL", "127.0.0.1:8808")
    with pytest.raises(SettingsError, match="SANDBOX_URL: not a web address"):
        Settings()


@pytest.mark.parametrize("value", ["lots", "20MB", "1.5GB", "1'GB", "500"])
def test_memory_is_megabytes_or_gigabytes(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SCORELINE_MEMORY", value)
    with pytest.raises(
        SettingsError, match="SCORELINE_MEMORY: .* is not valid, expected at least 100MB, such as"
    ):
        Settings()
    monkeypatch.setenv("SCORELINE_MEMORY", "2GB")
    assert Settings().memory == "2GB"

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
        ('time_zone = "America/Chicago"', 'time_zone = "Amerca/Chicago"', "company.time_zone: Value error, unknown time zone 'Amerca"),
        ('currency = "USD"', 'currency = "dollars"', "company.currency"),
        ("reactive_queue_ids = [29680010]", 'reactive_queue_ids = ["ROC"]', "autotask.reactive_queue_ids.0"),
        ('warm_list = "Warm 250"', 'warm_lst = "Warm 250"', "hubspot.warm_lst: Extra inputs are not permitted"),
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

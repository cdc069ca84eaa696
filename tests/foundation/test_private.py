"""Who may read what runs leave behind."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from foundation.private import close_home, home_mode, open_to_others
from foundation.settings import PROJECT_ROOT, Company, Settings, SettingsError, load_company


def _mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


def _company(mode: str) -> Company:
    company = load_company(Settings())
    return company.model_copy(update={"pages": company.pages.model_copy(update={"site_mode": mode})})


@pytest.mark.parametrize(("site", "home_is"), [("0600", 0o700), ("0640", 0o710), ("0644", 0o711)])
def test_others_pass_through_the_home_to_a_site_that_is_open(home: Path, site: str, home_is: int) -> None:
    company = _company(site)
    assert home_mode(company) == home_is
    home.chmod(0o755)
    close_home(Settings(), company)
    assert _mode(home) == oct(0o755), "a folder without a warehouse may be anybody's"
    (home / "warehouse.duckdb").touch()
    (home / "warehouse.duckdb").chmod(0o644)
    assert set(open_to_others(Settings(), company)) == {home, home / "warehouse.duckdb"}
    close_home(Settings(), company)
    assert _mode(home) == oct(home_is)
    assert set(open_to_others(Settings(), company)) == {home / "warehouse.duckdb"}


def test_everything_that_a_command_makes_is_its_owners(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "new"
    monkeypatch.setenv("SCORELINE_HOME", str(home))
    script = (
        "import os; os.umask(0o022)\n"
        "import orchestration.settings_at_import\n"
        "from foundation.settings import Settings, load_company\n"
        "from foundation.warehouse import Warehouse\n"
        "warehouse, sources = Warehouse(Settings()), [('hubspot', 'HubSpot', 30.0, 'system')]\n"
        "with warehouse.write_lock('test'): warehouse.prepare(load_company(Settings()), sources)\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=PROJECT_ROOT, check=True)
    assert _mode(home) == "0o700"
    assert {_mode(path) for path in home.rglob("*") if path.is_file()} == {"0o600"}


def test_a_mode_that_lets_others_write_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (PROJECT_ROOT / "company.toml").read_text().replace("[pages]", '[pages]\nsite_mode = "0666"', 1)
    (tmp_path / "company.toml").write_text(text)
    monkeypatch.setenv("SCORELINE_COMPANY_FILE", str(tmp_path / "company.toml"))
    with pytest.raises(SettingsError, match=r"pages\.site_mode"):
        load_company(Settings())

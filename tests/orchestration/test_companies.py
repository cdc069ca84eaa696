"""Several companies in one instance: what `scoreline new` lays out, and that no data of one company reaches
another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dlt_pipelines.registry import SOURCES
from foundation.settings import PROJECT_ROOT, Settings, load_company
from orchestration.cli import main
from orchestration.companies import companies_in, write_workspace
from orchestration.edited_files import checked

_SERVED = """
import json, sys
import orchestration.companies as companies
defs = getattr(companies, sys.argv[1])
from dlt_pipelines.registry import SOURCES
from foundation.settings import Settings
from orchestration.assets.transformation import POOL
job = defs.resolve_job_def("refresh")
print(json.dumps({
    "keys": sorted(key.to_user_string() for key in defs.resolve_all_asset_keys()),
    "tags": dict(job.tags),
    "pool": POOL,
    "home": str(Settings().home),
    "key": SOURCES["hubspot"].source.credentials.read().api_key.get_secret_value(),
    "autotask": SOURCES["autotask"].is_connected(),
}))
"""


def _new(folder: Path, *arguments: str) -> Any:
    os.environ["SCORELINE_COMPANIES"] = str(folder)
    return CliRunner().invoke(main, ["new", *arguments])


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SCORELINE_COMPANIES", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("sources", [[], list(SOURCES)], ids=["none", "all"])
def test_what_is_laid_out_passes_the_check(folder: Path, sources: list[str]) -> None:
    done = _new(folder, "acme", "--label", 'Acme "East"', *(f"--source={name}" for name in sources))
    assert done.exit_code == 0, done.output
    settings = Settings(
        SCORELINE_COMPANY_FILE=folder / "acme" / "company.toml", SCORELINE_SEEDS_DIR=folder / "acme" / "seeds"
    )
    assert "5 seeds" in checked(settings)
    assert load_company(settings).company.name == 'Acme "East"'
    lines = (folder / "acme" / "seeds" / "scorecard_lines.csv").read_text().splitlines()
    assert len(lines) == (2 if sources else 1), "one line as an example, where a source feeds one"
    file = folder / "acme" / ".env"
    assert file.stat().st_mode & 0o777 == 0o600
    names = {
        line.partition("=")[0] for line in file.read_text().splitlines() if "=" in line and line[0] != "#"
    }
    for name in sources:
        if kind := SOURCES[name].source.credentials:
            assert kind.variables().keys() <= names


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["Acme Ltd"], "'Acme Ltd' is not a valid name"),
        (["acme", "--source", "hubspt"], "hubspot"),
        (["acme", "--time-zone", "Mars/Olympus"], "company.time_zone"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing(folder: Path, arguments: list[str], says: str) -> None:
    done = _new(folder, *arguments)
    assert done.exit_code != 0 and says in done.output
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_there_stays_as_it_is(folder: Path) -> None:
    assert _new(folder, "acme").exit_code == 0
    (folder / "acme" / ".env").write_text("mine")
    assert "already exists" in _new(folder, "acme").output
    assert (folder / "acme" / ".env").read_text() == "mine"


def served(folder: Path, name: str, **environment: str) -> dict[str, Any]:
    """What the process that serves a company has loaded."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _SERVED, name],
        capture_output=True,
        text=True,
        cwd=PROJECT_ROOT,
        env={**os.environ, "SCORELINE_COMPANIES": str(folder), **environment},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_two_companies_share_no_key_no_pool_and_no_credential(folder: Path) -> None:
    for name in ("acme", "birch"):
        assert _new(folder, name, "--source", "hubspot").exit_code == 0
        file = folder / name / ".env"
        # with the project's own seeds, dbt need not parse the project again for each
        text = "\n".join(line for line in file.read_text().splitlines() if "SEEDS_DIR" not in line)
        file.write_text(text.replace("HUBSPOT_API_KEY=", f"HUBSPOT_API_KEY=pat-canary-{name}"))
    assert companies_in(folder) == ["acme", "birch"]
    assert write_workspace(folder).read_text().count("location_name") == 2
    # what the shell of `scoreline ui` has belongs to neither
    shell = {
        "HUBSPOT_API_KEY": "pat-canary-shell",
        "AUTOTASK_USERNAME": "shell",
        "SCORELINE_HOME": "/nowhere",
    }
    acme, birch = (served(folder, name, **shell) for name in ("acme", "birch"))
    assert (acme["key"], birch["key"]) == ("pat-canary-acme", "pat-canary-birch")
    assert not acme["autotask"] and not birch["autotask"]
    assert acme["home"] == str(folder / "acme" / "home")
    assert {key.partition("/")[0] for key in acme["keys"]} == {"acme"}
    assert {key.partition("/")[2] for key in acme["keys"]} == {key.partition("/")[2] for key in birch["keys"]}
    assert (acme["pool"], birch["pool"]) == ("warehouse_acme", "warehouse_birch")
    assert acme["tags"]["scoreline/company"] == "acme"


def test_an_env_file_of_another_folder_is_refused(folder: Path) -> None:
    assert _new(folder, "acme").exit_code == 0
    (folder / "acme").rename(folder / "birch")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _SERVED, "birch"],
        capture_output=True,
        text=True,
        cwd=PROJECT_ROOT,
    )
    assert "SCORELINE_LOCATION and SCORELINE_COMPANY_FILE are not those of" in done.stderr

"""Several companies in one Dagster instance, a code location each: a provider runs its clients' scorecards.

A company is a folder that `scoreline new` lays out: company.toml, seeds, `.env` with its paths and
credentials, its home. Each location has its own process, which reads that `.env` and nothing else of the
environment, so no credential of one company can reach another. Asset keys, run tags and the pool of builds
carry the company's name, because all companies share the instance's event log.

`orchestration.companies` is also the module that Dagster loads: its attribute `acme` is the definitions of
the company in the folder `acme`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from foundation.atomic import write_atomically
from foundation.errors import SettingsError
from foundation.settings import PROJECT_ROOT, Settings
from foundation.settings.environment import variables


def companies_dir() -> Path:
    """Return the folder that holds the companies' folders: SCORELINE_COMPANIES, or `companies` in the
    project. All processes of the instance inherit it."""
    folder = Path(os.environ.get("SCORELINE_COMPANIES") or PROJECT_ROOT / "companies").expanduser().resolve()
    os.environ["SCORELINE_COMPANIES"] = str(folder)
    return folder


def companies_in(folder: Path) -> list[str]:
    """Return the names of the companies: the folders with a `.env` and a company.toml."""
    return sorted(
        file.parent.name for file in folder.glob("*/.env") if (file.parent / "company.toml").exists()
    )


def instance_home(folder: Path) -> Path:
    """Return the home of the Dagster instance that serves the companies of a folder."""
    return folder / ".dagster"


def location_of(name: str) -> dict[str, dict[str, str]]:
    """Return a company's code location, in the form of a workspace file."""
    return {"python_module": {"module_name": __name__, "attribute": name, "location_name": name}}


def write_workspace(folder: Path) -> Path:
    """Write the workspace with a code location per company, and return its file.

    Raises:
        SettingsError: the folder has no company.
    """
    names = companies_in(folder)
    if not names:
        raise SettingsError(f"{folder} has no company. `scoreline new NAME` lays one out.")
    file = instance_home(folder) / "workspace.yaml"
    write_atomically(file, yaml.safe_dump({"load_from": [location_of(name) for name in names]}).encode())
    return file


def work_for(name: str) -> None:
    """Let this process and its children read the settings of one company, and nothing from the environment
    about another.

    Raises:
        SettingsError: the company's `.env` belongs to another folder.
    """
    from dlt_pipelines.registry import SOURCES

    folder = companies_dir()
    for entry in SOURCES.values():
        _ = entry.source  # importing the module defines its credentials
    for variable, _ in variables():
        os.environ.pop(variable, None)
    os.environ["SCORELINE_ENV_FILE"] = str(folder / name / ".env")
    settings = Settings()
    if settings.location != name or settings.company_file != folder / name / "company.toml":
        raise SettingsError(
            f"{folder / name / '.env'}: SCORELINE_LOCATION and SCORELINE_COMPANY_FILE are not those of"
            f" {folder / name}. Write {name} and {folder / name / 'company.toml'}."
        )


def __getattr__(name: str) -> Any:
    """Return the definitions of a company, for the process that serves it."""
    if name.startswith("_") or name not in companies_in(companies_dir()):
        raise AttributeError(f"there is no company {name!r} in {companies_dir()}")
    work_for(name)
    from orchestration.definitions import defs

    return defs

"""The dbt manifest, from which Dagster knows the models. It is rebuilt when a file of the dbt project is
newer."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import orjson
from dagster_dbt import DbtProject
from filelock import FileLock

from foundation.dbt_files import project_dir, write_metric_models
from foundation.settings import Settings

_INPUTS = ("*.sql", "*.yml", "*.csv", "*.md")


def _newest_input(dbt_dir: Path) -> float:
    folders = [dbt_dir / name for name in ("models", "macros", "seeds", "tests", "snapshots")]
    files = [
        dbt_dir / "dbt_project.yml",
        *(file for folder in folders for pattern in _INPUTS for file in folder.rglob(pattern)),
    ]
    return max(file.stat().st_mtime for file in files)


def prepared_project(settings: Settings) -> DbtProject:
    """Return the dbt project, with a manifest newer than its files. Parses at most once, even if several
    processes start together.

    Raises:
        RuntimeError: dbt cannot parse the project. The text is dbt's own, with file and line.
    """
    dbt_dir = project_dir(settings)
    project = DbtProject(project_dir=dbt_dir, profiles_dir=dbt_dir)
    manifest = project.manifest_path
    write_metric_models(dbt_dir)
    if not _is_current(manifest, dbt_dir):
        manifest.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(manifest.with_suffix(".lock")):
            if not _is_current(manifest, dbt_dir):
                _parse(settings, dbt_dir, manifest.parent)
    return project


def _is_current(manifest: Path, dbt_dir: Path) -> bool:
    """Whether the manifest is newer than the project's files, and whole: a full disk or a killed process
    leaves half a file."""
    try:
        if manifest.stat().st_mtime <= _newest_input(dbt_dir):
            return False
        orjson.loads(manifest.read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return False
    return True


def _parse(settings: Settings, dbt_dir: Path, target: Path) -> None:
    """Run `dbt parse` into a temporary folder and move the results: dbt does not write them atomically."""
    beside = target / "parsing"
    beside.mkdir(exist_ok=True)
    known = target / "partial_parse.msgpack"
    if known.exists():
        shutil.copyfile(known, beside / known.name)
    # dbt does not rewrite the manifest if nothing has changed
    (beside / "manifest.json").unlink(missing_ok=True)
    place = ["--project-dir", str(dbt_dir), "--profiles-dir", str(dbt_dir), "--target-path", str(beside)]
    command = [sys.executable, "-m", "dbt.cli.main", "--quiet", "parse", *place]
    # the path of the warehouse changes nothing here, but dbt would parse everything again for another one
    nowhere = Path(os.path.relpath(beside, dbt_dir), settings.warehouse_path.name)
    environment = dbt_environment(settings) | {"SCORELINE_WAREHOUSE": str(nowhere)}
    began = time.time()
    parsed = subprocess.run(command, capture_output=True, text=True, cwd=dbt_dir, env=environment)
    if parsed.returncode:
        raise RuntimeError(f"dbt cannot parse {dbt_dir}:\n{parsed.stdout}{parsed.stderr}")
    for name in ("partial_parse.msgpack", "manifest.json"):
        (beside / name).replace(target / name)
    shutil.rmtree(beside, ignore_errors=True)
    # a file that changed meanwhile is newer
    os.utime(target / "manifest.json", (began, began))


def dbt_environment(settings: Settings) -> dict[str, str]:
    """Return the environment for dbt: this process's, with the path of the warehouse and without telemetry.
    dbt's own variables take precedence over our defaults."""
    defaults = {
        "DBT_EXCLUDE_RESOURCE_TYPES": (
            "unit_test"
        ),  # unit tests do not test this data; the project's own tests run them
        "DBT_LOG_LEVEL_FILE": "info",  # the debug log of 300 models is 8 MB and takes a tenth of a build
    }
    ours = {
        "SCORELINE_WAREHOUSE": str(settings.warehouse_path),
        "SCORELINE_MEMORY": settings.memory,
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    return defaults | dict(os.environ) | ours


DBT_PROJECT = prepared_project(Settings())

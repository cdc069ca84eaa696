"""dbt without what a fresh process costs: imported and parsed once, then forked for each command.

A fork is a process of its own, so no command sees what another one left in dbt's memory. Starting dbt costs four
CPU seconds, forking it a few hundredths. The process that is forked does nothing else: a fork of the tests' own
process would inherit their DuckDB connections without DuckDB's threads, and abort when it closes one.
"""

from __future__ import annotations

import functools
import gc
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from foundation.settings import PROJECT_ROOT

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["tests.support.parsed_dbt"])


def run(
    command: Sequence[str], environment: dict[str, str], project: Path
) -> subprocess.CompletedProcess[str]:
    """Run a dbt command with additional environment variables and the seeds of `project`.

    A project with models or macros of its own, instead of links to the real ones, is parsed by the command."""
    with tempfile.NamedTemporaryFile("w+", encoding="utf-8") as output:
        process = _SERVER.Process(
            target=_child, args=(command, {**os.environ, **environment}, project, output.name)
        )
        process.start()
        process.join()
        return subprocess.CompletedProcess(list(command), process.exitcode or 0, output.read(), "")


@functools.cache
def manifest() -> Manifest:
    """The project as it is, parsed. Settings are read from the warehouse when a model runs, not here; the name of
    the file is part of the manifest.

    Every process that asks finds what the one before parsed, and dbt parses what has changed since."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    project = PROJECT_ROOT / "dbt_project"
    place = project / "target" / "tests"
    place.mkdir(parents=True, exist_ok=True)
    with FileLock(place / "lock"):
        os.environ |= {"SCORELINE_WAREHOUSE": f"{place}/warehouse.duckdb"}
        try:
            parsed = dbtRunner().invoke(
                [
                    *("parse", "--quiet", "--target-path", str(place), "--log-level-file", "none"),
                    *("--project-dir", str(project), "--profiles-dir", str(project)),
                ]
            )
        finally:
            del os.environ["SCORELINE_WAREHOUSE"]
            # a fork has no threads of DuckDB: closing a connection that it inherits aborts it
            DuckDBConnectionManager.close_all_connections()
            gc.collect()
    if parsed.exception:
        raise parsed.exception
    assert parsed.success
    return parsed.result  # type: ignore[return-value]


def _child(command: Sequence[str], environment: dict[str, str], project: Path, output: str) -> None:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    with Path(output).open("w", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stdout
    os.environ.clear()
    os.environ.update(environment)
    # a project of its own is parsed here, and a fork lacks the threads of dbt's static parser: it would wait for ever
    os.environ["DBT_STATIC_PARSER"] = "false"
    os.chdir(PROJECT_ROOT)
    real = PROJECT_ROOT / "dbt_project"
    is_real = all((project / part).resolve() == real / part for part in ("models", "macros"))
    parsed = manifest() if is_real else None
    for node in parsed.nodes.values() if parsed else ():
        if node.resource_type == "seed":
            node.root_path = str(project)
    result = dbtRunner(manifest=parsed).invoke(list(command))
    if result.exception:
        print(result.exception)
    sys.stdout.flush()
    DuckDBConnectionManager.close_all_connections()
    gc.collect()  # the file is written when its last connection goes
    # this tears nothing of the tests' own process down: no atexit, no open servers
    os._exit(0 if result.success else 1 if result.exception is None else 2)

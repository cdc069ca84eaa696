"""What a shared warehouse costs: loads into a lake (a real Postgres, and a server that speaks S3 on loopback)
beside loads into the file, one source after another and all at once, each source in a process of its own.

`python -m benchmarks.lake` prints a table. Both servers run on this machine too, so what they use is missing
in CPU seconds and stands in the way of everything else: elapsed seconds are those of a small machine.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dlt_pipelines.core.load import ensure_tables
from foundation.settings import PROJECT_ROOT, Settings, load_company
from sandbox import running_sandbox
from tests.support.lake import new_lake, running_s3
from tests.support.postgres import running_postgres

AS_OF = "2025-10-27T12:00:00Z"
SOURCES = ("zendesk", "intercom", "justcall", "billcom")
"""Sources of similar size that wait for their vendors little."""
_LOAD = """
import sys
from dlt_pipelines.core.load import load
from foundation.settings import Settings, load_company
settings = Settings()
load(sys.argv[1], settings, load_company(settings))
"""
Row = tuple[str, float, float]
"""(what, elapsed seconds, CPU seconds of the loading processes)"""


def rows() -> list[Row]:
    """Measure loads into the file and into a lake, first one after another, then at once."""
    found: list[Row] = []
    with (
        running_sandbox(as_of=AS_OF, port=0) as sandbox,
        running_postgres() as postgres,
        running_s3() as s3,
        tempfile.TemporaryDirectory(prefix="scoreline-bench-") as folder,
    ):
        for kind in ("file", "ducklake"):
            company = Path(folder) / f"{kind}.toml"
            text = (PROJECT_ROOT / "company.toml").read_text(encoding="utf-8")
            company.write_text(text.replace('# kind = "file"', f'kind = "{kind}" #'), encoding="utf-8")
            environment = sandbox.environment | {
                "SCORELINE_COMPANY_FILE": str(company),
                "SCORELINE_HOME": str(Path(folder) / kind),
                "SCORELINE_AS_OF": AS_OF,
                "SCORELINE_ENV_FILE": os.devnull,
                **(new_lake(postgres, s3) if kind == "ducklake" else {}),
            }
            os.environ.update(environment)
            settings = Settings()
            began, used = time.perf_counter(), time.process_time()
            ensure_tables(settings, load_company(settings))
            found.append(
                (f"{kind}: make all tables", time.perf_counter() - began, time.process_time() - used)
            )
            found.append((f"{kind}: {len(SOURCES)} sources, one after another", *_loads(1)))
            found.append((f"{kind}: {len(SOURCES)} sources at once", *_loads(len(SOURCES))))
            found.append((f"{kind}: nothing new, one after another", *_loads(1)))
    return found


def _loads(at_once: int) -> tuple[float, float]:
    began, used = time.perf_counter(), _cpu()
    waiting, running = list(SOURCES), list[subprocess.Popen[bytes]]()
    while waiting or running:
        while waiting and len(running) < at_once:
            command = [sys.executable, "-W", "ignore", "-c", _LOAD, waiting.pop(0)]
            running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        if running.pop(0).wait():
            raise RuntimeError("a load failed")
    return time.perf_counter() - began, _cpu() - used


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print the table."""
    print(f"{'what':48} {'seconds':>8} {'CPU s':>8}")
    for what, seconds, cpu in rows():
        print(f"{what:48} {seconds:8.1f} {cpu:8.1f}")


if __name__ == "__main__":
    main()

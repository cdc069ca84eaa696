"""A shared warehouse against the file: loads into a lake (a real Postgres, and a server that speaks S3 on
loopback) beside loads into the file, one source after another and all at once, each in a process of its own.

Both servers run on this machine too. What they use is missing in CPU seconds and slows everything else:
elapsed seconds are those of a small machine.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import astuple
from pathlib import Path

from benchmarks.measure import Cost, cost, cost_at_once
from benchmarks.table import Row, by_cpu
from foundation.settings import PROJECT_ROOT
from tests.support.lake import new_lake, running_s3
from tests.support.postgres import running_postgres

_SOURCES = ("zendesk", "intercom", "justcall", "billcom")
"""Sources of similar size that wait for their vendors little."""
_SETTINGS = "from foundation.settings import Settings, load_company; settings = Settings()\n"
_TABLES = (
    f"from dlt_pipelines.core.load import ensure_tables; {_SETTINGS}"
    "ensure_tables(settings, load_company(settings))"
)
_LOAD = (
    f"import sys; from dlt_pipelines.core.load import load; {_SETTINGS}"
    "load(sys.argv[1], settings, load_company(settings))"
)
_BECAUSE = "each table is a transaction in the catalog, and DuckDB's extensions load once per process"


def rows(folder: Path, environment: Mapping[str, str]) -> Iterator[Row]:
    """The lake against the file. `environment`: the sandbox, the clock."""
    with running_postgres() as postgres, running_s3() as s3:
        file, lake = (
            _measured(folder / kind, kind, {**environment, **more})
            for kind, more in (("file", {}), ("ducklake", new_lake(postgres, s3)))
        )
        for what in file:
            yield Row(f"lake: {what}", by_cpu(lake[what], file[what]), "into the file", because=_BECAUSE)


def _measured(home: Path, kind: str, environment: Mapping[str, str]) -> dict[str, Cost]:
    company = home.with_suffix(".toml")
    text = (PROJECT_ROOT / "company.toml").read_text(encoding="utf-8")
    company.write_text(text.replace('# kind = "file"', f'kind = "{kind}" #'), encoding="utf-8")
    own = {**environment, "SCORELINE_HOME": str(home), "SCORELINE_COMPANY_FILE": str(company)}
    commands = [(sys.executable, "-W", "ignore", "-c", _LOAD, source) for source in _SOURCES]
    number = len(_SOURCES)
    return {
        "make all tables": cost((sys.executable, "-W", "ignore", "-c", _TABLES), own),
        f"load {number} sources, one after another": _total([cost(one, own) for one in commands]),
        f"{number} sources at once, nothing new": cost_at_once(commands, [own] * number),
        f"{number} sources one after another, nothing new": _total([cost(one, own) for one in commands]),
    }


def _total(costs: list[Cost]) -> Cost:
    seconds, cpu, peaks = zip(*map(astuple, costs), strict=True)
    return Cost(sum(seconds), sum(cpu), max(peaks))

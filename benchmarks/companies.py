"""One company against two in one Dagster instance: their builds, and what it takes to serve them.

They share code, instance and machine and no data, so two are expected to cost twice as much as one: more
would mean that they slow each other down.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from benchmarks.measure import Cost, cost_at_once
from benchmarks.table import Row, by_cpu
from foundation.settings import PROJECT_ROOT
from foundation.warehouse import DEMO_MARK
from orchestration.companies import instance_home, write_workspace

_SCORELINE = (sys.executable, "-m", "orchestration.cli")
_PAUSE, _STEADY = 15.0, 1.02
"""An instance has started when it grows by less than two percent in this many seconds."""


def rows(home: Path, folder: Path, as_of: str) -> Iterator[Row]:
    """Two companies against one; each works in a copy of a built home."""
    first, second = (
        {"SCORELINE_ENV_FILE": str(_laid_out(folder, n, home, as_of))} for n in ("acme", "birch")
    )
    write_workspace(folder)
    shared = {"SCORELINE_COMPANIES": str(folder)}
    _builds(shared, [first, second])  # writes pages and parses the project for these homes
    one = _builds(shared, [first])
    yield Row(
        "`build` of two companies at once", by_cpu(_builds(shared, [first, second]), one), "of one", goal=2.2
    )
    both = _served(shared)
    shutil.rmtree(folder / "birch")
    alone = _served(shared)
    yield Row(
        "`ui --companies` with two: start, memory of all processes",
        (both, alone, both.peak_mb / alone.peak_mb),
        "with one",
        goal=2,
    )


def _laid_out(folder: Path, name: str, home: Path, as_of: str) -> Path:
    """The folder of a company with a copy of a home; returns its `.env`."""
    place = folder / name
    shutil.copytree(home, place / "home", ignore=shutil.ignore_patterns("dagster", DEMO_MARK))
    shutil.copy(PROJECT_ROOT / "company.toml", place)
    file = place / ".env"
    file.write_text(
        f"SCORELINE_LOCATION={name}\nSCORELINE_HOME={place / 'home'}\n"
        f"SCORELINE_COMPANY_FILE={place / 'company.toml'}\n"
        f"SCORELINE_DAGSTER_HOME={instance_home(folder)}\nSCORELINE_AS_OF={as_of}\n",
        encoding="utf-8",
    )
    return file


def _builds(shared: Mapping[str, str], companies: Sequence[Mapping[str, str]]) -> Cost:
    commands = [(*_SCORELINE, "run", "build")] * len(companies)
    return cost_at_once(commands, [{**shared, **own} for own in companies])


def _served(shared: Mapping[str, str]) -> Cost:
    """The start of the instance that serves the companies. `peak_mb`: what all its processes have for
    themselves."""
    command = [*_SCORELINE, "ui", "--companies", "--port", "0"]
    with subprocess.Popen(
        command, env=os.environ | shared, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as ui:
        began, sizes = time.perf_counter(), list[float]()
        try:
            while len(sizes) < 3 or max(sizes[-3:]) > _STEADY * min(sizes[-3:]):
                time.sleep(_PAUSE)
                used, size = _used(psutil.Process(ui.pid))
                sizes.append(size)
            return Cost(time.perf_counter() - began, used, sizes[-1])
        finally:
            ui.send_signal(signal.SIGTERM)
            ui.wait(60)


def _used(parent: psutil.Process) -> tuple[float, float]:
    """CPU seconds, and MB that no other process has, of a process and its descendants that live."""
    seconds = size = 0.0
    for one in (parent, *parent.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            seconds += sum(one.cpu_times()[:2])
            size += one.memory_full_info().uss / 2**20
    return seconds, size

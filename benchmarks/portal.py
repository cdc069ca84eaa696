"""Measure how quick the portal's weekly endpoint is while a build runs, against the same without one
(`make bench` prints the ratio beside all other costs).

Reads a home that has been built (`make demo`), in a copy, so that the home stays as it is. Several readers
ask as a program with a token does, each for another week at a time, as fast as they are answered. Then the
same again while `scoreline run build` runs on the copy and replaces the published file. Only the ratio holds
on other machines; the goal is at most 3.
"""

from __future__ import annotations

import argparse
import http.client
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from foundation.settings import PROJECT_ROOT, Settings, load_company
from foundation.store import begin
from foundation.store.sign_in import create_token
from foundation.warehouse import read_published

PATIENCE = 1_800
"""Seconds that a build may take."""
TOKENS = 64
"""Readers take turns with so many: the API refuses more than 300 requests a minute of one."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the portal's weekly endpoint beside a build.")
    parser.add_argument(
        "--home", type=Path, default=PROJECT_ROOT / "var" / "demo", help="a home that is built"
    )
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long to read without a build")
    chosen = parser.parse_args()
    if not (chosen.home / "published" / "scoreline.duckdb").exists():
        sys.exit(f"{chosen.home} has nothing published. Run `make demo`, or name a built home with --home.")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        shutil.copytree(chosen.home, home)
        os.environ["SCORELINE_HOME"] = str(home)
        measure(Settings(), chosen.readers, chosen.seconds)


def measure(settings: Settings, readers: int = 8, seconds: float = 20.0) -> tuple[float, float]:
    """Read without and with a build, and print both. Returns the 95th percentiles in milliseconds."""
    role = load_company(settings).access.roles[0].name
    with begin(settings) as connection:
        secrets = [
            create_token(connection, name=f"bench {n}", role=role, created_by="bench", now=datetime.now(UTC))[
                1
            ]
            for n in range(TOKENS)
        ]
    with closing(read_published(settings)) as published:
        rows = published.execute("select distinct week_label from marts.fct_scorecard_weekly order by 1")
        weeks = [week for (week,) in rows.fetchall()]
    port = 8_699
    command = [sys.executable, "-m", "orchestration.cli", "portal", "--port", str(port)]
    portal = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        ask = asking(port, secrets, weeks)
        while not answers(ask):
            time.sleep(0.2)
        until = time.monotonic() + seconds
        alone = read(ask, readers, lambda: time.monotonic() < until)
        build = subprocess.Popen(
            [sys.executable, "-m", "orchestration.cli", "run", "build"], stdout=subprocess.DEVNULL
        )
        beside = read(ask, readers, lambda: build.poll() is None)
        if build.wait(PATIENCE):
            sys.exit("The build failed; run `scoreline run build` on the home to see why.")
    finally:
        portal.terminate()
        portal.wait()
    print(f"{readers} readers of /api/v1/scorecard/weekly, {os.cpu_count()} processors", file=sys.stderr)
    for name, found in (("without a build", alone), ("while a build runs", beside)):
        print(
            f"  {name:20} {len(found):7,} answers, median {median(found):5.0f} ms, p95 {p95(found):5.0f} ms",
            file=sys.stderr,
        )
    print(f"  p95 with a build / without: {p95(beside) / p95(alone):.1f}", file=sys.stderr)
    return p95(alone), p95(beside)


def asking(port: int, secrets: Sequence[str], weeks: Sequence[str]) -> Callable[[int], float]:
    """Asks for the week in a place of the list; returns the seconds until the answer was read."""

    def ask(place: int) -> float:
        began = time.perf_counter()
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=120)) as connection:
            path = f"/api/v1/scorecard/weekly?week={weeks[place % len(weeks)]}"
            secret = secrets[place % len(secrets)]
            connection.request("GET", path, headers={"authorization": f"Bearer {secret}"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{path} answered {answer.status}")
        return time.perf_counter() - began

    return ask


def answers(ask: Callable[[int], float]) -> bool:
    try:
        ask(0)
    except OSError:
        return False
    return True


def read(ask: Callable[[int], float], readers: int, goes_on: Callable[[], bool]) -> list[float]:
    """The seconds of every answer, the slowest last."""
    found: list[float] = []

    def reader(first: int) -> None:
        place = first
        while goes_on():
            found.append(ask(place))
            place += readers

    with ThreadPoolExecutor(readers) as pool:
        list(pool.map(reader, range(readers)))  # raises what a reader raises
    return sorted(found)


def median(found: Sequence[float]) -> float:
    return statistics.median(found) * 1000


def p95(found: Sequence[float]) -> float:
    return found[int(len(found) * 0.95)] * 1000


if __name__ == "__main__":
    main()

"""Replay 90 days and list what changed: `python -m benchmarks.replay`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from datetime import date
from pathlib import Path

import benchmarks.replay
from benchmarks.replay import Restatement, mornings, number_text, replaying
from benchmarks.replay.diary import Diary, write_days

BEGINS, DAYS = date(2025, 9, 1), 90


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=benchmarks.replay.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--days", type=int, default=DAYS, help=f"days to replay (default {DAYS})")
    parser.add_argument("--seed", type=int, default=1, help="seed of the invented account (default 1)")
    options = parser.parse_args()
    diary = Diary()
    write_days(diary, BEGINS, options.days, options.seed)
    happened = Counter(entry.kind for entry in diary.entries)
    print(
        "What happens: " + ", ".join(f"{kind} {count}" for kind, count in sorted(happened.items())),
        flush=True,
    )
    restatements: list[Restatement] = []
    with tempfile.TemporaryDirectory() as folder, replaying(diary, Path(folder), BEGINS) as replay:
        for morning in mornings(BEGINS, options.days):
            replay.day(morning)
            print(f"{morning:%Y-%m-%d}", end="\r", file=sys.stderr)
            found = replay.restatements(morning)
            restatements += found
            for restatement in found:
                print(restatement, flush=True)
        mondays = replay.mondays()
    for monday in mondays:
        mark = "" if monday.published == monday.was else "  WRONG"
        print(
            f"{monday.week_start}  pipeline {number_text(monday.published):>14}, was"
            f" {number_text(monday.was):>14}{mark}"
        )
    bare = [restatement for restatement in restatements if not restatement.is_explained]
    wrong = [monday for monday in mondays if monday.published != monday.was]
    print(
        f"{options.days} days: {len(restatements)} restatements, {len(bare)} of them unexplained; "
        f"{len(mondays)} Mondays, {len(wrong)} wrong; "
        f"{replay.seconds['load']:.0f} CPU seconds of loading, {replay.seconds['build']:.0f} of building"
    )
    sys.exit(bool(bare or wrong))


if __name__ == "__main__":
    main()

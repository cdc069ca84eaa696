"""What the comparison of two revisions says, and what it needs. The builds themselves run in
tests/e2e/test_changes.py."""

from __future__ import annotations

import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

from foundation.settings import Settings
from metric_diff import Fact, Facts, MetricDiffError, base_revision, differences, metric_diff


def git(repository: Path, *arguments: str) -> str:
    who = ["-c", "user.name=Test", "-c", "user.email=test@test.example"]
    return subprocess.run(
        ["git", *who, *arguments], cwd=repository, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """One commit."""
    place = tmp_path / "repository"
    (place / "dbt_project").mkdir(parents=True)
    (place / "dbt_project" / "dbt_project.yml").write_text("name: first", encoding="utf-8")
    git(place, "init", "--quiet", "--initial-branch=main")
    git(place, "add", ".")
    git(place, "commit", "--quiet", "-m", "first")
    return place


DIALS = ("dials", "inside_sales.dials", "2025-W43")


def test_what_differs_is_named_with_was_and_now() -> None:
    was: Facts = {
        DIALS: Fact(Decimal("101.000000"), "below", Decimal(125)),
        ("same_day", "ops.same_day", "2025-W43"): Fact(Decimal("0.708333"), "met", Decimal("0.7")),
        ("mrr", "sales.mrr", "2025-Q3"): Fact(Decimal(1200), "no_goal", None),
        ("old", "ops.old", "2025-W42"): Fact(Decimal(3), "no_goal", None),
        ("old", "ops.old", "2025-W43"): Fact(None, "blank", None),
    }
    now: Facts = {
        DIALS: Fact(Decimal("101.000000"), "met", Decimal(60)),
        ("same_day", "ops.same_day", "2025-W43"): Fact(Decimal("0.708333"), "met", Decimal("0.7")),
        ("mrr", "sales.mrr", "2025-Q3"): Fact(None, "blank", None),
        ("mrr", "sales.mrr", "2025-Q4"): Fact(Decimal(0), "no_goal", None),
        ("young", "ops.young", "2025-10"): Fact(None, "blank", None),
    }
    assert differences(was, now) == [
        "gone  old  ops.old  2 periods, 2025-W42 3 no_goal",
        "new  young  ops.young  1 periods, all blank",
        "dials  inside_sales.dials  2025-W43  101 below (goal 125) -> 101 met (goal 60)",
        "mrr  sales.mrr  2025-Q3  1,200 no_goal -> blank blank",
        "mrr  sales.mrr  2025-Q4  - -> 0 no_goal",
        "3 of 5 numbers differ, of 2 metrics; 2 lines new or gone.",
    ]


def test_nothing_differs_is_said() -> None:
    same: Facts = {DIALS: Fact(Decimal(1), "met", Decimal(1))}
    assert differences(same, dict(same)) == ["No number differs (1 compared)."]


def test_the_base_is_asked_for_or_left_upstream_or_the_commit_before(repository: Path) -> None:
    first = git(repository, "rev-parse", "HEAD")
    with pytest.raises(MetricDiffError, match="no revision before this one"):
        base_revision(repository, None)
    git(repository, "commit", "--quiet", "--allow-empty", "-m", "second")
    assert base_revision(repository, None) == first
    second = git(repository, "rev-parse", "HEAD")
    git(repository, "checkout", "--quiet", "--track", "-b", "work", "main")
    for title in ("third", "fourth"):
        git(repository, "commit", "--quiet", "--allow-empty", "-m", title)
    assert base_revision(repository, None) == second
    assert base_revision(repository, "main~1") == first
    for wrong in ("nonsense", "--help"):
        with pytest.raises(MetricDiffError, match=f"'{wrong}' is not a revision"):
            base_revision(repository, wrong)


def test_without_a_warehouse_and_without_a_change_nothing_is_built(repository: Path, home: Path) -> None:
    with pytest.raises(MetricDiffError, match="no warehouse at .*make demo"):
        metric_diff(Settings(), repository, "HEAD")
    Settings().warehouse_path.touch()
    assert (
        metric_diff(Settings(), repository, "HEAD")[1]
        == "No number differs: no file that decides them has changed."
    )
    assert git(repository, "worktree", "list").count("\n") == 0

"""The rows of `make bench`: a command, and what it is held against."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.measure import Cost

HEADS = ("what", "s", "CPU s", "MB", "beside", "s", "CPU s", "MB", "ratio", "goal", "still ahead, because")
Pair = tuple[Cost, Cost, float]
"""What a command cost, what the other cost, and the ratio."""


@dataclass(frozen=True)
class Row:
    """A row of the table."""

    what: str
    found: Pair
    beside: str
    goal: float | None = None
    """The largest ratio that is good enough; None: nothing to compare with."""
    goal_mb: int | None = None
    because: str = ""
    """Why the other side, or the goal, is still ahead where it is."""

    @property
    def is_ahead(self) -> bool:
        """Whether the other side is further ahead than the goal allows; without a goal it always is."""
        cost, _, ratio = self.found
        if self.goal is None:
            return ratio > 1
        return ratio > self.goal or self.goal_mb is not None and cost.peak_mb > self.goal_mb

    def __str__(self) -> str:
        """As the table shows it."""
        cost, other, ratio = self.found
        goal = ", ".join(
            filter(
                None, (f"{self.goal:g}" if self.goal else "", f"{self.goal_mb} MB" if self.goal_mb else "")
            )
        )
        because = self.because if self.is_ahead else ""
        return lined(self.what, *_figures(cost), self.beside, *_figures(other), f"{ratio:.2f}", goal, because)


def lined(*cells: str) -> str:
    """A line of the table."""
    return f"| {' | '.join(cells)} |"


def head() -> str:
    """The first lines of the table."""
    return f"{lined(*HEADS)}\n|{'---|' * len(HEADS)}"


def paired(run: Callable[[], Cost], beside: Callable[[], Cost], runs: int) -> Pair:
    """Medians of both, in turns after a pair that only warms caches, and the median ratio of CPU seconds."""
    run(), beside()
    ours, others = zip(*((run(), beside()) for _ in range(runs)), strict=True)
    return medians(ours, others)


def medians(ours: Sequence[Cost], others: Sequence[Cost]) -> Pair:
    """Of pairs that were measured one after the other."""
    return (
        _median(ours),
        _median(others),
        statistics.median(a.cpu / b.cpu for a, b in zip(ours, others, strict=True)),
    )


def by_cpu(ours: Cost, other: Cost) -> Pair:
    """Of one pair."""
    return ours, other, ours.cpu / other.cpu


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        *(statistics.median(getattr(one, name) for one in costs) for name in ("seconds", "cpu", "peak_mb"))
    )


def _figures(cost: Cost) -> tuple[str, str, str]:
    return f"{cost.seconds:.2f}", f"{cost.cpu:.2f}", f"{cost.peak_mb:.0f}"

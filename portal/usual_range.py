"""The usual range that a line would have from a week on, before somebody confirms it. The arithmetic is
that of `dbt_project/models/marts/scorecard/fct_signals.sql`; a test compares them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import correlation, mean, median

from reports.words.signal import FEWEST

MOST = 26
"""Points after which limits stay."""


@dataclass(frozen=True)
class UsualRange:
    """The limits of the week after some points."""

    n: int
    centre: float
    lower: float | None
    """None: the line has no usual range."""
    upper: float | None
    no_range: str | None = None
    """`too_few_points`, `mostly_zero` or `trend`."""


def usual_range(
    values: Sequence[float], *, is_share: bool, is_signed: bool, follows: Sequence[bool] = ()
) -> UsualRange | None:
    """Return the limits computed from these points (oldest first); None: there are none.

    Args:
        is_share: limits stop at 1, if no value is above.
        is_signed: values may be negative, so limits do not stop at 0.
        follows: whether a value comes right after the one before it; False where a week between them is
            unknown. Empty: all do.
    """
    values = list(values[:MOST])
    if not values:
        return None
    pairs = [pair for i, pair in enumerate(pairwise(values), 1) if not follows or follows[i]]
    moves = [abs(now - before) for before, now in pairs]
    reason = None
    if len(values) < FEWEST or not moves:
        reason = "too_few_points"
    elif sum(value == 0 for value in values) > len(values) / 2:
        reason = "mostly_zero"
    elif _autocorrelation(pairs) > 0.6:
        reason = "trend"
    by_median = bool(moves) and max(moves) > 3.268 * mean(moves) and median(moves) > 0
    centre = median(values) if by_median else mean(values)
    if reason:
        return UsualRange(len(values), centre, None, None, reason)
    reach = 3.145 * median(moves) if by_median else 2.66 * mean(moves)
    lower = centre - reach if is_signed else max(centre - reach, 0.0)
    upper = min(centre + reach, 1.0) if is_share and max(values) <= 1 else centre + reach
    return UsualRange(len(values), centre, lower, upper)


def _autocorrelation(pairs: Sequence[tuple[float, float]]) -> float:
    before, after = [one for one, _ in pairs], [one for _, one in pairs]
    if len(set(before)) < 2 or len(set(after)) < 2:
        return 0.0
    return correlation(before, after)

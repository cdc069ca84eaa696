"""Which metrics an entry of the diary may restate."""

from __future__ import annotations

MONDAYS = frozenset({"pipeline_value", "open_deals", "stale_deals"})
QUARTERS = frozenset({"deals_total", "deals_total_value", "deals_won", "deals_lost", "deals_in_progress"})
CLOSINGS = frozenset(
    {
        "mrr_closed",
        "mrr_deals_closed",
        "revenue_target_attainment",
        "win_rate",
        "avg_deal_size",
        "sales_cycle_days",
    },
)
CALLS = frozenset({"dials", "calls_by_rep"})
METRICS = (*sorted(MONDAYS), *sorted(QUARTERS), *sorted(CLOSINGS), *sorted(CALLS))

MAY_CHANGE: dict[str, frozenset[str]] = {
    "call logged late": CALLS | {"stale_deals"},
    "call moved to another day": CALLS | {"stale_deals"},
    "call deleted": CALLS | {"stale_deals"},
    "deal deleted": MONDAYS | QUARTERS | CLOSINGS,
    "deals merged": MONDAYS | QUARTERS | CLOSINGS,
    "deal typed in with an earlier creation": MONDAYS | QUARTERS,
    "deal reopened": CLOSINGS,
    "amount corrected after the close": CLOSINGS | {"deals_total_value"},
}
"""Kind of entry -> the metrics whose published numbers it may change; every other kind may change
none."""

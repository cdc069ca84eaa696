"""How often a line that has not changed looks as if it had: simulated weeks, judged by `fct_signals`.

    python -m benchmarks.false_alarms

Prints, per kind of series and rule, the share of judged weeks that the rule calls a signal.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import jinja2
import numpy as np
import pandas as pd

from foundation.settings import PROJECT_ROOT

LINES, WEEKS = 400, 78
"""A year and a half: 10 weeks without limits, 16 with provisional ones, a year with frozen ones."""

Draw = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]
KINDS: dict[str, Draw] = {
    "normal, mean 100, sd 15": lambda random, size: random.normal(100, 15, size),
    "Poisson, mean 40": lambda random, size: random.poisson(40, size),
    "Poisson, mean 4": lambda random, size: random.poisson(4, size),
    "skewed (exponential)": lambda random, size: random.exponential(1000, size),
    "skewed (lognormal, sigma 0.5)": lambda random, size: random.lognormal(3, 0.5, size),
    "share of 30, p = 0.6": lambda random, size: random.binomial(30, 0.6, size) / 30,
}

RULES = ("outside", "range", "three_of_four", "eight_in_a_row")


def statement() -> str:
    """The SQL of `fct_signals`, which reads `int_signals__points`."""
    project = PROJECT_ROOT / "dbt_project"
    parts = ("macros/signals.sql", "models/marts/scorecard/fct_signals.sql")
    text = "\n".join(Path(project, part).read_text(encoding="utf-8") for part in parts)
    return jinja2.Environment().from_string(text).render(ref=lambda model: model)


def signals(points: pd.DataFrame) -> pd.DataFrame:
    """`fct_signals` of `int_signals__points`, by line and week; columns as in the models."""
    with duckdb.connect() as connection:
        connection.register("int_signals__points", points)
        return connection.sql(f"from ({statement()}) order by line_id, week_start").df()


def as_points(values: np.ndarray, unit: str = "count") -> pd.DataFrame:
    """Points of steady lines. `values`: one row per line, one column per week."""
    lines, weeks = values.shape
    return pd.DataFrame(
        {
            "line_id": np.repeat(np.arange(lines).astype(str), weeks),
            "week_start": np.tile(pd.date_range("2024-01-01", periods=weeks, freq="7D"), lines),
            "value": values.astype(float).ravel(),
            "unit": unit,
            "is_signed": False,
            "base": 0,
            "stretch": 0,
        }
    )


def main() -> None:
    """Print the table."""
    random = np.random.default_rng(20251027)
    rows = {}
    for kind, draw in KINDS.items():
        found = signals(as_points(draw(random, (LINES, WEEKS)), "percent" if "share" in kind else "count"))
        later = found[found.no_range != "too_few_points"]
        judged = later[later.no_range.isna()]
        shares = {rule: f"{(judged.rule == rule).mean():.2%}" for rule in RULES}
        rows[kind] = {
            "weeks judged": f"{len(judged):,}",
            "without range": f"{1 - len(judged) / len(later):.1%}",
            **shares,
            "any": f"{judged.rule.notna().mean():.2%}",
        }
    print(pd.DataFrame.from_dict(rows, orient="index").to_string())


if __name__ == "__main__":
    main()

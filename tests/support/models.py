"""A model's SQL without dbt, for models that only need `ref` and the macros of the project."""

from __future__ import annotations

from collections.abc import Mapping

import jinja2

from foundation.settings import PROJECT_ROOT

_PROJECT = PROJECT_ROOT / "dbt_project"
_MACROS = ("calendar", "goal_status", "pooling")


def statement(model: str, refs: Mapping[str, str], schema: str = "") -> str:
    """The SQL of a model, such as `marts/scorecard/fct_spans`.

    Args:
        refs: what stands for a model that is read.
        schema: where the other models are.
    """
    files = [*(f"macros/{name}.sql" for name in _MACROS), f"models/{model}.sql"]
    text = "\n".join((_PROJECT / file).read_text(encoding="utf-8") for file in files)
    known = dict(refs)
    return jinja2.Environment().from_string(text).render(ref=lambda name: known.get(name, f"{schema}{name}"))

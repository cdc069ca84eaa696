"""The macros of the components, `*.html` beside this file, and the functions that they may call."""

from __future__ import annotations

import inspect
import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import nodes

from reports.engine.markup import anchor, new_id, plain, web_address
from reports.engine.templates import Macros, environment
from reports.look.numbers import (
    DASH,
    capital,
    day,
    instant,
    judged,
    long_day,
    number,
    period_text,
    plural,
    short_instant,
    week_days,
    week_name,
    week_number,
)
from reports.look.tokens import SOURCE_STATE, STATE, STATUS
from reports.words.line import PER, benchmark_of
from reports.words.signal import FEWEST

_FUNCTIONS = (
    anchor, benchmark_of, capital, day, instant, judged, long_day, new_id, number, period_text, plain, plural,
    short_instant, web_address, week_days, week_name, week_number,
)  # fmt: skip

FUNCTIONS = {function.__name__: function for function in _FUNCTIONS} | {
    "DASH": DASH,
    "FEWEST": FEWEST,
    "PER": PER,
    "SOURCE_STATE": SOURCE_STATE,
    "STATE": STATE,
    "STATUS": STATUS,
}
"""What templates may call: numbers, days and words as people read them."""

_ENVIRONMENT = environment(Path(__file__).parent, FUNCTIONS)


def macros(file: str) -> Macros:
    """The macros of one template beside this file: `macros("basics.html").Pill("met")`."""
    return Macros(_ENVIRONMENT, file)


@cache
def _parsed(file: str) -> nodes.Template:
    return _ENVIRONMENT.parse((Path(__file__).parent / file).read_text(encoding="utf-8"))


def macro_text(file: str, name: str) -> str:
    """The comment above a macro."""
    text = (Path(__file__).parent / file).read_text(encoding="utf-8")
    before = text[: text.index(f"{{% macro {name}(")]
    return " ".join(re.findall(r"\{#(.+?)#\}", before, re.S)[-1].split())


def macro_signature(file: str, name: str) -> inspect.Signature:
    """The arguments of a macro, with the defaults that are constants."""
    macro = next(one for one in _parsed(file).find_all(nodes.Macro) if one.name == name)
    defaults: list[Any] = [inspect.Parameter.empty] * (len(macro.args) - len(macro.defaults))
    defaults += [one.value if isinstance(one, nodes.Const) else None for one in macro.defaults]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Signature(
        [
            inspect.Parameter(one.name, kind, default=value)
            for one, value in zip(macro.args, defaults, strict=True)
        ]
    )

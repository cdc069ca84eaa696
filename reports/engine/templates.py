"""HTML that people write: the templates of the document and of the components.

Values are escaped, and an unknown name is an error. Templates are written in lines; `Lines` removes what only
the reader of the template needs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup

_JINJA = re.compile(r"(\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\})", re.S)


class Lines(Extension):
    """Line breaks of a template, with the indentation after them, are not part of the HTML.

    Between two words, or between two attributes, a line break is one space. Next to a tag it is nothing:
    write a space that must show on the line itself.
    """

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """The template without its layout; every line keeps its number, so that errors name the right one."""
        parts = _JINJA.split(source)
        return "".join(part if i % 2 else re.sub(r"\s*\n\s*", _break, part) for i, part in enumerate(parts))


def _break(found: re.Match[str]) -> str:
    text, start, end = found.string, found.start(), found.end()
    beside_a_tag = text[:start][-1:] in ("", ">") or text[end : end + 1] in ("", "<")
    return f"{'' if beside_a_tag else ' '}{{#{chr(10) * found[0].count(chr(10))}#}}"


def environment(folder: Path, names: Mapping[str, Any]) -> Environment:
    """Jinja for the templates in `folder`; they see `names`."""
    made = Environment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, extensions=[Lines]
    )
    made.globals.update(names)
    return made


class Macros:
    """The macros of one template, as functions that return finished HTML. Read when the first one is used."""

    def __init__(self, env: Environment, file: str) -> None:
        self._env = env
        self._file = file

    def __getattr__(self, name: str) -> Callable[..., Markup]:
        macro: Callable[..., Markup] = getattr(self._env.get_template(self._file).module, name)
        return macro

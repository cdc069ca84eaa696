"""A page file: front matter (title, params), named SQL fences, and the text around them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt

from reports.engine.queries import Block, PageError

PAGES = Path(__file__).parents[1] / "pages"
MARKDOWN = MarkdownIt("commonmark", {"html": False, "typographer": False}).enable("table")


@dataclass(frozen=True)
class Source:
    """A parsed page. `body` has as many lines as the file has after its front matter; `offset` is that front
    matter's length."""

    name: str
    meta: dict[str, Any]
    body: str
    blocks: list[Block]
    offset: int


def parse(text: str, name: str = "page") -> Source:
    """Split a page. A fence ` ```sql name ` is a block; a fence without a name stays an example in the text.
    ` ```sql name first 100 by a, b `: the page lists the first 100 rows of each (a, b).

    Raises:
        PageError: the front matter is not valid YAML, or not `key: value` lines.
    """
    meta: dict[str, Any] = {}
    offset = 0
    if match := re.match(r"---\n(.*?)\n---\n", text, re.S):
        try:
            loaded = yaml.safe_load(match[1]) or {}
        except yaml.YAMLError as error:
            place = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
            raise PageError(
                f"line {place.line + 2 if place else 1}: the front matter is not valid YAML"
            ) from None
        if not isinstance(loaded, dict):
            raise PageError("line 1: the front matter must be `key: value` lines")
        meta = loaded
        offset = match[0].count("\n")
        text = text[match.end() :]
    lines = text.split("\n")
    blocks = []
    for token in MARKDOWN.parse(text):
        language, _, block = token.info.strip().partition(" ") if token.type == "fence" else ("", "", "")
        if language == "sql" and block.strip() and token.map and token.level == 0:
            start, end = token.map
            blocks.append(_block(block.strip(), token.content, start + 1 + offset))
            lines[start:end] = [""] * (end - start)  # keeps the template's line numbers true
    return Source(name, meta, "\n".join(lines), blocks, offset)


_FIRST = re.compile(r"(\w+) first (\d+)(?: by (\w+(?:, *\w+)*))?")


def _block(head: str, sql: str, line: int) -> Block:
    """`head`: what follows `sql` on the fence's line."""
    if not (found := _FIRST.fullmatch(head)):
        return Block(head, sql, line)
    return Block(found[1], sql, line, int(found[2]), tuple(re.findall(r"\w+", found[3] or "")))


def parse_file(path: Path) -> Source:
    """`parse()` of a file, named by it. A file is parsed once until it changes; nobody may change what is
    returned."""
    return _parse_file(path, path.stat().st_mtime_ns)


@cache
def _parse_file(path: Path, changed: int) -> Source:
    return parse(path.read_text(encoding="utf-8"), path.name)

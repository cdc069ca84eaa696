"""Whether a page file can become a page, checked without a database: its front matter, its blocks, and the
components, lines and marts that it names.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml
from jinja2 import nodes
from pydantic import BaseModel, ConfigDict, Field

from foundation.errors import ScorelineError, unknown
from foundation.project_check import load_yaml, model_faults, yaml_fault
from foundation.seeds import seed_rows
from foundation.settings import Settings
from reports.components import EXPORTS, NAMES, signature
from reports.engine.parse import PAGES, Source, parse_file
from reports.engine.queries import check_block, try_block
from reports.engine.render import environment, tree_of


class FrontMatter(BaseModel):
    """The front matter of a page; `docs/pages.md` lists it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(description="the heading")
    nav: str | None = Field(
        None,
        description="its name in the navigation; a file with neither `nav` nor `report` is built only when it"
        " is asked for by name",
    )
    group: str = Field("Departments", description="its group in the navigation, `Departments` without it")
    order: int = Field(100, description="its place in the navigation")
    lines: list[str] | None = Field(
        None, description="its sections and lines, unless `[pages.lines]` names others; `[]`: all"
    )
    extends: str | None = Field(
        None,
        description="a page whose SQL blocks, `params` and `reads` come first; `scorecard` brings the"
        " scorecard's queries",
    )
    params: dict[str, Any] = Field(
        {},
        description="the `$name`s of its SQL blocks, each with the value that it has unless the site gives"
        " another",
    )
    reads: dict[str, str] = Field(
        {},
        description="a mart and the rows of it that the page reads, as a `SELECT`; without an entry, every"
        " row of a mart counts as read",
    )
    sections: dict[str, str] = Field({}, description="headings that can be linked, as `id: heading`")
    report: str | None = Field(
        None,
        description="the page it belongs to: they are enabled together and share their navigation",
    )
    needs: str | None = Field(None, description="a mart; while it is empty, the page is not built")
    restricted: bool = Field(False, description="`true`: the page holds names of contacts")


VALUES = {
    "page": "its front matter: `page.title`",
    "week": "the newest finished week, its Monday; None before the first one",
    "newest": "whether `week` is the newest finished one",
    "notes": "what is missing in its numbers, for `DataNotes`; only with `lines`",
    "receipts": "the links to the records, for `Sections` and others",
    "mails": "mails that have not arrived",
}
"""What every page can use beside the components and its blocks, and what it is."""
_GIVEN = {"week": "2025-10-20", "lines": [], "newest": True}
"""Parameters that the site gives to every page, with values to try its blocks with."""
_OWN_VALUES = {"scorecard": {"archived"}, "receipts": {"back", "cards", "contents", "days", "heading"}}
"""What only these pages get."""


@dataclass(frozen=True)
class _Known:
    """What page files may name."""

    pages: Mapping[str, Path]
    marts: Collection[str]
    sections: Collection[str]
    lines: Collection[str]
    """Sections and lines: those of the company, and every metric by its section."""


def page_faults(settings: Settings, folder: Path = PAGES, *, columns: bool = True) -> Iterator[str]:
    """A sentence per fault, with file and line.

    Args:
        columns: run the blocks of a page that has no other fault on empty marts too, which finds columns that
            do not exist. The build of the site finds them as well.

    Raises:
        SettingsError: scorecard_lines.csv cannot be read.
    """
    pages = {path.stem: path for path in sorted(folder.glob("*.md"))}
    models = settings.dbt_dir / "models"
    metrics = list((models / "metrics").rglob("*.sql"))
    rows = seed_rows(settings, "scorecard_lines", "line_id", "section")
    sections = {row["section"] for row in rows} | {path.parent.name for path in metrics}
    known = _Known(
        pages,
        {path.stem for path in (models / "marts").rglob("*.sql")},
        sections,
        sections | {row["line_id"] for row in rows} | {f"{path.parent.name}.{path.stem}" for path in metrics},
    )
    with duckdb.connect(":memory:", config={"threads": "1"}) as parser:
        sound: dict[str, list[tuple[Path, Source]]] = {}
        for path in pages.values():
            try:
                page = parse_file(path)
                extends = page.meta.get("extends")
                base = pages.get(extends) if isinstance(extends, str) else None
                above = [parse_file(base)] if base and base != path else []
            except ScorelineError as error:
                yield f"{path}, {error}"
                continue
            head = path.read_text(encoding="utf-8").splitlines()[: page.offset]
            found = [*_of_front_matter(page, head, known)]
            if above or not extends:  # without the page that it extends, its names cannot be checked
                found += [*_of_blocks(page, above, known, parser), *_of_template(page, above)]
            if not found:
                sound.setdefault(base.stem if above and base else path.stem, []).append((path, page))
            for fault in found:
                yield f"{path}, {fault}"
        if columns:
            yield from _make_marts(parser, models / "marts")
            for name, group in sound.items():
                yield from _of_columns(parser, parse_file(pages[name]), group)


def _make_marts(connection: duckdb.DuckDBPyConnection, folder: Path) -> Iterator[str]:
    """Make the marts without rows, from their contracts, as the published file has them. Faults of
    contracts."""
    connection.execute("attach ':memory:' as published")
    connection.execute("create schema published.marts")
    for file in folder.rglob("*.yml"):
        try:
            listed = (load_yaml(file) or {}).get("models") or ()
        except yaml.YAMLError as error:
            yield yaml_fault(file, error)
            continue
        for model in listed:
            try:
                columns = ", ".join(f'"{one["name"]}" {one["data_type"]}' for one in model["columns"])
                connection.execute(f'create table published.marts."{model["name"]}" ({columns})')
            except (KeyError, TypeError, duckdb.Error):
                yield f"{file}: {model.get('name')} needs columns, each with a name and a data_type."


def _of_columns(
    connection: duckdb.DuckDBPyConnection, base: Source, group: Sequence[tuple[Path, Source]]
) -> Iterator[str]:
    """Faults of the blocks of a page and of those that extend it, which share its blocks."""
    with closing(connection.cursor()) as cursor:
        cursor.execute("use published")
        params = {**base.meta.get("params", {}), **_GIVEN}
        try:
            for block in base.blocks:
                try_block(cursor, block, params)
        except ScorelineError as error:
            yield from (f"{path}, {error}" for path, page in group if page == base)
            return
        for path, page in group:
            own = page.blocks if page != base else []
            try:
                for block in own:
                    try_block(cursor, block, {**params, **page.meta.get("params", {}), **_GIVEN})
            except ScorelineError as error:
                yield f"{path}, {error}"
            for block in own:
                cursor.execute(f"drop table if exists {block.name}")


def _of_front_matter(page: Source, head: Sequence[str], known: _Known) -> Iterator[str]:
    def line(name: str) -> int:
        return next(
            (i for i, one in enumerate(head, 1) if re.search(rf"(?<![\w.]){re.escape(name)}\b", one)), 1
        )

    wrong = list(model_faults(FrontMatter, page.meta))
    for key, said in wrong:
        yield f"line {line(key)}: {said}"
    meta = {key: value for key, value in page.meta.items() if key not in dict(wrong)}
    named: list[tuple[str, str, str | None, Collection[str]]] = [
        (key, "page", meta.get(key), known.pages) for key in ("extends", "report")
    ]
    named += [("needs", "mart", meta.get("needs"), known.marts)]
    named += [("reads", "mart", name, known.marts) for name in meta.get("reads") or ()]
    named += [("lines", "section or line", name, known.lines) for name in meta.get("lines") or ()]
    for key, what, name, names in named:
        if name is not None and name not in names:
            yield f"line {line(name)}, {key}: {unknown(what, name, sorted(names))}"


def _of_blocks(
    page: Source, above: Sequence[Source], known: _Known, parser: duckdb.DuckDBPyConnection
) -> Iterator[str]:
    declared = [source.meta.get("params") for source in (*above, page)]
    params = _GIVEN.keys() | {name for one in declared if isinstance(one, dict) for name in one}
    seen: set[str] = set()
    for block in page.blocks:
        place = f"line {block.line}, block '{block.name}'"
        if block.name in seen:
            yield f"{place}: this name is used twice on the page"
        seen.add(block.name)
        try:
            check_block(parser, block, params)
        except ScorelineError as error:
            yield str(error)
            continue
        for mart in dict.fromkeys(re.findall(r"\bmarts\.(\w+)", block.sql)):
            if mart not in known.marts:
                yield f"{place}: {unknown('mart', mart, sorted(known.marts))}"
        for name in dict.fromkeys(re.findall(r"'(\w+\.\w+)'", block.sql)):
            if name not in known.lines and _is_meant_as_line(name, known):
                yield f"{place}: {unknown('line', name, sorted(known.lines))}"


def _is_meant_as_line(name: str, known: _Known) -> bool:
    """Whether a text of SQL names a line: it begins with a section, or is nearly a line."""
    return name.partition(".")[0] in known.sections or bool(
        difflib.get_close_matches(name, known.lines, 1, 0.9)
    )


def _of_template(page: Source, above: Sequence[Source]) -> Iterator[str]:
    """Yield names that the page uses and nothing defines, and calls that components refuse."""
    env = environment(NAMES)
    try:
        tree, used = tree_of(page, env)
    except ScorelineError as error:
        yield str(error)
        return
    blocks = {block.name for source in (*above, page) for block in source.blocks}
    names = blocks | NAMES.keys() | VALUES.keys() | _OWN_VALUES.get(page.name.removesuffix(".md"), set())
    names |= env.globals.keys()
    found = list(tree.find_all((nodes.Name, nodes.Filter, nodes.Test, nodes.Call)))
    free = used - names - {one.name for one in found if isinstance(one, nodes.Name) and one.ctx != "load"}
    for node in found:
        faults: Iterable[str] = ()
        match node:
            case nodes.Name(name=name) if name in free:
                free.discard(name)
                faults = [unknown("name", name, sorted(names))]
            # within an `if` Jinja says so only when the page is rendered
            case nodes.Filter(name=name) if name not in env.filters:
                faults = [unknown("filter", name, sorted(env.filters))]
            case nodes.Test(name=name) if name not in env.tests:
                faults = [unknown("test", name, sorted(env.tests))]
            case nodes.Call(node=nodes.Name(name=name)) if name in EXPORTS:
                faults = _of_call(node, name)
        yield from (f"line {node.lineno + page.offset}: {fault}" for fault in faults)


def _of_call(call: nodes.Call, name: str) -> Iterator[str]:
    """Arguments that a component does not have, has twice, or lacks."""
    if call.dyn_args or call.dyn_kwargs:
        return
    expected = signature(name)
    keys = [argument.key for argument in call.kwargs]
    takes_any = any(one.kind is one.VAR_KEYWORD for one in expected.parameters.values())
    unheard = [key for key in keys if key not in expected.parameters and not takes_any]
    for key in unheard:
        yield unknown(f"argument of {name}", key, expected.parameters)
    if not unheard:
        try:
            expected.bind(*call.args, **dict.fromkeys(keys))
        except TypeError as error:
            yield f"{name}: {error}"

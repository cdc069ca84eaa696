"""The pages of the docs that mkdocs makes from the code as it builds, so none of them is committed: one per
source, one of the commands, and one of the components of pages.

A source page takes each fact from where it is written: `docs/sources/index.md`, `.env.example`,
`company.toml`, and the docstring, tables and API versions of the source's module.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # mkdocs loads this file by its path

from dlt_pipelines.core.versions import in_use  # noqa: E402
from dlt_pipelines.registry import SOURCES, SourceEntry  # noqa: E402
from foundation.settings import Settings, load_company  # noqa: E402
from orchestration.cli import main as scoreline  # noqa: E402
from reports.components import EXPORTS, signature, text_of  # noqa: E402


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List the source pages in the navigation, in alphabetical order."""
    for item in config.nav or []:
        if "Sources" in item:
            entries = sorted(SOURCES.values(), key=lambda entry: entry.label.lower())
            item["Sources"] += [{entry.label: f"sources/{entry.name}.md"} for entry in entries]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made here."""
    made = {f"sources/{entry.name}.md": source_page(entry) for entry in SOURCES.values()}
    made |= {"commands.md": commands_page(), "components.md": components_page()}
    for path, text in made.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_post_page(output: str, page: Any, config: MkDocsConfig) -> str:
    """Fail if a page would load something from another host."""
    if found := re.search(
        r"<(?:script|link rel=.?stylesheet|img|iframe)\b[^>]*(?:src|href)=.?(?:https?:)?//[^\s>]+", output
    ):
        raise PluginError(f"{page.file.src_uri} loads {found[0]}. Keep the file in docs/ instead.")
    return output


def source_page(entry: SourceEntry) -> str:
    """The page of a source, as Markdown."""
    credentials = entry.source.credentials
    parts = [f"# {entry.label}", _brings(entry.name), *_facts(entry)]
    if credentials is not None:
        names = {field.alias for field in credentials.model_fields.values()}
        parts += ["## Credentials", "In `.env` or the environment:", *_variables(names)]
    if settings := _toml_blocks(entry.name):
        parts += ["## Settings", "In `company.toml`, with the values of the demo's company:"]
        parts += [_fenced(settings, "toml")]
    parts += ["## Tables", *_tables(entry), "## How it is read", *_docstrings(entry)]
    return "\n\n".join(parts) + "\n"


@cache
def _listed() -> dict[str, str]:
    """Source -> what it brings, from the table of `docs/sources/index.md`."""
    text = (ROOT / "docs" / "sources" / "index.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| \[[^]]+\]\((\w+)\.md\) \| ([^|]+) \|", text, re.M))


def _brings(name: str) -> str:
    if name not in _listed():
        raise PluginError(f"docs/sources/index.md: add a row for the source {name}.")
    text = _listed()[name].strip()
    return f"{text[0].upper()}{text[1:]}."


def _facts(entry: SourceEntry) -> Iterator[str]:
    yield "| | |\n|---|---|\n" + "\n".join(f"| {name} | {value} |" for name, value in _fact_rows(entry))


def _fact_rows(entry: SourceEntry) -> Iterator[tuple[str, str]]:
    yield "Name in commands and assets", f"`{entry.name}`"
    yield "Raw tables", f"schema `raw_{entry.name}`"
    late = f"{entry.freshness_limit.total_seconds() / 3600:.0f} hours"
    yield "Loaded", f"each day, or as `refresh_every` says; late after {late}"
    for version in in_use(entry.name, load_company(Settings())):
        part = f" ({version.part})" if version.part else ""
        end = f", last day {version.last_day}" if version.last_day else ""
        yield "API version", f"{version.name}{part}{end}"


def _variables(names: set[str | None]) -> Iterator[str]:
    """The variables in their groups of `.env.example`, with its comments. The addresses are one group of all
    sources."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    for comment, variables in re.findall(r"((?:^#.*\n)*)((?:^[A-Z].*\n?)+)", text, re.M):
        group = variables.splitlines()
        ours = [line for line in group if line.partition("=")[0] in names]
        if ours and ours != group:
            yield "To reach another address than the vendor's:"
        elif ours:
            yield _escaped(" ".join(line.removeprefix("# ") for line in comment.splitlines()))
        if ours:
            yield _fenced("\n".join(ours), "sh")


def _toml_blocks(name: str) -> str:
    """Blocks of `company.toml` whose table is the source's."""
    header = re.compile(rf"^\[\[?{name}[.\]]", re.M)
    blocks = re.split(r"\n{2,}", (ROOT / "company.toml").read_text(encoding="utf-8").strip())
    return "\n\n".join(block for block in blocks if header.search(block))


def _tables(entry: SourceEntry) -> Iterator[str]:
    rows = []
    for table in entry.source.tables:
        key = ", ".join(f"`{column}`" for column in table.keys)
        marks = {"daily snapshot": table.is_snapshot, "backfilled per person": table.per_person}
        kind = ", ".join(mark for mark, is_so in marks.items() if is_so)
        rows.append(f"| `{table.name}` | {_escaped(table.grain)} | {key} | {len(table.columns)} | {kind} |")
    yield "| table | grain | primary key | columns | |\n|---|---|---|---|---|\n" + "\n".join(rows)


def _docstrings(entry: SourceEntry) -> Iterator[str]:
    """The docstring of the module, and of the modules beside it that say which tables they fill."""
    spec = importlib.util.find_spec(entry.module)
    assert spec and spec.origin
    file = Path(spec.origin)
    yield from _prose(_docstring(file))
    if file.name == "__init__.py":
        for beside in sorted(file.parent.glob("[!_]*.py")):
            if "->" in (text := _docstring(beside)):
                yield from _prose(text)


def _docstring(file: Path) -> str:
    return ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""


def _prose(docstring: str) -> Iterator[str]:
    """Paragraphs as Markdown: what is set in columns stays so, lists of quirks become lists."""
    for paragraph in docstring.split("\n\n"):
        heading, _, rest = paragraph.partition(": ")
        if "->" in paragraph or "\n  " in paragraph:
            yield _fenced(paragraph, "text")
        elif heading == "Quirks":
            yield "### Quirks"
            yield from _bullets(rest)
        elif heading.startswith("UNCONFIRMED"):
            yield f'!!! note "Not confirmed by the vendor"\n    {_escaped(" ".join(rest.split()))}'
        elif heading not in ("Settings", "Setting"):
            yield _escaped(" ".join(paragraph.split()))


def _bullets(text: str) -> Iterator[str]:
    """A list of what semicolons separate (not those inside parentheses), then the sentences after it."""
    listed, _, rest = " ".join(text.split()).partition(". ")
    items = re.split(r"; (?![^()]*\))", listed)
    yield "\n".join(f"- {_escaped(item[0].upper() + item[1:].rstrip('.'))}" for item in items)
    if rest:
        yield _escaped(rest)


def _escaped(text: str) -> str:
    return re.sub(r"([<>*|])", r"\\\1", text)


def _fenced(text: str, language: str) -> str:
    return f"```{language}\n{text}\n```"


def commands_page() -> str:
    """`scoreline` and each of its commands, from their help texts."""
    parts = [
        "# Commands",
        "`make` puts `scoreline` into `.venv/bin`. `scoreline --version` prints the version, "
        "`scoreline COMMAND --help` what is below.",
    ]
    for name in sorted(scoreline.list_commands()):
        command = scoreline.get_command(None, name)
        assert command
        context = click.Context(command, info_name=name)
        usage = " ".join(["scoreline", name, *command.collect_usage_pieces(context)])
        parts += [f"## {name}", _fenced(usage, "sh"), _escaped(inspect.cleandoc(command.help or ""))]
        options = [option for option in command.params if isinstance(option, click.Option)]
        records = filter(None, (option.get_help_record(context) for option in options))
        parts.append("\n".join(f"- `{option}`: {_escaped(text)}" for option, text in records))
    return "\n\n".join(parts) + "\n"


def components_page() -> str:
    """What a page can call, from the docstrings and the comments of macros."""
    parts = [
        "# Components",
        "What a [page](pages.md#add-a-page) can call. Components begin with a capital and return HTML; the"
        " others return text. Arguments without a value here must be given; those after `*` by name only."
        " `scoreline gallery` builds a page that shows the components.",
    ]
    for name in sorted(EXPORTS, key=lambda name: (name[0].islower(), name)):
        parts += [f"## {name}", _fenced(_call(name), "jinja"), *_described(text_of(name))]
    return "\n\n".join(parts) + "\n"


def _call(name: str) -> str:
    """`Pill(status, text=None)`."""
    parameters = [one.replace(annotation=one.empty) for one in signature(name).parameters.values()]
    shown = [one.replace(default=None) if inspect.isfunction(one.default) else one for one in parameters]
    return f"{name}{inspect.Signature(shown)}"


def _described(text: str) -> Iterator[str]:
    """A docstring as Markdown; its arguments are a list."""
    about, _, arguments = text.partition("Args:\n")
    for paragraph in filter(None, map(str.strip, about.split("\n\n"))):
        yield _escaped(" ".join(paragraph.split()))
    listed = re.split(r"^    (?=\S)", arguments, flags=re.M)[1:]
    if listed:
        yield "\n".join(f"- {_escaped(' '.join(one.split()))}" for one in listed)

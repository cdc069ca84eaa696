"""What the README, CONTRIBUTING.md and the docs claim is true: the commands, options, make targets, paths,
variables, settings and tables that they name exist, and no source is left out."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from itertools import pairwise, product
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, get_args, get_origin

import click
import pytest
from click.testing import CliRunner
from pydantic import BaseModel

from dlt_pipelines.registry import SOURCES
from dlt_pipelines.wire.client import Client
from foundation import __version__
from foundation.metric_meta import MetricMeta
from foundation.settings import PROJECT_ROOT, Company, Settings, load_company
from orchestration.cli import main
from reports.components import EXPORTS
from reports.engine.parse import PAGES as PAGE_FILES
from reports.engine.parse import parse_file
from reports.look.tokens import STATE, STATUS
from reports.pages.check import VALUES, FrontMatter
from reports.post.due import DIGEST_AT, PREVIEW_AT, WEEKLY_AT
from sandbox import SANDBOX_CREDENTIALS

DOCS = PROJECT_ROOT / "docs"
PAGES = [PROJECT_ROOT / "README.md", PROJECT_ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
TEXT = {page.relative_to(PROJECT_ROOT).as_posix(): page.read_text(encoding="utf-8") for page in PAGES}
ASSET_KEYS = ("raw/", "acme/raw/")
MADE_BY_RUNS = (
    "var/",
    "home/",
    "companies/",
    "site/",
    "outbox/",
    "receipts/",
    "restricted/",
    "published/",
    "scorecard/",
    "review/",
)
MADE_BY_MKDOCS = {"commands.md", "components.md"} | {f"{name}.md" for name in SOURCES}
PLACEHOLDER = re.compile(r"<\w+>")


def found(pattern: str) -> list[tuple[str, str]]:
    """(page, match) of every place that matches."""
    return [
        (page, match)
        for page, text in TEXT.items()
        for match in dict.fromkeys(re.findall(pattern, text, re.M))
    ]


def test_every_source_is_in_the_list_with_its_credentials() -> None:
    rows = dict(re.findall(r"^\| \[[^]]+\]\((\w+)\.md\) \| (.+) \|$", TEXT["docs/sources/index.md"], re.M))
    assert sorted(rows) == sorted(SOURCES)
    for name, entry in SOURCES.items():
        if credentials := entry.source.credentials:
            aliases = {str(field.alias) for field in credentials.model_fields.values()}
            needed = {alias for alias in aliases if not alias.endswith("_BASE_URL")}
            assert [alias for alias in sorted(needed) if f"`{alias}`" not in rows[name]] == []


SPANS = {0: "at once", 1: "a second", 2: "in 2 seconds", 10: "in 10 seconds", 60: "a minute", 3600: "an hour"}
SPANS |= {600: "in 10 minutes", 86_400: "a day"}
ASKS_FIRST = {"autotask", "datto_rmm", "microsoft_graph"}
"""Sources that cannot be connected here: they ask the vendor for an address, or have a client per tenant."""


def test_the_request_limits_are_those_of_the_clients(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    for name, value in SANDBOX_CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    rows = dict(re.findall(r"^\| (\w[^|]+) \| (.+?) \|.*\|$", TEXT["docs/sources/index.md"], re.M))
    settings, checked = Settings(), 0
    for entry in SOURCES.values():
        client = None if entry.name in ASKS_FIRST else entry.source.connect(settings, load_company(settings))
        if isinstance(client, Client):
            for limit in client.vendor.budget.lanes[""]:
                assert f"{limit.most:,} {SPANS[int(limit.seconds)]}" in rows[entry.label], entry.name
                checked += 1
    assert checked > 15


def test_every_make_target_exists() -> None:
    makefile = (PROJECT_ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    named = found(r"(?:`|^)make ([a-z][a-z-]+)")
    assert {target for _, target in named} >= {"demo", "test", "ui", "check", "docs"}
    assert [(page, target) for page, target in named if target not in targets] == []


def test_every_command_and_option_exists() -> None:
    calls = found(r"(?:`|^ *|bin/)(scoreline [a-z][^`\n]*)")
    assert len(calls) > 10
    for page, call in calls:
        name, *rest = call.removeprefix("scoreline ").split()
        command = main.get_command(None, name)
        assert command, (page, call)
        if isinstance(command, click.Group):
            group, name = command, rest[0]
            command = group.get_command(click.Context(group), name)
            assert command, (page, call)
        options = {option for parameter in command.params for option in parameter.opts}
        used = {word for word in rest if word.startswith("--")} - {"--select", "--help"}
        assert used <= options, (page, call)


@pytest.mark.parametrize(("page", "path"), found(r"`([\w.<>-]+/[\w./<>*-]*)`"))
def test_every_path_exists(page: str, path: str) -> None:
    if path.startswith((*MADE_BY_RUNS, *ASSET_KEYS)):
        return
    pattern = PLACEHOLDER.sub("*", path).rstrip("/")
    roots = (PROJECT_ROOT, PROJECT_ROOT / "dbt_project", PROJECT_ROOT / "dbt_project" / "models")
    assert any(list(root.glob(pattern)) for root in roots)


def test_a_call_becomes_a_dial_on_the_way_that_is_described() -> None:
    way = TEXT["docs/architecture.md"].split("## The way of a record")[1].split("\n7. ")[0]
    models = [PROJECT_ROOT / path for path in re.findall(r"`(dbt_project/[\w/]+\.sql)`", way)]
    assert len(models) > 2
    for model, reader in pairwise(models):
        assert f"ref('{model.stem}')" in reader.read_text(encoding="utf-8"), reader


def test_what_a_page_says_to_be_in_a_module_is_there() -> None:
    """`Client.post()` in `dlt_pipelines/wire/client.py`."""
    named = [
        (page, name.removesuffix("()").rpartition(".")[2], path)
        for page, text in TEXT.items()
        for name, path in re.findall(r"`([\w.]+(?:\(\))?)`\s+in\s+`([\w/]+\.py)`", text)
    ]
    assert len(named) > 5
    for page, name, path in named:
        code = (PROJECT_ROOT / path).read_text(encoding="utf-8")
        assert re.search(rf"^\s*(?:(?:def|class) {name}\b|{name}\b.* = )", code, re.M), (page, name, path)


@pytest.mark.parametrize("page", TEXT)
def test_every_link_leads_somewhere(page: str) -> None:
    folder = (PROJECT_ROOT / page).parent
    for target in re.findall(r"\]\(([^)#:]+\.(?:md|png))|src=\"([^\"]+)\"", TEXT[page]):
        path = Path(*filter(None, target))
        assert path.name in MADE_BY_MKDOCS or (folder / path).exists(), path


def test_every_variable_is_in_the_example() -> None:
    known = set(
        re.findall(r"^([A-Z][A-Z0-9_]+)=", (PROJECT_ROOT / ".env.example").read_text(encoding="utf-8"), re.M)
    )
    named = found(r"`([A-Z][A-Z0-9]+_[A-Z0-9_]+)`")
    assert named
    assert [(page, name) for page, name in named if name not in known] == []


def test_every_table_for_readers_exists() -> None:
    marts = {path.stem for path in (PROJECT_ROOT / "dbt_project" / "models" / "marts").rglob("*.sql")}
    named = found(r"\b((?:fct|dim)_[a-z_]+[a-z])\b")
    assert named
    assert [(page, name) for page, name in named if name not in marts] == []


def test_every_setting_exists() -> None:
    sections = dict(Company.model_fields)
    named = [
        (page, section, setting)
        for page, text in TEXT.items()
        for section, setting in re.findall(r"`(\w+)\.(\w+)`", text)
        if section in sections and setting not in ("toml", "html", "txt")
    ]
    assert named
    for page, section, setting in named:
        assert setting in getattr(sections[section].annotation, "model_fields", {}), (page, section, setting)


@pytest.mark.parametrize(("page", "example"), found(r"```toml\n([^`]+)```"))
def test_every_example_of_settings_is_valid(page: str, example: str) -> None:
    company = tomllib.loads((PROJECT_ROOT / "company.toml").read_text(encoding="utf-8"))
    for section, values in tomllib.loads(example).items():
        company[section] = {**company.get(section, {}), **values}
    Company.model_validate(company)


def table_of(model: type[BaseModel]) -> str:
    """The fields of a model as rows of a table, as the docs list them."""
    rows = []
    for name, field in model.model_fields.items():
        choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
        listed = f"; one of {', '.join(f'`{one}`' for one in choices)}" if choices else ""
        rows.append(f"| `{name}` | {field.description}{listed} |\n")
    return "".join(rows)


def test_the_tables_of_metas_front_matters_and_values_are_those_of_the_code() -> None:
    assert table_of(MetricMeta) in TEXT["docs/metrics.md"], table_of(MetricMeta)
    required = [name for name, field in MetricMeta.model_fields.items() if field.is_required()]
    assert list(MetricMeta.model_fields)[: len(required)] == required and required[-1] == "edge_cases"
    assert table_of(FrontMatter) in TEXT["docs/pages.md"], table_of(FrontMatter)
    assert "".join(f"| `{name}` | {text} |\n" for name, text in VALUES.items()) in TEXT["docs/pages.md"]


def test_the_blocks_of_the_scorecard_are_those_that_its_pages_use() -> None:
    table = TEXT["docs/pages.md"].split("| block | what it is |")[1].split("\n\n")[0]
    named = {
        name
        for row in table.splitlines()
        for name in re.findall(r"`(\w+)`", row.split("|")[1:2][0] if row else "")
    }
    pages = {path.stem: parse_file(path) for path in PAGE_FILES.glob("*.md")}
    blocks = {block.name for block in pages["scorecard"].blocks}
    used = {
        name
        for page in pages.values()
        if page.meta.get("extends") == "scorecard" and page.name != "review.md"
        for text in (page.body, *(block.sql for block in page.blocks))
        for name in blocks & set(re.findall(r"\w+", text))
    }
    assert named <= blocks and used - {"changes", "dated"} <= named


def test_metrics_statuses_and_states_are_complete() -> None:
    assert all(f"| `{name}` |" in TEXT["docs/metrics.md"] for name in (*STATUS, *STATE))


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ("README.md", "9 goals {below}, 6 {met}"),
        (
            "docs/glossary.md",
            "{met}, {near} (`near`), {below} (`below`), {no_goal}, {no_data}, {not_applicable}",
        ),
        ("docs/mails.md", '"{below}, but nothing has\nchanged'),
        ("docs/metrics.md", "| `met` | {Met} |"),
        ("docs/metrics.md", "| `near` | {Near} |"),
        ("docs/metrics.md", "| `below` | {Below} |"),
    ],
)
def test_the_docs_call_a_status_by_its_word(page: str, says: str) -> None:
    """These are the places of the docs to change with `STATUS`."""
    words = {code: word.lower() for code, word in STATUS.items()}
    assert says.format(**words, **{code.capitalize(): word for code, word in STATUS.items()}) in TEXT[page]


def test_the_times_of_mails_are_those_of_the_schedules() -> None:
    times = [f"{when:%H:%M}" for when in (WEEKLY_AT, DIGEST_AT, PREVIEW_AT)]
    for page in ("docs/operations.md", "docs/mails.md"):
        assert [time for time in times if time not in TEXT[page]] == [], page


def test_each_package_imports_what_its_row_says() -> None:
    section = TEXT["docs/architecture.md"].split("## Packages")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)/` \| .+ \| (.+) \|$", section, re.M)
    packages = {
        package: set(re.findall(r"`(\w+)`", may)) for package, may in rows if not may.startswith("all")
    }
    assert len(packages) > 4
    for package, may_import in packages.items():
        for file in (PROJECT_ROOT / package).rglob("*.py"):
            imported = set(re.findall(r"^\s*(?:from|import) (\w+)", file.read_text(encoding="utf-8"), re.M))
            assert imported & (dict(rows).keys() - {package}) <= may_import, file


def test_pictures_are_small() -> None:
    for picture in (DOCS / "img").glob("*.png"):
        assert picture.stat().st_size < 150_000, picture


@pytest.fixture(scope="module")
def hooks() -> ModuleType:
    """docs/hooks.py, loaded as mkdocs does."""
    spec = importlib.util.spec_from_file_location("docs_hooks", DOCS / "hooks.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", SOURCES)
def test_the_page_of_a_source_is_complete(hooks: Any, name: str) -> None:
    entry = SOURCES[name]
    page = hooks.source_page(entry)
    for table in entry.tables:
        assert f"| `{table}` | " in page
    if credentials := entry.source.credentials:
        for field in credentials.model_fields.values():
            assert f"{field.alias}=" in page
    if name in Company.model_fields:
        assert f"[{name}]" in page or f"[[{name}." in page
    assert "## How it is read" in page and "Settings:" not in page


def test_the_page_of_commands_is_complete(hooks: Any) -> None:
    page = hooks.commands_page()
    for name in main.list_commands():
        command = main.get_command(None, name)
        assert command and f"\n## {name}\n" in page
        assert all(
            f"`{option}" in page or f", {option}" in page
            for p in command.params
            for option in p.opts[-1:]
            if option.startswith("-")
        )


def test_the_page_of_components_is_complete(hooks: Any) -> None:
    page = hooks.components_page()
    for name in EXPORTS:
        assert re.search(rf"\n## {name}\n\n```jinja\n{name}\(.*\)\n```\n\n\S", page), name


def test_the_version_is_written_once() -> None:
    assert __version__ in CliRunner().invoke(main, ["--version"]).output
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "version" in project["dynamic"] and "version" not in project


def test_a_wheel_is_refused_with_the_way_out() -> None:
    command = [sys.executable, "setup.py", "-q", "bdist_wheel"]
    refused = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True)
    assert refused.returncode == 1 and "Clone it" in refused.stderr
    assert not (PROJECT_ROOT / "dist").exists()


def test_the_locks_hold_every_extra() -> None:
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locks = {
        name: set(re.findall(r"^([\w.-]+)==", (PROJECT_ROOT / name).read_text(encoding="utf-8"), re.M))
        for name in ("requirements.lock", "requirements-dev.lock")
    }
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    for (group, requirements), lock in product(groups.items(), locks):
        if group != "dev" or lock == "requirements-dev.lock":
            names = {re.split(r"[\[<>=]", requirement)[0].lower() for requirement in requirements}
            assert names <= locks[lock], (group, lock)


def test_readers_ask_for_the_published_file() -> None:
    """A lake's newest build is fetched when somebody asks; a path alone is the last one that was fetched."""
    readers = [file for room in ("reports", "portal") for file in (PROJECT_ROOT / room).rglob("*.py")]
    named = {str(file.relative_to(PROJECT_ROOT)) for file in readers if ".published_path" in file.read_text()}
    assert named == {"portal/web.py"}  # its library asks at each visit
    assert "Readers ask `published_file()`" in (PROJECT_ROOT / "docs/architecture.md").read_text()

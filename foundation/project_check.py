"""Whether the files that people edit agree with each other: company.toml, the seeds, pages and metrics.

Each file is judged by itself when it is read (`load_company`, `check_seeds`). Here are the names that one
file takes from another, found before dbt would blame a model for them. Quick: no database, no dbt.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from foundation.errors import SettingsError, unknown
from foundation.metric_meta import MetricMeta
from foundation.seeds import seed_rows_with_lines
from foundation.settings import Company, Settings
from foundation.settings.environment import reason_of

Lines = list[tuple[int, dict[str, str]]]
"""(line of the file, row)"""
_REASONS = re.compile(r"\bcase\b((?:(?!\bcase\b).)*?)\bend as reason", re.S)


def faults(settings: Settings, company: Company, pages: Collection[str]) -> list[str]:
    """A sentence per fault, with file and line. `pages`: names of the page files."""
    metrics = {path.stem for path in (settings.dbt_dir / "models" / "metrics").rglob("*.sql")}
    lines = seed_rows_with_lines(settings, "scorecard_lines")
    sections = {row["section"] for _, row in lines} | {row["line_id"] for _, row in lines}
    return [
        *_of_lines(settings, lines, metrics),
        *_of_goals(settings, {row["line_id"] for _, row in lines}),
        *_of_company(settings, company, sections, pages),
        *metric_faults(settings.dbt_dir),
    ]


def _of_lines(settings: Settings, lines: Lines, metrics: set[str]) -> Iterator[str]:
    file = settings.seeds_dir / "scorecard_lines.csv"
    people = {row["person_key"] for _, row in seed_rows_with_lines(settings, "people")}
    seen: set[tuple[str, str]] = set()
    for line, row in lines:
        place = f"{file}, line {line}"
        if (row["line_id"], row["valid_from"]) in seen:
            yield f"{place}: the line {row['line_id']!r} already exists."
        seen.add((row["line_id"], row["valid_from"]))
        yield from unknown_names(f"{place}, column metric_id", "metric", [row["metric_id"]], metrics)
        for column in ("owners", "people"):
            names = [name.strip() for name in row[column].split(";") if name.strip()]
            yield from unknown_names(f"{place}, column {column}", "person", names, people)


def _of_goals(settings: Settings, lines: set[str]) -> Iterator[str]:
    file = settings.seeds_dir / "goals.csv"
    for line, row in seed_rows_with_lines(settings, "goals"):
        yield from unknown_names(f"{file}, line {line}, column line_id", "line", [row["line_id"]], lines)


def _of_company(
    settings: Settings, company: Company, sections: set[str], pages: Collection[str]
) -> Iterator[str]:
    """Sections, lines, pages and people that company.toml names."""
    text = settings.company_file.read_text(encoding="utf-8-sig").splitlines()

    def at(key: str, name: str) -> str:
        """The line that holds the name, or else the key."""
        wanted = (f'"{name}"', f"'{name}'", f"{name} =", key)
        found = next((i for sign in wanted for i, one in enumerate(text, 1) if sign in one), 1)
        return f"{settings.company_file}, line {found}, {key}"

    named: list[tuple[str, str, Iterable[str]]] = [
        ("pages.enabled", "page", company.pages.enabled or ()),
        ("pages.lines", "page", company.pages.lines),
    ]
    named += [(f"pages.lines.{page}", "section", names) for page, names in company.pages.lines.items()]
    named += [("review.sections.lines", "section", part.lines) for part in company.review.sections]
    for one in company.mail.subscriptions:
        named += [("mail.subscriptions.sections", "section", one.sections)]
        named += [("mail.subscriptions.pages", "page", one.pages)]
    if "confidential" in company.access.model_fields_set:
        named += [("access.confidential", "section", company.access.confidential)]
    for role in company.access.roles:
        named += [
            ("access.roles.sections", "section", [*role.sections, *role.types]),
            ("access.roles.pages", "page", role.pages),
            ("access.roles.people", "person", [one for one in role.people if "@" not in one]),
        ]
    people = {row["person_key"] for _, row in seed_rows_with_lines(settings, "people")}
    known: dict[str, Collection[str]] = {"page": pages, "section": sections, "person": people}
    for key, what, names in named:
        for name in names:
            if name != "*":
                yield from unknown_names(at(key, name), what, [name], known[what])


def metric_sources(dbt_dir: Path) -> dict[str, set[str]]:
    """Metric -> the sources that it reads, by its definition."""
    return {name: set(meta.get("sources") or ()) for name, meta in _definitions(dbt_dir)}


def metric_units(dbt_dir: Path) -> dict[str, str]:
    """Metric -> its unit, by its definition: `count`, `money`, ..."""
    return {name: str(meta.get("unit")) for name, meta in _definitions(dbt_dir)}


def _definitions(dbt_dir: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(metric, meta)

    Raises:
        SettingsError: a .yml is not valid.
    """
    for file in sorted((dbt_dir / "models" / "metrics").rglob("*.yml")):
        try:
            found = _models(file)
        except yaml.YAMLError as error:
            raise SettingsError(yaml_fault(file, error)) from None
        yield from ((name, meta) for _, name, meta in found)


def metric_faults(dbt_dir: Path) -> Iterator[str]:
    """Metrics without a definition, and definitions that lack something or say what is not allowed."""
    sources = {path.name for path in (dbt_dir / "models" / "staging").iterdir()}
    texts = dbt_dir / "seeds" / "reasons.csv"
    with texts.open(encoding="utf-8", newline="") as seed:
        reasons = {row["reason"] for row in csv.DictReader(seed)}
    for folder in sorted((dbt_dir / "models" / "metrics").iterdir()):
        defined: set[str] = set()
        for file in sorted(folder.glob("*.yml")):
            try:
                found = _models(file)
            except yaml.YAMLError as error:
                yield yaml_fault(file, error)
                return
            text = file.read_text(encoding="utf-8").splitlines()
            for line, name, meta in found:
                defined.add(name)
                if not (folder / f"{name}.sql").exists():
                    yield f"{file}, line {line}: there is no {name}.sql beside it."
                for key, said in model_faults(MetricMeta, meta):
                    yield f"{file}, line {_line_of(key, text, line)}, metric {name}: {said}"
                named = meta.get("sources")
                yield from unknown_names(
                    f"{file}, line {line}, sources of {name}",
                    "source",
                    [one for one in named if isinstance(one, str)] if isinstance(named, list) else (),
                    sources,
                )
        for path in sorted(folder.glob("*.sql")):
            if path.stem not in defined:
                yield f"{path}: the metric has no entry in a .yml of {folder}."
            for block in _REASONS.findall(path.read_text(encoding="utf-8")):
                for reason in re.findall(r"then '(\w+)'", block):
                    if reason not in reasons:
                        yield f"{path}: the reason {reason!r} has no text in {texts}."


def yaml_fault(file: Path, error: yaml.YAMLError) -> str:
    """The sentence about a file that is not valid YAML."""
    marked = error if isinstance(error, yaml.MarkedYAMLError) else None
    mark = marked and marked.problem_mark
    fault = (marked and marked.problem) or error
    return f"{file}, line {mark.line + 1 if mark else 1}: not valid YAML: {fault}."


def _line_of(key: str, text: list[str], first: int) -> int:
    """The line of a key of the model that begins at line `first`; `first` if the model lacks it."""
    for number, line in enumerate(text[first:], first + 1):
        if line.startswith("  - name:"):
            break
        if line.partition(":")[0].strip() == key:
            return number
    return first


def load_yaml(file: Path) -> Any:
    """Return the content of a YAML file, by a safe loader: the one in C if it is installed."""
    return yaml.load(file.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _models(file: Path) -> list[tuple[int, str, dict[str, Any]]]:
    """(line, name, meta) of each model in a .yml."""
    stat = file.stat()
    return _models_as_of(file, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=256)
def _models_as_of(file: Path, _changed: int, _size: int) -> list[tuple[int, str, dict[str, Any]]]:
    """`_models`, read again only after the file has changed: the portal asks at each number that is typed."""
    text, loaded = file.read_text(encoding="utf-8"), load_yaml(file) or {}
    lines = {
        found[1]: number
        for number, line in enumerate(text.splitlines(), 1)
        if (found := re.match(r"  - name: *['\"]?(\w+)", line))
    }
    return [
        (lines.get(model["name"], 1), model["name"], (model.get("config") or {}).get("meta") or {})
        for model in loaded.get("models") or ()
        if "name" in model  # dbt says so of the others
    ]


def model_faults(model: type[BaseModel], values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(key, what is wrong with it) of each value that the model does not allow."""
    try:
        model.model_validate(values)
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_context=False):
            key, kind = str(fault["loc"][0]), fault["type"]
            if kind == "extra_forbidden":
                yield key, unknown("key", key, [name for name in model.model_fields if name not in values])
            elif kind == "missing":
                yield key, f"the key {key!r} is missing"
            elif kind == "literal_error":
                yield key, unknown(key, str(fault["input"]), get_args(model.model_fields[key].annotation))
            else:
                got = "" if kind == "value_error" else f", got {str(fault['input'])[:80]!r}"
                yield key, f"{key}: {reason_of(fault)}{got}"


def unknown_names(place: str, what: str, names: Iterable[str], known: Collection[str]) -> Iterator[str]:
    """A sentence per name that is not known, with the nearest one that is."""
    for name in names:
        if name not in known:
            yield f"{place}: {unknown(what, name, sorted(known))}"

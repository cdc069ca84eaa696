"""Whether the files that people edit agree with each other: company.toml, the seeds, pages and metrics.

Each file is judged by itself when it is read (`load_company`, `check_seeds`). Here are the names that one
file takes from another, found before dbt would blame a model for them. Quick: no database, no dbt.
"""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from foundation.errors import SettingsError
from foundation.seeds import seed_rows_with_lines
from foundation.settings import Company, Settings

Lines = list[tuple[int, dict[str, str]]]
"""(line of the file, row)"""
_REQUIRED = re.compile(r"set required = \[(.+?)\]", re.S)
_REASONS = re.compile(r"\bcase\b((?:(?!\bcase\b).)*?)\bend as reason", re.S)
_ALLOWED = re.compile(r"'(\w+)': \[(.+?)\]")


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
            yield f"{place}: the line {row['line_id']!r} is there already."
        seen.add((row["line_id"], row["valid_from"]))
        yield from _unknown(f"{place}, column metric_id", "metric", [row["metric_id"]], metrics)
        for column in ("owners", "people"):
            names = [name.strip() for name in row[column].split(";") if name.strip()]
            yield from _unknown(f"{place}, column {column}", "person", names, people)


def _of_goals(settings: Settings, lines: set[str]) -> Iterator[str]:
    file = settings.seeds_dir / "goals.csv"
    for line, row in seed_rows_with_lines(settings, "goals"):
        yield from _unknown(f"{file}, line {line}, column line_id", "line", [row["line_id"]], lines)


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
                yield from _unknown(at(key, name), what, [name], known[what])


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
            raise SettingsError(_invalid(file, error)) from None
        yield from ((name, meta) for _, name, meta in found)


def metric_faults(dbt_dir: Path) -> Iterator[str]:
    """Metrics without a definition, and definitions that lack something or say what is not allowed."""
    macro = (dbt_dir / "macros" / "metrics.sql").read_text(encoding="utf-8")
    required = re.findall(r"'(\w+)'", _REQUIRED.findall(macro)[0])
    allowed = {key: re.findall(r"'(\w+)'", values) for key, values in _ALLOWED.findall(macro)}
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
                yield _invalid(file, error)
                return
            for line, name, meta in found:
                defined.add(name)
                if not (folder / f"{name}.sql").exists():
                    yield f"{file}, line {line}: there is no {name}.sql beside it."
                for key in required:
                    if meta.get(key) in (None, "", []):
                        near = difflib.get_close_matches(key, set(meta) - set(required) - set(allowed), 1)
                        hint = f"; did you mean it by {near[0]!r}?" if near else ""
                        yield f"{file}, line {line}: the metric {name} lacks {key!r}{hint}"
                named = meta.get("sources") or ()
                yield from _unknown(f"{file}, line {line}, sources of {name}", "source", named, sources)
                for key, values in allowed.items():
                    if key in meta and meta[key] not in values:
                        yield from _unknown(
                            f"{file}, line {line}", f"{key} of {name}", [str(meta[key])], values
                        )
        for path in sorted(folder.glob("*.sql")):
            if path.stem not in defined:
                yield f"{path}: the metric has no entry in a .yml of {folder}."
            for block in _REASONS.findall(path.read_text(encoding="utf-8")):
                for reason in re.findall(r"then '(\w+)'", block):
                    if reason not in reasons:
                        yield f"{path}: the reason {reason!r} has no text in {texts}."


def _invalid(file: Path, error: yaml.YAMLError) -> str:
    mark, said = getattr(error, "problem_mark", None), getattr(error, "problem", error)
    return f"{file}, line {mark.line + 1 if mark else 1}: not valid YAML: {said}."


def _models(file: Path) -> list[tuple[int, str, dict[str, Any]]]:
    """(line, name, meta) of each model in a .yml."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = file.read_text(encoding="utf-8")
    loaded = yaml.load(text, loader) or {}  # a safe loader, in C where there is one
    lines = {
        found[1]: number
        for number, line in enumerate(text.splitlines(), 1)
        if (found := re.match(r"  - name: *['\"]?(\w+)", line))
    }
    return [
        (lines.get(model["name"], 1), model["name"], model.get("config", {}).get("meta", {}))
        for model in loaded.get("models") or ()
    ]


def _unknown(place: str, what: str, names: Iterable[str], known: Collection[str]) -> Iterator[str]:
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f" did you mean {near[0]!r}?" if near else f" known: {', '.join(sorted(known)[:12])}"
            yield f"{place}: unknown {what} {name!r};{hint}"

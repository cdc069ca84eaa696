"""Lays out the folder of a company that shares a Dagster instance with others (`scoreline new`).

Everything comes from the project's own files, so that it can't fall behind them: the sections of company.toml
as comments, the headers of the seeds with one line and its goal, the part of `.env.example` with the
credentials asked for.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

from foundation.dbt_files import PRODUCT_SEEDS
from foundation.errors import SettingsError
from foundation.project_check import metric_sources
from foundation.settings import PROJECT_ROOT, Settings, load_company
from foundation.settings.environment import LOCATION

_COMPANY = """\
# Everything about {label} that is not a secret. Credentials are in .env.
# docs/growing.md says how companies share an instance. A commented line shows a default or an example.

[company]
name = {label}
time_zone = "{time_zone}"
currency = "{currency}"
# locale = "en_US"                   # how numbers, amounts and days are written

{sections}[mail]
from = "Scoreline <scoreline@example.com>"
operator = "{operator}"   # the only recipient of alerts and held mails

# [[mail.subscriptions]]
# report = "weekly_scorecard"        # or "daily_digest", "friday_preview"
# to = ["{operator}"]

[access]
admins = ["{operator}"]
"""
_ENV = """\
# The places of {name}, absolute: correct them if the folder moves.
SCORELINE_LOCATION={name}
{places}

{credentials}"""
_SHARED = ("SMTP_URL", "STORE_URL")
"""What a company has of its own beside credentials."""


def lay_out(
    parent: Path,
    name: str,
    sources: Mapping[str, Collection[str]],
    *,
    label: str,
    time_zone: str,
    currency: str,
    operator: str,
) -> Path:
    """Make the folder `name` in `parent` and return it. `sources`: source -> its environment variables.

    Raises:
        SettingsError: the name or a value is not valid, or the folder already exists.
    """
    if not re.match(LOCATION, name):
        raise SettingsError(f"{name!r} is not a valid name, expected small letters, digits and _.")
    folder = parent / name
    if folder.exists():
        raise SettingsError(f"{folder} already exists. Choose another name, or remove the folder.")
    part = parent / f".{name}.part"
    places = {"HOME": "home", "COMPANY_FILE": "company.toml", "SEEDS_DIR": "seeds"}
    places |= {"MANUAL_DIR": "manual_entries", "AD_SPEND_DIR": "ad_spend"}
    lines = [f"SCORELINE_{variable}={folder / place}" for variable, place in places.items()]
    lines.append(f"SCORELINE_DAGSTER_HOME={parent / '.dagster'}")
    shutil.rmtree(part, ignore_errors=True)  # of a call that was killed
    try:
        for place in ("seeds", "manual_entries", "ad_spend"):
            (part / place).mkdir(parents=True)
        for file, text in _seeds(PROJECT_ROOT / "dbt_project", list(sources), operator).items():
            (part / "seeds" / file).write_text(text, encoding="utf-8")
        _write(
            part / "company.toml",
            _COMPANY.format(
                label=json.dumps(label, ensure_ascii=False),  # a string of JSON is one of TOML
                time_zone=time_zone,
                currency=currency,
                operator=operator,
                sections="".join(_sections(sources)),
            ),
        )
        wanted = [variable for variables in sources.values() for variable in variables]
        _write(
            part / ".env",
            _ENV.format(name=name, places="\n".join(lines), credentials=_credentials([*wanted, *_SHARED])),
        )
        load_company(Settings().model_copy(update={"company_file": part / "company.toml"}))
        part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return folder


def _write(file: Path, text: str) -> None:
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")


def _sections(sources: Collection[str]) -> list[str]:
    """The sections of the project's company.toml that the sources read, as comments."""
    text = (PROJECT_ROOT / "company.toml").read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=\[\w)", text)
    found = []
    for block in blocks:
        head, *lines = block.rstrip().splitlines()
        table, _, inner = head.partition("]")[0].strip("[").partition(".")
        if table in sources:
            head = _as_comment(head) if inner else head
            found.append("\n".join([head, *(_as_comment(line) for line in lines)]) + "\n\n")
    return found


def _as_comment(line: str) -> str:
    return line if not line or line.startswith("#") else f"# {line}"


def _credentials(variables: Collection[str]) -> str:
    """The paragraphs of .env.example about the variables."""
    text = (PROJECT_ROOT / ".env.example").read_text(encoding="utf-8")
    names = {variable: re.compile(rf"^{variable}=", re.M) for variable in variables}
    return "\n\n".join(
        block for block in text.rstrip().split("\n\n") if any(name.search(block) for name in names.values())
    )


def _seeds(dbt_dir: Path, sources: Collection[str], operator: str) -> dict[str, str]:
    """Each seed of the company with its header; a person, a line that the sources feed, and its goal."""
    found = {
        file.name: file.read_text(encoding="utf-8-sig")
        for file in sorted((dbt_dir / "seeds").glob("*.csv"))
        if file.stem not in PRODUCT_SEEDS
    }
    headers = {name: next(csv.reader(io.StringIO(text))) for name, text in found.items()}
    rows: dict[str, list[dict[str, str]]] = {name: [] for name in found}
    rows["people.csv"].append(
        {
            "person_key": "first_person",
            "full_name": "First Person",
            "email": operator,
            "weekly_hours": "40",
            "active_from": "2024-01-01",
        }
    )
    reads = metric_sources(dbt_dir)
    lines = csv.DictReader(io.StringIO(found["scorecard_lines.csv"]))
    line = next((row for row in lines if reads.get(row["metric_id"], set()) & set(sources)), None)
    if line:
        own = {"owners": "first_person", "people": "first_person" if line["people"] else ""}
        rows["scorecard_lines.csv"].append(line | own | {"valid_from": "2024-01-01", "valid_to": ""})
        goals = csv.DictReader(io.StringIO(found["goals.csv"]))
        goal = next((row for row in goals if row["line_id"] == line["line_id"]), None)
        if goal:
            first = {"valid_from": "2024-01-01", "valid_to": "", "reason": "first goal"}
            rows["goals.csv"].append(goal | first)
    return {name: _csv(headers[name], rows[name]) for name in found}


def _csv(header: list[str], rows: list[dict[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, header, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()

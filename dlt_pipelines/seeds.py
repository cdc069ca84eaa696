"""What sources need of the seed files: which metrics may be typed in, and who the people are in each tool."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator

from dlt_pipelines.errors import PermanentError
from dlt_pipelines.run import Finding
from foundation.calendar import local_date
from foundation.settings import Settings, load_company


def seed_rows(settings: Settings, name: str, *columns: str) -> list[dict[str, str]]:
    """Rows of `dbt_project/seeds/<name>.csv`, checked to have `columns`.

    Raises:
        PermanentError: the file is missing or lacks a column.
    """
    path = settings.dbt_dir / "seeds" / f"{name}.csv"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
    except FileNotFoundError:
        raise PermanentError(f"{path} is missing; set SCORELINE_DBT_DIR to the folder of the dbt project") from None
    if missing := [column for column in columns if column not in (reader.fieldnames or ())]:
        raise PermanentError(f"{path} has no column {', '.join(missing)}")
    return rows


def people_missing(source: str, settings: Settings, column: str, emails: Collection[str], what: str) -> Iterator[Finding]:
    """Who of people.csv a tool does not know. `column`: the address used there if it differs from `email`; `emails` in lower case."""
    today = local_date(settings.now(), load_company(settings).zone).isoformat()
    unknown: list[dict[str, str]] = []
    wrong: list[dict[str, str]] = []
    for row in seed_rows(settings, "people", "person_key", "full_name", "email", column):
        left = row.get("active_to")
        if (row[column] or row["email"]).lower() in emails or (left and left < today):
            continue
        (wrong if row[column] else unknown).append(row)
    for row in wrong:
        yield Finding(
            source,
            "people",
            "fail",
            f"no {what} has the address {row[column]} of {row['full_name']}",
            f"Correct {column} of {row['person_key']} in people.csv.",
        )
    if unknown:
        yield Finding(
            source,
            "people",
            "info",
            f"no {what}: {', '.join(row['full_name'] for row in unknown)}",
            f"Nothing to do for people who do not work in this tool; for the others fill in {column} in people.csv.",
        )
    if not wrong and not unknown:
        yield Finding(source, "people", "ok", f"every person of people.csv is a {what}")

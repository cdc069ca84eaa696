"""The seed files, as far as sources need them."""

from __future__ import annotations

import csv

from dlt_pipelines.errors import PermanentError
from foundation.settings import Settings


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

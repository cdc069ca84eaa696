"""The seed files, as sources read them."""

from __future__ import annotations

from dlt_pipelines.errors import PermanentError
from foundation import seeds
from foundation.settings import Settings, SettingsError


def seed_rows(settings: Settings, name: str, *columns: str) -> list[dict[str, str]]:
    """Rows of `<name>.csv` in the folder of the seeds, checked to have `columns`.

    Raises:
        PermanentError: the file is missing or lacks a column; the other sources don't care.
    """
    try:
        return seeds.seed_rows(settings, name, *columns)
    except SettingsError as error:
        raise PermanentError(str(error)) from None

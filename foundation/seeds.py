"""Reads and checks the seed files, before and without a build.

Each seed is a class below; its fields are the columns, in the order of the file. `check_seeds` compares every
header and cell with them and reports errors by file, line and column before dbt runs. The dbt tests in
`dbt_project/tests` check what rows mean together: overlapping goals, a line of an unknown person.
"""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from foundation.errors import SettingsError
from foundation.settings import Settings
from foundation.text import inside_sentence, read_text

MOST_FAULTS = 20


def _day(value: str | None) -> date | None:
    if value is None:
        return None
    try:
        # fromisoformat also takes 20251225 and 2025-W52-4, which DuckDB does not
        if len(value) != 10:
            raise ValueError
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{value!r} is not a valid date, expected YYYY-MM-DD") from None


def _number(value: str | None) -> str | None:
    if value is not None and not value.removeprefix("-").replace(".", "", 1).isdecimal():
        raise ValueError(f"{value!r} is not a valid number, expected digits such as 1250.5")
    return value


def _filled(value: object) -> object:
    if value is None:
        raise ValueError("is blank")
    return value


def _printable(value: object) -> object:
    """Reject invisible characters, also those that reverse a line: one label could look like another."""
    if isinstance(value, str):
        hidden = next((sign for sign in value if not sign.isprintable()), None)
        if hidden:
            raise ValueError(f"contains the invisible character U+{ord(hidden):04X}; delete it")
    return value


def _one_of(*choices: str) -> BeforeValidator:
    """Accept one of `choices`, in capitals too, or nothing."""

    def check(value: str | None) -> str | None:
        if value is None or value.lower() in choices:
            return value
        raise ValueError(f"{value!r} is not valid, expected one of {', '.join(choices)}")

    return BeforeValidator(check)


Day = Annotated[date, BeforeValidator(_day), BeforeValidator(_filled)]
Note = Annotated[Annotated[str, Field(max_length=4_000)] | None, BeforeValidator(_printable)]
Label = Annotated[Annotated[str, Field(max_length=120)] | None, BeforeValidator(_printable)]
Key = Annotated[str, Field(max_length=120), BeforeValidator(_printable), BeforeValidator(_filled)]
OptionalDay = Annotated[date | None, BeforeValidator(_day)]
# the sizes are those of dbt_project.yml
Number = Annotated[
    Annotated[Decimal, Field(max_digits=18, decimal_places=6)] | None, BeforeValidator(_number)
]
Share = Annotated[Annotated[Decimal, Field(max_digits=9, decimal_places=6)] | None, BeforeValidator(_number)]
Hours = Annotated[Annotated[Decimal, Field(max_digits=9, decimal_places=3)] | None, BeforeValidator(_number)]
Whole = Annotated[Annotated[int, Field(ge=-(2**31), lt=2**31)] | None, BeforeValidator(_number)]


class _Seed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def optional_columns(cls) -> frozenset[str]:
        """Columns that a file may lack: the fields with a default."""
        return frozenset(name for name, field in cls.model_fields.items() if not field.is_required())


class Person(_Seed):
    person_key: Key
    full_name: Key
    email: Label
    hubspot_email: Label = None
    autotask_email: Label = None
    zendesk_email: Label = None
    intercom_email: Label = None
    copper_email: Label = None
    justcall_email: Label = None
    team: Label
    weekly_hours: Hours
    active_from: OptionalDay
    active_to: OptionalDay


class ScorecardLine(_Seed):
    line_id: Key
    section: Label
    section_label: Label
    sort_order: Whole
    metric_id: Label
    label: Label
    owners: Note
    people: Note
    feed: Label
    valid_from: OptionalDay
    valid_to: OptionalDay


class Goal(_Seed):
    line_id: Key
    valid_from: OptionalDay
    valid_to: OptionalDay
    operator: Annotated[Label, _one_of(">=", ">", "<=", "<", "=", "between", "outside")]
    target: Number
    target_2: Number
    band: Share
    reason: Note
    per: Annotated[Label, _one_of("day", "person_day", "person_week")] = None
    kind: Annotated[Label, _one_of("standing", "exception")] = None
    tolerance: Number = None


class Holiday(_Seed):
    holiday: Day
    name: Note


class ApprovedOffer(_Seed):
    vendor: Key
    approved_on: OptionalDay
    ended_on: OptionalDay
    note: Note


SEEDS: dict[str, type[_Seed]] = {
    "people": Person,
    "scorecard_lines": ScorecardLine,
    "goals": Goal,
    "holidays": Holiday,
    "approved_offers": ApprovedOffer,
}
"""Seed -> the class of its rows. Every file must exist."""


@dataclass(frozen=True)
class _File:
    """A seed file as text cells."""

    path: Path
    header: list[str]
    rows: list[tuple[int, list[str]]]
    """(line, cells) without blank lines."""


def check_seeds(settings: Settings) -> None:
    """Check header and cells of every seed file.

    Raises:
        SettingsError: there are faults; one sentence per fault with file, line and column, at most
            MOST_FAULTS of them.
    """
    faults = [fault for name in SEEDS for fault in seed_faults(settings, name)]
    if faults:
        more = [f"... and {len(faults) - MOST_FAULTS} more."] if len(faults) > MOST_FAULTS else []
        raise SettingsError("\n".join(faults[:MOST_FAULTS] + more))


def seed_faults(settings: Settings, name: str) -> list[str]:
    """The faults of `<name>.csv`, a sentence per fault."""
    try:
        file = _read(settings, name)
    except SettingsError as error:
        return [str(error)]
    seed = SEEDS[name]
    if fault := _header_fault(file, seed):
        return [fault]
    return [fault for line, cells in file.rows for fault in _row_faults(file, seed, line, cells)]


def _read(settings: Settings, name: str) -> _File:
    path = settings.seeds_dir / f"{name}.csv"
    try:
        text = read_text(path)
    except FileNotFoundError:
        raise SettingsError(
            f"{path} does not exist. Create it, or set SCORELINE_SEEDS_DIR to the folder of the seed files."
        ) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        rows += [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise SettingsError(
            f"{path}, line {reader.line_num}: not valid CSV: {error}. Check the quotes."
        ) from None
    if not rows:
        raise SettingsError(
            f"{path} is empty, expected a first line with the columns {','.join(SEEDS[name].model_fields)}."
        )
    (_, header), *body = rows
    return _File(path, header, body)


def _header_fault(file: _File, seed: type[_Seed]) -> str | None:
    columns = list(seed.model_fields)
    expected = f"Expected the columns {','.join(columns)}."
    for sign, said in ((";", "semicolons, as Excel does in some countries"), ("\t", "tabs")):
        if len(file.header) == 1 and sign in file.header[0]:
            return f"{file.path}, line 1: the columns are separated by {said}. Save the file with commas."
    unknown = [name for name in file.header if name not in columns]
    missing = [name for name in columns if name not in file.header and name not in seed.optional_columns()]
    twice = sorted({name for name in file.header if file.header.count(name) > 1})
    if unknown:
        free = [name for name in columns if name not in file.header]
        close = difflib.get_close_matches(unknown[0].strip().lower(), free, n=1, cutoff=0.5)
        hint = f" Did you mean {close[0]!r}?" if close else f" {expected}"
        return f"{file.path}, line 1: unknown column {unknown[0]!r}.{hint}"
    if missing:
        return f"{file.path}, line 1: missing column {', '.join(map(repr, missing))}. {expected}"
    if twice:
        return f"{file.path}, line 1: column {twice[0]!r} appears more than once."
    return None


def _row_faults(file: _File, seed: type[_Seed], line: int, cells: list[str]) -> Iterator[str]:
    lacking = file.header[len(cells) :]
    if len(cells) > len(file.header) or not seed.optional_columns().issuperset(lacking):
        yield (
            f"{file.path}, line {line}: {len(cells)} cells, expected {len(file.header)}. "
            "Put a text that contains a comma in double quotes, and keep the commas of blank cells."
        )
        return
    row: dict[str, Any] = {name: cell.strip() or None for name, cell in zip(file.header, cells, strict=False)}
    try:
        seed.model_validate(row)
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_context=False):
            said = fault["msg"].removeprefix("Value error, ")
            yield f"{file.path}, line {line}, column {fault['loc'][0]}: {inside_sentence(said)}."


def seed_rows(settings: Settings, name: str, *columns: str) -> list[dict[str, str]]:
    """Rows of `<name>.csv`, checked to have `columns`.

    Raises:
        SettingsError: the file is missing, is not CSV, or lacks a column.
    """
    file = _read(settings, name)
    if not set(columns) <= set(file.header):
        raise SettingsError(
            _header_fault(file, SEEDS[name]) or f"{file.path}, line 1: missing column {', '.join(columns)}."
        )
    return [row for _, row in _with_lines(file)]


def seed_rows_with_lines(settings: Settings, name: str) -> list[tuple[int, dict[str, str]]]:
    """(line, row) of `<name>.csv`.

    Raises:
        SettingsError: the file is missing or is not CSV.
    """
    return _with_lines(_read(settings, name))


def _with_lines(file: _File) -> list[tuple[int, dict[str, str]]]:
    blank = dict.fromkeys(file.header, "")
    return [(line, blank | dict(zip(file.header, cells, strict=False))) for line, cells in file.rows]

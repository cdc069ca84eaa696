"""CSV files that people keep in a folder of the project: good rows load, bad ones are named with file and line.

A bad row or file never stops the others. Bytes that are no UTF-8, an unclosed quote or a stray one cost their own line only.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from dlt_pipelines.findings import Finding
from dlt_pipelines.records import decimal
from dlt_pipelines.run import EVERYTHING, Run, table

MOST_CONTENT = 1_000
"""Characters of a rejected row that are kept."""
MOST_WARNINGS = 20
REJECTED: dict[str, Any] = table(
    ["file", "line"], EVERYTHING, {"file": "text", "line": "bigint", "reason": "text", "content": "text"}, parallel=False
)
"""Arguments of the resource that holds rejected rows."""

csv.field_size_limit(1_000_000)


class Rejected(Exception):
    """Why a row is not loaded."""


@dataclass(frozen=True)
class Header:
    """The columns of a kind of file, in any order."""

    expected: str
    """All of them, as a person reads it."""
    needed: tuple[tuple[str, ...], ...]
    """Of each group at least one column must be there."""
    optional: tuple[str, ...] = ()

    def fault(self, header: list[str]) -> str | None:
        """What is wrong with the first line of a file."""
        known = {name for group in self.needed for name in group} | {*self.optional}
        unknown = [name for name in header if name not in known]
        missing = [" or ".join(group) for group in self.needed if not any(name in header for name in group)]
        twice = sorted({name for name in header if header.count(name) > 1})
        found = (("it lacks", missing), ("unknown:", unknown), ("twice:", twice))
        faults = [f"{what} {', '.join(names)}" for what, names in found if names]
        return f"the header is not {self.expected}: {'; '.join(faults)}" if faults else None


@dataclass
class Read:
    """What the files of a folder say."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)

    def reject(self, file: str, line: int, reason: str, cells: list[str]) -> None:
        text = io.StringIO()
        csv.writer(text).writerow(cells)
        # undecodable bytes become \xNN, so that the row can be found and stored
        content = text.getvalue().rstrip("\r\n").encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        self.rejected.append({"file": file, "line": line, "reason": reason, "content": content[:MOST_CONTENT]})

    def tell(self, run: Run, label: str, folder: Path, variable: str) -> None:
        """Warn of a folder that is not there and of rejected rows. `variable`: the setting that moves the folder."""
        if not folder.is_dir():
            run.warn(f"{label}: the folder {folder} does not exist; set {variable} or make it")
        for row in self.rejected[:MOST_WARNINGS]:
            run.warn(f"{row['file']}, line {row['line']}: {row['reason']}")
        if len(self.rejected) > MOST_WARNINGS:
            run.warn(f"{len(self.rejected) - MOST_WARNINGS} more rejected rows are in the table rejected")

    def findings(self, source: str, folder: Path, variable: str, what: str) -> Iterator[Finding]:
        """Is the folder there, and can every row be read?"""
        if not folder.is_dir():
            yield Finding(source, "folder", "warn", f"{folder} does not exist", f"Make it, or set {variable}.")
            return
        yield Finding(source, "folder", "ok", f"{folder}: {len(self.rows)} {what}")
        for row in self.rejected[:MOST_WARNINGS]:
            where = f"{row['file']}, line {row['line']}"
            yield Finding(source, "rows", "warn", f"{where}: {row['reason']}", "Correct the line; the next load takes it.")


Parse = Callable[[str, int, Mapping[str, str]], "dict[str, Any] | None"]
"""(file, line, column -> cell without outer blanks) -> a row, or None for one that is not due yet. Raises Rejected."""


def read_folder(folder: Path, header: Header, parse: Parse) -> Read:
    """Every row of every *.csv, in the order of file names, sorted into rows (with `file` and `line`) and rejected ones."""
    read = Read()
    for path in sorted(folder.glob("*.csv")):
        try:
            _read_file(path, header, parse, read)
        except OSError as error:
            read.reject(path.name, 0, f"the file cannot be read: {error.strerror}", [])
    return read


def _read_file(path: Path, expected: Header, parse: Parse, read: Read) -> None:
    text = path.read_bytes().decode("utf-8-sig", "surrogateescape").replace("\0", "\ufffd")
    lines = list(io.StringIO(text, newline=""))
    header: list[str] | None = None
    base = line = 0
    rows = csv.reader(iter(lines), strict=True)
    while True:
        start = line + 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            # an unclosed quote swallows everything after it: only its own line is bad, reading goes on below it
            read.reject(path.name, start, f"not CSV: {error}", [lines[start - 1].rstrip("\r\n")])
            base = line = start
            rows = csv.reader(iter(lines[base:]), strict=True)
            continue
        line = base + rows.line_num
        if header and line > start and len(cells) != len(header):
            # a stray quote has joined lines that are rows of their own
            read.reject(path.name, start, "a quote that is not closed on its line", [lines[start - 1].rstrip("\r\n")])
            base = line = start
            rows = csv.reader(iter(lines[base:]), strict=True)
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = [cell.strip().lower() for cell in cells]
            if fault := expected.fault(header):
                read.reject(path.name, start, fault, cells)
                return
            continue
        try:
            if len(cells) != len(header):
                raise Rejected(f"{len(cells)} cells where the header has {len(header)}")
            if any("\udc80" <= character <= "\udcff" for cell in cells for character in cell):
                raise Rejected("not UTF-8 text; save the file as UTF-8")
            row = parse(path.name, start, dict(zip(header, (cell.strip() for cell in cells), strict=True)))
        except Rejected as reason:
            read.reject(path.name, start, str(reason), cells)
            continue
        if row is not None:
            read.rows.append({"file": path.name, "line": start, **row})


def number(text: str, what: str) -> Decimal:
    """A cell that must hold a number.

    Raises:
        Rejected: it is empty, or no plain number.
    """
    try:
        # Decimal would take digits of other scripts and underscores, and inf; a typed number has none of them
        if not text.isascii() or "_" in text or not math.isfinite(float(text)):
            raise ValueError
        return decimal(text)
    except ValueError:
        raise Rejected(f'the {what} "{text[:80]}" is not a number; write it like 1250.5' if text else f"the {what} is empty") from None

"""CSV files that people keep in a folder: good rows load, bad rows are named with file and line.

A bad row or file never stops the others. Bytes that are not UTF-8, an unclosed quote and a stray quote lose
only their own line.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dlt_pipelines.core.records import plain, typed
from dlt_pipelines.core.run import Run
from dlt_pipelines.core.source import EVERYTHING, ColumnType, Finding, Table
from dlt_pipelines.wire.connection import Connection
from foundation.cells import Rejected
from foundation.text import is_utf_16

MOST_CONTENT = 1_000
"""Characters to keep of a rejected row."""
MOST_WARNINGS = 20
REJECTED: dict[str, ColumnType] = {"file": "text", "line": "bigint", "reason": "text", "content": "text"}
"""Columns of the rejected rows."""

csv.field_size_limit(1_000_000)


@dataclass
class Folder(Connection):
    """The folder of the files."""

    folder: Path


@dataclass(frozen=True)
class Header:
    """The columns of a kind of file, in any order."""

    expected: str
    """All columns, for people."""
    needed: tuple[tuple[str, ...], ...]
    """At least one column of each group is required."""
    optional: tuple[str, ...] = ()

    def fault(self, header: list[str]) -> str | None:
        """The fault of a file's first line; None if it is right."""
        known = {name for group in self.needed for name in group} | {*self.optional}
        unknown = [name for name in header if name not in known]
        missing = [" or ".join(group) for group in self.needed if not any(name in header for name in group)]
        twice = sorted({name for name in header if header.count(name) > 1})
        found = (("it lacks", missing), ("unknown:", unknown), ("twice:", twice))
        faults = [f"{what} {', '.join(names)}" for what, names in found if names]
        return f"the header is not {self.expected}: {'; '.join(faults)}" if faults else None


@dataclass
class Read:
    """The content of the files of a folder."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)

    def reject(self, file: str, line: int, reason: str, cells: list[str]) -> None:
        text = io.StringIO()
        csv.writer(text).writerow(cells)
        # undecodable bytes become \xNN, so that the row can be found and stored
        content = (
            text.getvalue()
            .rstrip("\r\n")
            .encode("utf-8", "surrogateescape")
            .decode("utf-8", "backslashreplace")
        )
        self.rejected.append(
            {"file": file, "line": line, "reason": reason, "content": content[:MOST_CONTENT]}
        )

    def tell(self, run: Run[Any, Any], label: str, folder: Path, variable: str) -> None:
        """Warn about a missing folder and rejected rows. `variable`: the setting that names the folder."""
        if not folder.is_dir():
            run.warn(f"{label}: the folder {folder} does not exist; create it, or set {variable}")
        for row in self.rejected[:MOST_WARNINGS]:
            run.warn(f"{row['file']}, line {row['line']}: {row['reason']}")
        if len(self.rejected) > MOST_WARNINGS:
            run.warn(f"{len(self.rejected) - MOST_WARNINGS} more rejected rows are in the table rejected")

    def findings(self, source: str, folder: Path, variable: str, what: str) -> Iterator[Finding]:
        """Whether the folder exists and every row can be read."""
        if not folder.is_dir():
            yield Finding(
                source, "folder", "warn", f"{folder} does not exist", f"Create it, or set {variable}."
            )
            return
        yield Finding(source, "folder", "ok", f"{folder}: {len(self.rows)} {what}")
        for row in self.rejected[:MOST_WARNINGS]:
            where = f"{row['file']}, line {row['line']}"
            yield Finding(
                source,
                "rows",
                "warn",
                f"{where}: {row['reason']}",
                "Correct the line; the next load takes it.",
            )


FilesRun = Run[Any, Read]
"""A run of files; its memory is their content."""


def tables(
    source: str, rows: str, grain: str, columns: Mapping[str, ColumnType], newest: str | None = None
) -> tuple[Table[FilesRun], ...]:
    """The tables of a kind of file, both with the current content: the rows (table `rows`), and the rejected
    rows."""

    def good(run: FilesRun) -> Iterator[Any]:
        return _typed(run, f"{source}.{rows}", columns, run.memory.rows)

    def bad(run: FilesRun) -> Iterator[Any]:
        return _typed(run, f"{source}.rejected", REJECTED, run.memory.rejected)

    key = ("file", "line")
    return (
        Table(rows, grain, key, columns, good, EVERYTHING, newest=newest, parallel=False),
        Table("rejected", _REJECTED, key, REJECTED, bad, EVERYTHING, parallel=False),
    )


_REJECTED = (
    "One row per line of a file that could not be taken, with the reason. Correct the line and run again."
)


def _typed(
    run: FilesRun, name: str, columns: Mapping[str, ColumnType], rows: list[dict[str, Any]]
) -> Iterator[Any]:
    yield from typed(name, plain(columns), [rows], run.warn, key=("line", "file"))


Parse = Callable[[str, int, Mapping[str, str]], "dict[str, Any] | None"]
"""(file, line, column -> trimmed cell) -> a row, or None if it is not due yet. Raises Rejected."""


def read_folder(folder: Path, header: Header, parse: Parse) -> Read:
    """All rows of all *.csv, in the order of file names: good ones (with `file` and `line`) and rejected
    ones."""
    read = Read()
    for path in sorted(folder.glob("*.csv")):
        try:
            _read_file(path, header, parse, read)
        except OSError as error:
            read.reject(path.name, 0, f"the file cannot be read: {error.strerror}", [])
        except Rejected as reason:
            read.reject(path.name, 1, str(reason), [])
    return read


def _read_file(path: Path, expected: Header, parse: Parse, read: Read) -> None:
    data = path.read_bytes()
    if is_utf_16(data):
        raise Rejected('the encoding is UTF-16, as Excel\'s "Unicode text" writes it; save the file as UTF-8')
    text = data.decode("utf-8-sig", "surrogateescape").replace("\0", "\ufffd")
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
            # an unclosed quote swallows everything after it: reject its own line and continue below it
            read.reject(path.name, start, f"not CSV: {error}", [lines[start - 1].rstrip("\r\n")])
            base = line = start
            rows = csv.reader(iter(lines[base:]), strict=True)
            continue
        line = base + rows.line_num
        if header and line > start and len(cells) != len(header):
            # a stray quote has joined lines that are rows of their own
            read.reject(
                path.name, start, "a quote that is not closed on its line", [lines[start - 1].rstrip("\r\n")]
            )
            base = line = start
            rows = csv.reader(iter(lines[base:]), strict=True)
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = [cell.strip().lower() for cell in cells]
            if _undecodable(cells):
                raise Rejected("the header is not UTF-8 text; save the file as UTF-8")
            if fault := expected.fault(header):
                for mark, named in ((";", "semicolons"), ("\t", "tabs")):
                    if len(cells) == 1 and mark in cells[0]:
                        fault += f". The cells are separated by {named}, expected commas"
                read.reject(path.name, start, fault, cells)
                return
            continue
        try:
            if len(cells) != len(header):
                raise Rejected(f"{len(cells)} cells, but the header has {len(header)}")
            if _undecodable(cells):
                raise Rejected("not UTF-8 text; save the file as UTF-8")
            row = parse(path.name, start, dict(zip(header, (cell.strip() for cell in cells), strict=True)))
        except Rejected as reason:
            read.reject(path.name, start, str(reason), cells)
            continue
        if row is not None:
            read.rows.append({"file": path.name, "line": start, **row})


def _undecodable(cells: list[str]) -> bool:
    return any("\udc80" <= character <= "\udcff" for cell in cells for character in cell)

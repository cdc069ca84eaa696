"""Turns every error of a command into one sentence for the terminal, and logs the traceback of an unexpected
one."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import tempfile
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import duckdb

from foundation.errors import ScorelineError
from foundation.settings import Settings
from foundation.warehouse import no_room, translate


def failure(error: Exception, *, verbose: bool) -> click.ClickException:
    """Return the sentence for an error: an expected error in its own words, any other by its type."""
    traced = _redacted("".join(traceback.format_exception(error)))
    said = expected(error)
    lines = [(said or f"Unexpected error, please report it: {_redacted(_innermost(error))}").rstrip()]
    if verbose:
        lines.append(traced.rstrip())
    if said is None:  # an expected error says everything itself
        log = _logged(traced)
        lines.append(f"Details: {shown(log)}" if log else "Its log could not be written.")
    return click.ClickException("\n".join(lines))


def expected(error: BaseException) -> str | None:
    """Return the sentence of an error that a person can do something about; None for any other."""
    settings = _settings()
    for one in _chain(error):
        # LookupError itself is "nothing is published yet"; KeyError and IndexError are faults
        if isinstance(one, ScorelineError) or type(one) is LookupError:
            return str(one)
        if settings and (lack := no_room(str(one), settings)):
            return str(lack)
        if isinstance(one, OSError) and (text := _of_the_system(one)):
            return text
        if isinstance(one, sqlite3.OperationalError) and (text := _of_sqlite(one, settings)):
            return text
        if settings and isinstance(one, duckdb.Error) and (translated := translate(one, settings)):
            return str(translated)
    return None


_OTHER_HOME = "Correct it, or set SCORELINE_HOME to a folder that this user can write."


def _of_the_system(error: OSError) -> str | None:
    """Return what the operating system refuses about a path or a port; None if the error names neither."""
    path = error.filename
    if error.errno == errno.EADDRINUSE:
        return "The port is in use. Choose another one with --port."
    if not path:
        return None
    if error.errno == errno.EROFS:
        return f"{path} cannot be written: the file system is read-only. {_OTHER_HOME}"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{path} cannot be opened: this user lacks the permission. {_OTHER_HOME}"
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return f"{path} cannot be created: a file is in its place. {_OTHER_HOME}"
    return None


def _of_sqlite(error: sqlite3.OperationalError, settings: Settings | None) -> str | None:
    home = settings.home if settings else "the home"
    for words, reason in (
        ("disk is full", "the disk is full. Make room there and run it again."),
        # a full disk too: SQLite's files beside the database need room
        ("disk I/O error", "the disk is full or broken. Make room there and run it again."),
        ("readonly database", f"it is read-only. {_OTHER_HOME}"),
        ("unable to open", f"it is missing or closed to this user. {_OTHER_HOME}"),
    ):
        if words in str(error):
            return f"A database in {home} cannot be written: {reason}"
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the error and its causes."""
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _innermost(error: Exception) -> str:
    *_, last = _chain(error)
    return f"{type(last).__name__}: {last}".strip()


def _settings() -> Settings | None:
    try:
        return Settings()
    except ScorelineError:
        return None


def log_folder() -> Path:
    """Return the folder of the commands' logs: in the home, or a temporary folder if the home cannot be
    used."""
    if settings := _settings():
        folder = settings.home / "logs"
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK):
                return folder
    return Path(tempfile.gettempdir())


def shown(path: Path) -> Path:
    """Return a path in the form that is easiest to open from the current folder."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _logged(text: str) -> Path | None:
    """Write a traceback to its own file, readable by its owner only."""
    path = log_folder() / f"error-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.log"
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError:
        return None
    return path


def _redacted(text: str) -> str:
    """Return a text without the secrets of all settings read so far."""
    from dlt_pipelines.wire.redaction import Redactor

    return Redactor(_secrets())(text)


def _secrets() -> Iterator[str]:
    from dotenv import dotenv_values

    from foundation.settings.environment import env_file, variables

    values = dict(os.environ)
    with contextlib.suppress(OSError, UnicodeDecodeError):
        values |= {name: value for name, value in dotenv_values(env_file()).items() if value}
    for name, is_secret in variables():
        if is_secret:
            yield values.get(name, "")

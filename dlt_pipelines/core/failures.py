"""Turns what dlt and DuckDB raise into our own errors, without secrets."""

from __future__ import annotations

import contextlib
import logging
import traceback
from collections.abc import Iterator

import duckdb

from dlt_pipelines.errors import PermanentError, SourceError
from dlt_pipelines.registry import SourceEntry
from dlt_pipelines.wire.redaction import Redactor
from foundation.settings import Settings, SettingsError
from foundation.warehouse import WarehouseError, translate

log = logging.getLogger(__name__)


@contextlib.contextmanager
def translated(entry: SourceEntry, redact: Redactor, settings: Settings) -> Iterator[None]:
    """Raise SourceError or WarehouseError, redacted, in place of what dlt wraps them in."""
    try:
        yield
    except Exception as error:
        if broken := warehouse_error(error, settings):
            raise broken from None
        for cause in _chain(error):
            if isinstance(cause, SourceError):
                text = redact(cause)
                raise type(cause)(
                    text if text.startswith(entry.label) else f"{entry.label}: {text}"
                ) from None
            if isinstance(cause, SettingsError):
                raise PermanentError(f"{entry.label}: {redact(cause)}") from None
        log.error("%s: %s", entry.label, redact("".join(traceback.format_exception(error))))
        root = list(_chain(error))[-1]
        raise PermanentError(
            f"{entry.label}: {type(root).__name__}: {redact.cut(root, 1000)}. The log has the full story; if"
            " a new kind of record causes it, report it with that."
        ) from None


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop(0)
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [current.__cause__, current.__context__]


def warehouse_error(error: BaseException, settings: Settings) -> WarehouseError | None:
    """Return the warehouse error behind `error`: the file is held by another process, damaged or not
    writable, or the disk is full."""
    for cause in _chain(error):
        if isinstance(cause, WarehouseError):
            return cause
        if isinstance(cause, duckdb.Error | OSError) and (found := translate(cause, settings)):
            return found
    return None

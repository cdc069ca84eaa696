"""The output of a run in the terminal: one short line per message."""

from __future__ import annotations

import logging
import sys
from typing import Any

import dagster as dg


@dg.logger({}, description="Prints one short line per message, for a terminal.")
def progress_logger(_: dg.InitLoggerContext) -> logging.Logger:
    logger = logging.Logger("scoreline.progress", level=logging.INFO)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Short())
    logger.addHandler(handler)
    return logger


class _Short(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        meta = getattr(record, "dagster_meta", {})
        message = meta.get("orig_message") or record.getMessage()
        event = meta.get("dagster_event")
        if event is not None and event.is_step_failure:
            message = f"{event.step_key}: {reason(event.step_failure_data)}"
        mark = "!" if record.levelno >= logging.WARNING else " "
        # mark each line, so that the terminal can tell them from what libraries print
        return "\n".join(f" {mark} {line}" for line in message.splitlines())


def reason(data: Any) -> str:
    """Return why a step failed: the text of our own failure, or the innermost error. The UI shows the stack
    trace."""
    if data.user_failure_data and data.user_failure_data.description:
        return str(data.user_failure_data.description)
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return str(error.message).strip() if error is not None else "no reason given"

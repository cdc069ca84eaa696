"""Ends the processes that a command has started."""

from __future__ import annotations

import contextlib
import os
import signal

import psutil  # type: ignore[import-untyped]

_PATIENCE = 10
"""Seconds to let processes end by themselves."""


def end_children(patience: float = _PATIENCE) -> None:
    """End every process that this process has started."""
    _end(psutil.Process().children(recursive=True), None, patience)


def end_group(leader: int, patience: float = _PATIENCE) -> None:
    """End a process that leads a group, and everything it has started, including orphans.

    `dagster dev` does not pass SIGTERM on, so its webserver, daemon and code servers would live on. On SIGINT
    it ends them in order; without a code server, the others would write tracebacks.
    """
    family = []
    with contextlib.suppress(psutil.NoSuchProcess):
        family = [psutil.Process(leader), *psutil.Process(leader).children(recursive=True)]
        family[0].send_signal(signal.SIGINT)
        _, family = psutil.wait_procs(family, timeout=patience)
    _end(family, leader, patience)


def _end(family: list[psutil.Process], group: int | None, patience: float) -> None:
    """Terminate processes, then kill those that are left."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if group:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, number)
        for one in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.send_signal(number)
        _, family = psutil.wait_procs(family, timeout=patience)

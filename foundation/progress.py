"""The progress of long work, reported to the terminal that waits for it by whichever process does the work.

The command line listens (`orchestration/cli/watch.py`); without a listener, as for schedules and tests,
nothing happens.
"""

from __future__ import annotations

import contextlib
import os
import socket

VARIABLE = "SCORELINE_PROGRESS_SOCKET"
"""Names the socket of the listener, for child processes too."""


def tell(what: str, done: int) -> None:
    """Say how many pages, requests or the like are done. `what`: a few words such as `HubSpot requests`."""
    if path := os.environ.get(VARIABLE):
        # a listener that is busy or gone must not stop the work
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(f"{done} {what}".encode(), path)

"""How often Python collects garbage."""

import atexit
import gc

_OBJECTS_BETWEEN = 50_000
"""New objects after which Python looks for cycles among them; 700 unless somebody says otherwise."""


def collect_less() -> None:
    """Let this process look for cycles less often, and not at all as it ends: imports make a million objects
    that stay, and going through them again and again took a quarter of a command's CPU time."""
    gc.set_threshold(_OBJECTS_BETWEEN, 20, 100)
    atexit.register(gc.freeze)

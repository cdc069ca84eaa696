"""Errors that people can do something about."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LISTED = 30


class ScorelineError(Exception):
    """Base of every expected error. Its text is one that people read: what is wrong, where, and the way out.
    The command line prints it without a traceback."""


class SettingsError(ScorelineError):
    """A setting or a configuration file is wrong; the text names the file or variable and the way out."""


def unknown(what: str, value: str, known: Iterable[str]) -> str:
    """`unknown source 'hubspott'; did you mean 'hubspot'?`, or the known ones if none is near."""
    known = list(known)
    near = difflib.get_close_matches(value, known, 1)
    listed = ", ".join(known[:_LISTED]) + (", ..." if len(known) > _LISTED else "")
    way_out = f"did you mean {near[0]!r}?" if near else f"expected one of {listed}"
    return f"unknown {what} {value!r}; {way_out}"

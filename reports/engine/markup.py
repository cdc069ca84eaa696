"""Small helpers for HTML. Everything that is formatted into `Markup` is escaped; nothing else makes HTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from urllib.parse import urlsplit

from markupsafe import Markup

_ids: ContextVar[list[int] | None] = ContextVar("ids", default=None)
"""The last number given out, in a list of one."""
# bidirectional overrides and other control characters of vendor texts would reorder or hide the text around
# them
_CONTROL = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ue000\ue001\ufeff]"
)


@contextmanager
def page_ids() -> Iterator[None]:
    """Number the ids of one page from 1, so that two builds of the same page are equal."""
    token = _ids.set([0])
    try:
        yield
    finally:
        _ids.reset(token)


def new_id(prefix: str) -> str:
    """An id that is used once on the page."""
    last = _last_id()
    last[0] += 1
    return f"{prefix}{last[0]}"


def alternatives(makers: Iterable[Callable[[], str]]) -> list[str]:
    """Return what each function makes. All use the same ids, because only one of them is ever on the page."""
    last = _last_id()
    first = highest = last[0]
    made = []
    for make in makers:
        last[0] = first
        made.append(make())
        highest = max(highest, last[0])
    last[0] = highest
    return made


def _last_id() -> list[int]:
    last = _ids.get()
    if last is None:
        raise RuntimeError("ids are numbered per page: render inside page_ids()")
    return last


def join(parts: Iterable[Markup | str], between: str = "") -> Markup:
    """Markup parts in a row."""
    return Markup(between).join(parts)


def plain(text: object, most: int = 160) -> str:
    """A vendor's text on one line, without control characters, cut at `most` characters."""
    line = " ".join(_CONTROL.sub("", str(text)).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def web_address(url: object) -> str | None:
    """The address if it is one that a reader may follow (http or https with a host), else None."""
    if not isinstance(url, str) or not url.isprintable():
        return None
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname
    except ValueError:
        return None
    return url.strip() if parts.scheme.lower() in ("http", "https") and host else None


def anchor(text: str) -> str:
    """An id or file name out of a key: letters, digits, `.`, `_` and `-` stay."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", text)

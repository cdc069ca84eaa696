"""Removes secrets from everything that is written: errors, logs, metadata."""

from __future__ import annotations

import base64
import html
import logging
import re
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import cast
from urllib.parse import quote_plus, unquote, urlsplit

HIDDEN = "***"


# what shows a secret whose value is not known: tokens in headers and texts, keys in query strings,
# user:password@
_NAMES = r"(?:key|token|secret|password|passwd|sig|signature|user|code)"

_PATTERNS = (
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]+", re.I), rf"\1 {HIDDEN}"),
    (re.compile(r"\bpat-\w+-[\w-]{8,}"), HIDDEN),
    (re.compile(rf"(?<=[?&])([\w.-]*{_NAMES}[\w.-]*)=[^&\s\"'#]+", re.I), rf"\1={HIDDEN}"),
    (
        re.compile(
            r"\b(authorization|secret|apiintegrationcode|x-api-key|api[_-]?key)(['\"]?\s*[:=]\s*['\"]?)[^\s'\",}&]+",
            re.I,
        ),
        rf"\1\2{HIDDEN}",
    ),
    (re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"), HIDDEN),
)

_ESCAPED = re.compile(r"(?:%[0-9a-f]{2})+|\\u[0-9a-f]{4}|\\[/\"'\\]|&(?:#\d+|#x[0-9a-f]+|[a-z]+\d?);", re.I)
"""How URLs, JSON and HTML escape a character; a vendor that echoes a secret uses one of these ways."""

_DEPTH = 4
"""Levels of nested escapes to look through: a URL in JSON in a URL needs three."""

_WINDOW = 8
"""A part of a secret with this many characters is hidden too: a text may have been cut inside a secret."""

_CUTTABLE = 16
"""Parts are hidden only of secrets that have at least this length."""


class Redactor:
    """Removes secrets from texts: known values in every form they are sent in, whole or in part, and whatever
    looks like a secret.

    Redact first, then cut: a text cut inside a secret shows a part that may be too short to recognise.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        self._known: re.Pattern[str] | None = None
        self._parts: frozenset[str] = frozenset()
        self.learn(*secrets)

    def learn(self, *secrets: str) -> None:
        """Hide these values too, such as tokens that a vendor issues during a run."""
        self._secrets.update(secrets)
        for secret in secrets:
            if "://" in secret:
                with suppress(ValueError):
                    parts = urlsplit(secret)
                    # a short user name may be a word such as postgres
                    named = [
                        parts.password,
                        parts.username if len(parts.username or "") >= _CUTTABLE else None,
                    ]
                    self._secrets.update(unquote(part) for part in named if part)
        # a secret of three characters would hide half of every text
        forms = {secret: set(_forms(secret)) for secret in self._secrets if len(secret) >= 4}
        # longest first, so that no part of a longer form is left
        every = sorted({form for some in forms.values() for form in some}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, every))) if every else None
        self._parts = frozenset(
            part
            for secret, some in forms.items()
            # parts of an address are in many texts; its secrets were learned on their own
            if len(secret) >= _CUTTABLE and "://" not in secret and "@" not in secret
            for form in some
            for part in (form[i : i + _WINDOW] for i in range(len(form) - _WINDOW + 1))
            if not part.isalpha()  # words
        )

    def __call__(self, text: object) -> str:
        """Return `text` without secrets."""
        clean = self._without_known(str(text))
        for pattern, replacement in _PATTERNS:
            clean = pattern.sub(replacement, clean)
        # half a surrogate pair, or a byte of another encoding, can be stored nowhere
        return clean.encode("utf-8", "backslashreplace").decode()

    def cut(self, text: object, most: int) -> str:
        """Return the first `most` characters of `text` on one line; redact before cutting."""
        return " ".join(self(text).split())[:most]

    def _without_known(self, text: str) -> str:
        if not self._known:
            return text
        spans: list[tuple[int, int]] = []
        plain, places = text, cast(Sequence[int], range(len(text) + 1))
        for _ in range(_DEPTH):
            found = [*(match.span() for match in self._known.finditer(plain)), *self._partly(plain)]
            spans += ((places[start], places[end]) for start, end in found)
            deeper, steps = _unescaped(plain)
            if deeper == plain:
                break
            plain, places = deeper, [places[step] for step in steps]
        for start, end in reversed(_merged(spans)):
            text = text[:start] + HIDDEN + text[end:]
        return text

    def _partly(self, text: str) -> Iterator[tuple[int, int]]:
        if self._parts:
            yield from (
                (i, i + _WINDOW)
                for i in range(len(text) - _WINDOW + 1)
                if text[i : i + _WINDOW] in self._parts
            )


def _forms(secret: str) -> Iterator[str]:
    """Return a secret as it is, as Python and HTML forms write it, and as it looks inside base64 at any
    offset."""
    yield from (secret, repr(secret)[1:-1], quote_plus(secret))
    raw = secret.encode()
    for before in range(3):
        coded = base64.b64encode(bytes(before) + raw).decode().rstrip("=")
        # the first and last characters also hold bits of their neighbours
        inner = coded[-(-before * 8 // 6) : len(coded) - bool((before + len(raw)) % 3)]
        if len(inner) >= 6:
            yield from (inner, inner.translate(str.maketrans("+/", "-_")))


def _unescaped(text: str) -> tuple[str, Sequence[int]]:
    """Return `text` without the escapes of URLs, JSON and HTML, and the position in `text` of each character
    and of the end."""
    if not _ESCAPED.search(text):
        return text, range(len(text) + 1)
    plain: list[str] = []
    places: list[int] = []
    at = 0
    for match in _ESCAPED.finditer(text):
        plain += text[at : match.start()]
        places += range(at, match.start())
        said = match[0]
        if said[0] == "%":
            # byte by byte, so that each has its position; credentials are ASCII
            plain += (chr(int(said[i + 1 : i + 3], 16)) for i in range(0, len(said), 3))
            places += range(match.start(), match.end(), 3)
        else:
            meant = (
                html.unescape(said)
                if said[0] == "&"
                else chr(int(said[2:], 16))
                if said[1] in "uU"
                else said[1]
            )
            plain += meant
            places += [match.start()] * len(meant)
        at = match.end()
    plain += text[at:]
    places += range(at, len(text) + 1)
    return "".join(plain), places


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


class _RedactingFilter(logging.Filter):
    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self._redact = redact

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self._redact(record.getMessage()), None
        if record.exc_info and record.exc_info[0]:
            record.exc_text = self._redact("".join(traceback.format_exception(*record.exc_info)))
            record.exc_info = None
        return True


@contextmanager
def redacted_logs(redact: Redactor) -> Iterator[None]:
    """Redact what libraries log while a source runs: dlt, and urllib3 with its URLs."""
    names = ("dlt", "urllib3", "urllib3.connectionpool", "urllib3.util.retry")
    guard = _RedactingFilter(redact)
    for name in names:
        logging.getLogger(name).addFilter(guard)
    try:
        yield
    finally:
        for name in names:
            logging.getLogger(name).removeFilter(guard)

"""A request to a vendor, its answer, and what the answer's headers say about the time and about waiting."""

from __future__ import annotations

import email.utils
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from dlt_pipelines.errors import SourceError
from dlt_pipelines.wire.redaction import Redactor

_QUOTED = 10_000
"""Bytes of an answer from which an error text is cut."""


@dataclass
class Request:
    """One request, before it is signed (see `bearer.Auth`)."""

    method: str
    base_url: str
    path: str
    """Below the base address, with its query."""
    headers: dict[str, str]
    body: bytes | None = None

    @property
    def name(self) -> str:
        """The request's name in error texts: method and path, without the query, which may hold secrets."""
        return f"{self.method} {self.path.partition('?')[0]}"


@dataclass(frozen=True)
class Answer:
    """One answer of a vendor, before it is judged."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    path: str
    redact: Redactor = field(default_factory=Redactor)

    def json(self) -> Any:
        """Return the parsed body; None if it is not JSON."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return _leniently(self.body)

    @property
    def start(self) -> str:
        """The first characters of the body, redacted, for an error text."""
        return self.redact.cut(self.body[:_QUOTED].decode("utf-8", "replace"), 200) or "an empty body"


def _leniently(body: bytes) -> Any:
    """Parse JSON that only a strict parser rejects: half an emoji, a byte in another encoding, a huge number.

    One such value must not make the whole answer unreadable; `records` decides what it becomes in a column.
    None: not JSON to any parser.
    """
    try:
        # int() rejects very long strings of digits
        return json.loads(
            body.decode("utf-8", "replace"),
            strict=False,
            parse_int=lambda text: int(text) if len(text) < 4000 else text,
        )
    except (ValueError, RecursionError):
        return None


@dataclass(frozen=True)
class Retry:
    """A verdict: try again, after `seconds` if the vendor names them. `everybody`: hold back the other
    requests too."""

    text: str
    seconds: float | None = None
    everybody: bool = False


Judge = Callable[[Answer], "Retry | SourceError | None"]
"""Decides what a vendor means by an answer: retry, stop with this error, or None to go by the status code."""


def sent_at(headers: Mapping[str, str]) -> datetime | None:
    """Return when the answer was sent (UTC), by the vendor's clock: `Date`, plus `Age` if a cache answered.
    None without a `Date`."""
    age = headers.get("age") or "0"
    try:
        sent = email.utils.parsedate_to_datetime(headers.get("date") or "")
        return sent.astimezone(UTC) + timedelta(seconds=int(age) if age.isdigit() else 0)
    except (ValueError, OverflowError):
        return None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a `Retry-After` header (seconds or an HTTP date); None without one."""
    value = headers.get("retry-after")
    if not value:
        return None
    with suppress(ValueError):
        return max(0.0, float(value))
    try:
        until = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return seconds_until(until.timestamp(), headers)


def seconds_until(instant: float, headers: Mapping[str, str]) -> float:
    """Return the seconds until an instant (Unix time) that an answer names, by the sender's clock, because
    ours may differ."""
    return max(0.0, instant - (sent_at(headers) or datetime.now(UTC)).timestamp())

"""What all answers of the API share: caching, pages of long lists, problems (RFC 9457), periods in
addresses."""

from __future__ import annotations

import base64
import binascii
import json
import math
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, HTTPException, Path, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from foundation.calendar import parse_week, week_label
from foundation.cells import Rejected
from foundation.store import read
from foundation.store.changes import typed_so_far
from foundation.store.sign_in import Token
from portal.forms import sentence
from portal.published import View
from portal.web import Reader, Signed, Visit
from reports.site.periods import Span

T = TypeVar("T")


class Problem(BaseModel):
    """What is wrong and what to do (`application/problem+json`)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


TITLES = {
    401: "Sign-in needed",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    410: "Built again",
    413: "Too large",
    422: "Not valid",
    429: "Too many requests",
    500: "Failed",
    503: "Not available",
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": TITLES[status], "content": {"application/problem+json": {}}}
    for status in (401, 404, 410, 422, 429, 503)
}
"""The error answers that every endpoint may give."""


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    found = Problem(title=TITLES.get(status, "Not possible"), status=status, detail=detail)
    headers = {"www-authenticate": "Bearer"} if status == 401 else headers
    return JSONResponse(found.model_dump(), status, headers, "application/problem+json")


class NotModified(Exception):
    """The program already has this answer."""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__("not modified")
        self.headers = headers


def cached(visit: Signed, response: Response) -> Visit:
    """An answer that changes only with a build, with what the reader may see or type, or with what people
    type and set."""
    with read(visit.portal.settings) as connection:
        newest = typed_so_far(connection)
    url, types = visit.request.url, sorted(visit.who.types)
    if visit.unchanged(visit.view.build, newest, types, url.path, url.query):
        raise NotModified(visit.cached)
    response.headers.update(visit.cached)
    return visit


Cached = Annotated[Reader, Depends(cached)]
"""Whoever asks, if the program does not have the answer already."""


# ---- how often ----

MINUTE = timedelta(minutes=1)
MOST_A_MINUTE = 300
"""Requests of a token within a minute: an assistant that asks in a loop does not slow the pages down."""


class Pace:
    """How often each token asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: dict[str, deque[datetime]] = {}

    def check(self, token: Token, now: datetime) -> None:
        """Count a request.

        Raises:
            HTTPException: the token has asked MOST_A_MINUTE times within a minute. It does not count.
        """
        with self._lock:
            asked = self._asked.setdefault(token.token_id, deque())
            while asked and now - asked[0] >= MINUTE:
                asked.popleft()
            if len(asked) < MOST_A_MINUTE:
                asked.append(now)
                return
            seconds = math.ceil((asked[0] + MINUTE - now).total_seconds())
        raise HTTPException(
            429,
            f"This token has asked {MOST_A_MINUTE} times within a minute. Ask again in {seconds} s.",
            {"retry-after": str(seconds)},
        )


def paced(visit: Signed) -> None:
    """Limit how often a program asks."""
    if visit.token:
        visit.request.app.state.pace.check(visit.token, visit.now)


# ---- who read what ----

COUNTED_FOR = timedelta(hours=1)
"""How long further reads of a route are counted before the audit gets another row."""


class Reads:
    """What programs and people read by the API, for the audit: the first read of a route by each of them,
    then a row an hour at most that counts the reads since."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counted: dict[tuple[str, str], tuple[datetime, int]] = {}

    def due(self, who: str, route: str, now: datetime) -> int:
        """Count a read. Returns how many to record in the audit now; 0: none yet."""
        with self._lock:
            noted, count = self._counted.get((who, route), (now - COUNTED_FOR, 0))
            count += 1
            is_due = now - noted >= COUNTED_FOR
            self._counted[who, route] = (now, 0) if is_due else (noted, count)
            return count if is_due else 0


def note_read(visit: Signed) -> None:
    """Write into the audit that somebody read by the API."""
    route = getattr(visit.request.scope.get("route"), "path", visit.request.url.path)
    reads: Reads = visit.request.app.state.api_reads
    if visit.request.method == "GET" and (count := reads.due(visit.who.who, route, visit.now)):
        visit.note("read_api", route, reads=count)


Noted = Depends(note_read)


# ---- long lists ----

LineId = Annotated[str, Path(max_length=200, pattern=r"^[\w.:-]+$", description="`section.metric`")]
OptionalLine = Annotated[
    str, Query(max_length=200, pattern=r"^[\w.:-]*$", description="Only this line, `section.metric`.")
]
OptionalSection = Annotated[
    str, Query(max_length=200, pattern=r"^[\w.:-]*$", description="Only this section.")
]
Limit = Annotated[int, Query(ge=1, le=500, description="The most to return.")]
Cursor = Annotated[
    str, Query(max_length=200, pattern=r"^[\w=-]*$", description="`next_cursor` of the answer before.")
]


def offset_of(view: View, cursor: str) -> int:
    """Read the cursor of a list.

    Raises:
        HTTPException: the cursor is not one of ours, or from another build.
    """
    if not cursor:
        return 0
    try:
        build, offset = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        offset = int(offset)
    except (binascii.Error, ValueError, TypeError, OverflowError):
        raise HTTPException(422, "cursor is not valid; pass next_cursor of the answer before") from None
    if build != view.build:
        raise HTTPException(410, "The numbers were built again in the meantime; start without a cursor.")
    if not 0 <= offset <= 2**31:
        raise HTTPException(422, "cursor is not valid; pass next_cursor of the answer before")
    return offset


def page_of(view: View, rows: Sequence[T], limit: int, cursor: str) -> tuple[Sequence[T], str | None]:
    """The part of a list that is asked for, and the cursor of the next one."""
    offset = offset_of(view, cursor)
    return rows[offset : offset + limit], next_cursor(view, offset + limit, offset + limit < len(rows))


def next_cursor(view: View, offset: int, more: bool) -> str | None:
    return base64.urlsafe_b64encode(json.dumps([view.build, offset]).encode()).decode() if more else None


# ---- periods ----


Year = Annotated[int | None, Query(ge=2000, le=2200, description="With a week or quarter that is a number.")]
Week = Annotated[
    str,
    Query(
        max_length=20,
        description="`2025-W43`, any day of it, or `43` with `year`. Default: the newest finished week.",
    ),
]


def week_of(view: View, week: str, year: int | None) -> Span:
    """A week that is published.

    Raises:
        HTTPException: it is not a week, or nothing is published for it.
    """
    periods = view.periods
    if not week:
        if periods.newest is None:
            raise HTTPException(404, "No week is finished yet.")
        return Span.of_week(periods.newest)
    text = (
        f"{year}-W{int(week):02d}" if week.isascii() and week.isdecimal() and len(week) < 3 and year else week
    )
    try:
        monday = parse_week(text)
    except (ValueError, OverflowError):
        raise HTTPException(
            422, f"week {week[:20]!r} is not a week, expected 2025-W43, or 43 together with year"
        ) from None
    if monday not in periods.weeks and monday not in periods.running:
        raise HTTPException(404, f"Nothing is published for {week_label(monday)}.")
    return Span.of_week(monday)


def span_of(view: View, cadence: str, text: str, year: int | None = None) -> Span:
    """A month or a quarter that is published.

    Raises:
        HTTPException: it does not exist.
    """
    spans = [span for span in view.periods.spans if span.cadence == cadence]
    if text.isascii() and text.isdecimal() and len(text) < 3 and year:
        text = f"{year}-Q{int(text)}" if cadence == "quarter" else f"{year}-{int(text):02d}"
    for span in spans:
        if span.label == text:
            return span
    expected = "2025-Q4, or 4 together with year" if cadence == "quarter" else "2025-09"
    raise HTTPException(
        404, f"Nothing is published for the {cadence} {text[:20]!r}; expected one such as {expected}."
    )


# ---- what is written ----

IdempotencyKey = Annotated[
    str, Header(min_length=8, max_length=150, pattern=r"^[\w:.-]+$", description="The same key saves once.")
]
FormToken = Annotated[str, Header(include_in_schema=False)]


def check_form(visit: Visit, form_token: str) -> None:
    """A change by a browser needs the form's token, as on the pages."""
    if visit.token is None:
        visit.check_form_token(form_token)


@contextmanager
def refusals() -> Iterator[None]:
    """Answer 422 with the sentence where the block refuses what was sent."""
    try:
        yield
    except Rejected as reason:
        raise HTTPException(422, sentence(reason)) from None


def visible_line(view: View, line_id: str) -> str:
    """
    Raises:
        HTTPException: there is no such line for the reader.
    """
    if line_id not in view.lines:
        raise HTTPException(404, f"There is no line {line_id!r} that you may see; /api/v1/lines lists them.")
    return line_id

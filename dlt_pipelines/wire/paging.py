"""Reading listings page by page, and checking the shape of answers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, TypeVar

from dlt_pipelines.errors import Gone, PermanentError, Unexpected

Page = TypeVar("Page")


Complaint = Callable[[Any], "str | None"]
"""Returns what is wrong with an answer; None: nothing."""


def no_complaint(answer: Any) -> None:
    """Accepts every answer."""


def capped(pages: Iterable[Page], most: int, what: str) -> Iterator[Page]:
    """Pass pages through; stop a paginator that never ends.

    Raises:
        PermanentError: more than `most` pages.
    """
    for number, page in enumerate(pages, 1):
        if number > most:
            raise PermanentError(
                f"{what}: more than {most} pages; the vendor's paging seems stuck. Report it with this text."
            )
        yield page


def listed(pages: Callable[[], Iterable[Page]], what: str, most: int = 100_000) -> Iterator[Page]:
    """Yield the pages of a listing, at most `most` of them.

    A page token may expire on the way: if a page after the first is refused, the listing starts over, once.
    Rows that arrive twice are merged by their key.

    Raises:
        PermanentError: paging seems stuck, or a page is refused in the second try too.
    """
    for attempt in (1, 2):
        number = 0
        try:
            for page in capped(pages(), most, what):
                number += 1
                yield page
            return
        except Gone:
            if number == 0 or attempt == 2:
                raise


def once(complaint: Complaint) -> Complaint:
    """Rejects a suspicious answer once; accepts it if the retry returns the same."""
    made = False

    def doubt(answer: Any) -> str | None:
        nonlocal made
        if made:
            return None
        wrong = complaint(answer)
        made = wrong is not None
        return wrong

    return doubt


def expect(answer: Any, kind: type | tuple[type, ...], what: str, *keys: str) -> Any:
    """Return `answer[keys...]`, and check that it is a `kind`.

    Raises:
        Unexpected: the answer has another shape; the text says what was expected and what arrived.
    """
    value = answer
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, kind):
        kinds = " or ".join(k.__name__ for k in (kind if isinstance(kind, tuple) else (kind,)))
        other = "null" if answer is None else type(answer).__name__
        came = ", ".join(map(str, answer)) if isinstance(answer, dict) else other
        where = ".".join(keys) or "the answer"
        raise Unexpected(
            f"{what}: expected {where} to be a {kinds}, but the answer has: {came[:200] or 'nothing'}"
        )
    return value


def entries(
    answer: Any, what: str, *keys: str, beside: Collection[str] | None = None
) -> list[dict[str, Any]]:
    """Return the objects in the list at `answer[keys...]`.

    Args:
        answer: an answer, or an object inside one.
        what: named in the error.
        keys: where the list is; without them the answer is the list.
        beside: set if the vendor omits an empty list (or writes null): the only fields that may then be
            beside it. None: the list is always there.

    Raises:
        Unexpected: the answer has another shape. An unknown shape is never an empty list. The text holds
            names only, no values.
    """
    holder = answer
    for key in keys[:-1]:
        holder = holder.get(key) if isinstance(holder, dict) else None
    if (
        beside is not None
        and isinstance(holder, dict)
        and holder.get(keys[-1]) is None
        and holder.keys() - {keys[-1]} <= set(beside)
    ):
        return []
    found: list[dict[str, Any]] = expect(holder, list, what, *keys[-1:])
    if strange := next((type(one).__name__ for one in found if not isinstance(one, dict)), None):
        raise Unexpected(
            f"{what}: expected every entry of {'.'.join(keys) or 'the answer'} to be an object, got {strange}"
        )
    return found

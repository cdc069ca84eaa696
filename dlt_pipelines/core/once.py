"""A value that several tables of a run share, fetched by the first that asks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from dlt_pipelines.errors import SourceError

T = TypeVar("T")


class Once(Generic[T]):
    """Makes a value once, in the first thread that asks. Remembers a refusal too."""

    def __init__(self) -> None:
        self._made: list[T | SourceError] = []
        self._lock = threading.Lock()

    def __call__(self, make: Callable[[], T]) -> T:
        """The value.

        Raises:
            SourceError: what `make` raised when it was called.
        """
        with self._lock:
            if not self._made:
                try:
                    self._made.append(make())
                except SourceError as error:
                    self._made.append(error)
        found = self._made[0]
        if isinstance(found, SourceError):
            raise found
        return found

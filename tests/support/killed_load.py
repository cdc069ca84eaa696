"""Loads that end in the middle, for test_kill.py: in a process of their own by SIGKILL, or in the test's own
by an exception."""

from __future__ import annotations

import importlib
import os
import signal
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from dlt_pipelines.core.load import load
from dlt_pipelines.sources import hubspot
from foundation.settings import Settings, load_company


class Moment(NamedTuple):
    """Before or after the nth call of a function."""

    module: str
    owner: str
    """A class; empty: the function is the module's own."""
    function: str
    call: int
    when: str


MOMENTS = {
    "while fetching": Moment("dlt_pipelines.wire.client", "Client", "_send", 9, "after"),
    "before the package is complete": Moment(
        "dlt.extract.extract", "Extract", "commit_packages", 1, "before"
    ),
    "after fetching": Moment("dlt.extract.extract", "Extract", "commit_packages", 1, "after"),
    "while normalising": Moment(
        "dlt.normalize.items_normalizers.arrow", "ArrowItemsNormalizer", "__call__", 3, "after"
    ),
    "before loading": Moment("dlt.load.load", "Load", "load_single_package", 1, "before"),
    # the destination has committed, and dlt has not noted it yet
    "between a file's commit and its mark": Moment(
        "dlt.destinations.impl.duckdb.duck", "DuckDbCopyJob", "run", 6, "after"
    ),
    "between a merge's commit and its mark": Moment(
        "dlt.destinations.job_client_impl", "SqlLoadJob", "run", 3, "after"
    ),
    "before the load counts as complete": Moment("dlt.load.load", "Load", "complete_package", 1, "before"),
    "after the load counts as complete": Moment("dlt.load.load", "Load", "complete_package", 1, "after"),
    "before the ledger": Moment("foundation.warehouse", "Warehouse", "record_loads", 1, "before"),
    "before the ledger is committed": Moment("foundation.warehouse", "Warehouse", "record_loads", 1, "after"),
    "after the ledger": Moment("dlt_pipelines.core.load", "", "settle_waiting", 1, "after"),
}
IN_THE_MAIN_THREAD = (
    *("before the package is complete", "after fetching", "before loading"),
    *("before the load counts as complete", "after the load counts as complete"),
    *("before the ledger", "before the ledger is committed", "after the ledger"),
)
"""Moments at which an exception ends the whole load."""


class Stopped(BaseException):
    """Nothing of ours or of dlt's catches it."""


def end_at(moment: str, end: Callable[[], None], replace: Callable[[Any, str, Any], None] = setattr) -> None:
    """Arrange for `end` to be called at a moment."""
    module, owner, function, call, when = MOMENTS[moment]
    place: Any = importlib.import_module(module)
    place = getattr(place, owner) if owner else place
    original = getattr(place, function)
    calls = 0

    def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        mine = calls
        if mine == call and when == "before":
            end()
        result = original(*args, **kwargs)
        if mine == call and when == "after":
            end()
        return result

    replace(place, function, counted)


def stopped(source: str, moment: str, settings: Settings) -> None:
    """A load in this process that an exception ends at a moment."""

    def stop() -> None:
        raise Stopped

    with pytest.MonkeyPatch.context() as patch:
        end_at(moment, stop, patch.setattr)
        with pytest.raises(Stopped):
            load(source, settings, load_company(settings))


def run(source: str, moment: str | None, environment: dict[str, str]) -> None:
    """Load `source` in this process; kill the process at `moment` if one is given: nothing can catch that or
    clean up after it."""
    os.environ.update(environment)
    hubspot.BURST, hubspot.SEARCHES = (10_000, 10.0), (1_000, 1.0)
    if moment:
        end_at(moment, lambda: os.kill(os.getpid(), signal.SIGKILL))
    settings = Settings()
    load(source, settings, load_company(settings))

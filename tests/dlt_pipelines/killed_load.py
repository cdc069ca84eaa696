"""Loads in processes of their own, for test_kill.py: one that is killed at a given moment, and one that is left alone."""

from __future__ import annotations

import importlib
import os
import signal
from typing import Any

from dlt_pipelines.load import load
from dlt_pipelines.sources import hubspot
from foundation.settings import Settings, load_company

MOMENTS = {
    # name: (module, class, method, which call, before or after it)
    "while fetching": ("dlt_pipelines.http", "Client", "_send", 9, "after"),
    "before the package is complete": ("dlt.extract.extract", "Extract", "commit_packages", 1, "before"),
    "after fetching": ("dlt.extract.extract", "Extract", "commit_packages", 1, "after"),
    "while normalising": ("dlt.normalize.items_normalizers.arrow", "ArrowItemsNormalizer", "__call__", 3, "after"),
    "before loading": ("dlt.load.load", "Load", "load_single_package", 1, "before"),
    # the destination has committed, and dlt has not noted it yet
    "between a file's commit and its mark": ("dlt.destinations.impl.duckdb.duck", "DuckDbCopyJob", "run", 6, "after"),
    "between a merge's commit and its mark": ("dlt.destinations.job_client_impl", "SqlLoadJob", "run", 3, "after"),
    "before the load counts as complete": ("dlt.load.load", "Load", "complete_package", 1, "before"),
    "after the load counts as complete": ("dlt.load.load", "Load", "complete_package", 1, "after"),
    "before the ledger": ("foundation.warehouse", "Warehouse", "record_loads", 1, "before"),
}


def die_at(moment: str) -> None:
    """Arrange for SIGKILL, which nothing can catch or clean up after."""
    module, cls, method, call, when = MOMENTS[moment]
    owner = getattr(importlib.import_module(module), cls)
    original = getattr(owner, method)
    calls = 0

    def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        mine = calls
        if mine == call and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(self, *args, **kwargs)
        if mine == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, method, counted)


def run(source: str, moment: str | None, environment: dict[str, str]) -> None:
    """Load `source` in this process; kill the process at `moment` if one is given."""
    os.environ.update(environment)
    hubspot.BURST, hubspot.SEARCHES = (10_000, 10.0), (1_000, 1.0)
    if moment:
        die_at(moment)
    settings = Settings()
    load(source, settings, load_company(settings))

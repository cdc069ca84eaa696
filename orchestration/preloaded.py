"""Imports and resolved jobs that all forked step processes share.

`executor.py` names this module. If an import fails, multiprocessing ignores the module and steps start more
slowly.
"""

import dagster._core.storage.sqlite_storage  # noqa: F401
import pandas  # noqa: F401
import pyarrow.parquet  # noqa: F401
import upath.implementations.local  # noqa: F401

from orchestration.runs import job_by_name

for name in ("refresh", "backfill"):
    job_by_name(name)

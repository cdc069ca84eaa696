"""What every step's process would do first by itself, done once in the process that all of them start from:
imports, and the jobs resolved.

Only named in `jobs.py`. Were an import gone, multiprocessing would pass over this file and steps would start
more slowly.
"""

import dagster._core.storage.sqlite_storage  # noqa: F401
import pandas  # noqa: F401
import pyarrow.parquet  # noqa: F401
import upath.implementations.local  # noqa: F401

from orchestration.runs import job_by_name

for name in ("refresh", "backfill"):
    job_by_name(name)

"""Imported by the process that dbt's commands are forked from: it parses the project before the first of them."""

import contextlib
import gc

import dbt.task.build  # noqa: F401  dbt imports a command's task when it runs

from tests.support import in_process

# a project that dbt cannot parse is reported by the command, which parses it again
with contextlib.suppress(Exception):
    in_process.manifest()
# no fork looks through all of it for garbage, and so none copies the memory that it is in
gc.collect()
gc.freeze()

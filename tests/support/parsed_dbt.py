"""Imported by the process that dbt's commands are forked from: it parses the project before the first of them."""

import contextlib

from tests.support import in_process

# a project that dbt cannot parse is reported by the command, which parses it again
with contextlib.suppress(Exception):
    in_process.manifest()

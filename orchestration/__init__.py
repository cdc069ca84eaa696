"""Dagster glue and the command line: no business rule, no SQL, no HTTP."""

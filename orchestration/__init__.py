"""Dagster glue and the command line. Business rules, SQL and HTTP are in the other packages."""

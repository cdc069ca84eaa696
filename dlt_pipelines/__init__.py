"""Reads vendors into the warehouse with dlt. Imports `foundation`, and neither Dagster nor `reports`."""

import os

# dlt starts its telemetry with the first thing that is asked of it, so this comes before any import of dlt
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"

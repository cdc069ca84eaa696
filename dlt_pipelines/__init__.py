"""Reads vendors into the warehouse with dlt. Imports `foundation`, and neither Dagster nor `reports`."""

import os

# dlt starts its telemetry at its first call, so this comes before any import of dlt
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"

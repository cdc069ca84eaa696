"""Reads vendors into the warehouse with dlt. Stands on foundation, knows neither Dagster nor reports."""

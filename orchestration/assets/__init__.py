"""Assets by layer: ingestion (dlt), transformation (dbt), reporting (publish, pages, mails)."""

"""Pages and mails from the published database. Stands on foundation, knows neither Dagster nor
dlt_pipelines."""

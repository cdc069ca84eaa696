"""One module per vendor: its credentials, its dlt source, nothing else."""

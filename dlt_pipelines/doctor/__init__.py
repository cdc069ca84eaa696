"""The doctor: what is missing between each source and its data."""

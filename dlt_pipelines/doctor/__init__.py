"""What is missing between a source and its data."""

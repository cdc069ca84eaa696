"""What a source is, and what a run of one does."""

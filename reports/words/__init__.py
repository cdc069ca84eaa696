"""What may be said of a number. No HTML."""

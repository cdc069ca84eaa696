"""A page file becomes a page."""

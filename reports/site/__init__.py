"""All pages, as files."""

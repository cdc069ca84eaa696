"""Ground floor: settings, calendar, warehouse. Knows nobody above it."""

__version__ = "0.1.0"
"""The one place of the version: pyproject.toml, `scoreline --version` and the sources' User-Agent read it."""

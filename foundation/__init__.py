"""Shared code: settings, calendar, warehouse, store. Imports no other package."""

__version__ = "0.1.0"
"""The one place of the version: pyproject.toml, `scoreline --version` and the sources' User-Agent read it."""

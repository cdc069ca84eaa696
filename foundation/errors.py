"""The one error of everything that people configure."""

from __future__ import annotations


class SettingsError(Exception):
    """A setting or a configuration file is wrong; the text names the file or variable and the way out."""

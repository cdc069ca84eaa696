"""Checks the `.env` file line by line: a line that cannot be read would silently drop its variable."""

from __future__ import annotations

import io
from pathlib import Path

from dotenv.parser import parse_stream

from foundation.errors import SettingsError
from foundation.text import read_text


def check_env_file(path: Path) -> None:
    """Reject a `.env` with parts that would be ignored.

    Raises:
        SettingsError: a line sets no variable, or one that another line sets too; names the file and the
            line.
        FileNotFoundError: the file does not exist.
    """
    seen: dict[str, int] = {}
    for binding in parse_stream(io.StringIO(read_text(path))):
        text = binding.original.string
        number = binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
        where = f"{path}, line {number}"
        if binding.error:
            raise SettingsError(
                f"{where}: cannot be read, expected NAME=value. A quote may be open, or '=' may be missing."
            )
        if binding.key is None:
            continue
        name = binding.key.upper()
        if binding.value is None:
            raise SettingsError(f"{where}: {name} has no '=', expected {name}=value.")
        if "\n" in binding.value or "\r" in binding.value:
            raise SettingsError(
                f"{where}: the value of {name} spans several lines. Close the quote on the line where it"
                " opens."
            )
        if name in seen:
            raise SettingsError(
                f"{where}: {name} is already set in line {seen[name]}. Remove one of the two lines."
            )
        seen[name] = number

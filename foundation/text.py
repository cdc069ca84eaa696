"""Reads text files that people edit (company.toml, .env, the seeds), with the same errors for all; and how a
message continues another."""

from __future__ import annotations

import codecs
from pathlib import Path

from foundation.errors import SettingsError

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, with or without byte order mark.

    Raises:
        SettingsError: the file is a folder, cannot be read, or is not UTF-8; names the file and the line.
        FileNotFoundError: the file does not exist. The caller knows the way out.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    return decode(data, path)


def inside_sentence(text: str) -> str:
    """A message as it reads behind a colon: its first letter small."""
    return text[:1].lower() + text[1:]


def is_utf_16(data: bytes) -> bool:
    """Whether a file looks like UTF-16."""
    return data.startswith(_UTF_16) or b"\0" in data[:2]


def decode(data: bytes, name: Path | str) -> str:
    """`data` as text; errors start with `name`.

    Raises:
        SettingsError: the bytes are not UTF-8.
    """
    if is_utf_16(data) or b"\0" in data[:200]:
        raise SettingsError(
            f'{name}: the encoding is UTF-16, as Excel\'s "Unicode text" writes it. Save the file as UTF-8.'
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SettingsError(
            f"{name}, line {line}: byte 0x{data[error.start]:02x} is not UTF-8; the encoding looks like"
            " Latin-1 or Windows-1252. Save the file as UTF-8."
        ) from None

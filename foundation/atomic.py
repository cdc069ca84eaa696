"""Writing files so that they are either complete or absent."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def write_atomically(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace a file: write the new one beside it, flush it to disk, then rename it.

    `mode`: the file's permissions. Whoever may read it may also open the folders created for it.
    """
    for folder in reversed([folder for folder in path.parents if not folder.exists()]):
        folder.mkdir(exist_ok=True)
        folder.chmod(folder_mode(mode))
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(mode)
        part.replace(path)
    except OSError as error:
        # a write to a full disk doesn't say which file it was
        error.filename = error.filename or str(path)
        raise
    finally:
        part.unlink(missing_ok=True)


def set_modes(root: Path, mode: int) -> None:
    """Set the permissions of every file below `root` to `mode`, and of the folders, `root` too, to match."""
    for folder, _, files in os.walk(root):
        for path, wanted in (
            (Path(folder), folder_mode(mode)),
            *((Path(folder, name), mode) for name in files),
        ):
            if stat.S_IMODE(path.stat().st_mode) != wanted:
                path.chmod(wanted)


def folder_mode(mode: int) -> int:
    """Permissions of a folder: whoever may read its files may list and enter it."""
    return mode | (mode & 0o444) >> 2

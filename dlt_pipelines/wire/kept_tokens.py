"""Refresh tokens that the vendor rotates: kept on disk, written before use, by one writer.

A vendor that rotates refresh tokens issues a new one with each access token; the old one expires when the new
one is used. So the new token is flushed to disk before the access token is used. A process that dies in
between leaves the old token, which is still valid, or the new one, never neither. Two processes never renew
at the same time: the second waits and uses what the first has written.

The file holds one grant per owner (a hash of client, account and place), so that tokens of two accounts never
mix. The first token comes from the environment. After that, the file is enough; if the environment holds
another token, a person has fetched it since, and it takes precedence.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from dlt_pipelines.errors import PermanentError
from dlt_pipelines.wire.redaction import Redactor


class Refused(PermanentError):
    """The vendor does not accept this refresh token, or no longer does."""


@dataclass(frozen=True)
class Exchanged:
    """The vendor's answer to a refresh token."""

    access_token: str
    seconds: float
    """How long the access token is valid."""
    refresh_token: str
    """The one to keep; may be the same as before."""
    expires_at: datetime | None
    """When the refresh token expires if it is not used."""
    ends_at: datetime | None = None
    """When it expires even if it is used; None: the vendor does not say."""


@dataclass(frozen=True)
class Kept:
    """The entry of one owner in the file."""

    refresh_token: str
    since: str
    """When the first token of this chain was exchanged, ISO."""
    kept_at: str
    expires_at: str | None
    ends_at: str | None
    typed: tuple[str, ...]
    """Fingerprints of the environment's tokens that are already exchanged."""


class TokenKeeper:
    """The refresh token of one owner.

    Args:
        path: the file; created with mode 0600 in a folder with mode 0700.
        label: the vendor's name in error texts.
        owner: whose token it is; only a hash is written.
        typed: the token in the environment, where the chain starts.
        redact: learns every token.
        way_out: how a person gets another token.
    """

    def __init__(
        self, path: Path, *, label: str, owner: str, typed: str, redact: Redactor, way_out: str
    ) -> None:
        self.path, self._label, self._redact, self._way_out = path, label, redact, way_out
        self._owner = _fingerprint(owner)
        self._typed, self._typed_mark = typed, _fingerprint(owner, typed)

    def renew(self, exchange: Callable[[str], Exchanged], now: datetime) -> tuple[str, float]:
        """Return a new access token and the seconds it is valid, once its refresh token is on disk.

        Raises:
            Refused: the vendor accepts none of the tokens.
            PermanentError: the file cannot be read or written. The vendor is asked only if it can be written.
        """
        with self._writing() as keep:
            grants = self._read()
            kept = grants.get(self._owner)
            tokens = [kept.refresh_token] if kept else []
            if not kept or self._typed_mark not in kept.typed:
                tokens.insert(0, self._typed)
            for number, token in enumerate(tokens, 1):
                self._redact.learn(token)
                try:
                    new = exchange(token)
                except Refused:
                    if number == len(tokens):
                        raise
                    continue
                self._redact.learn(new.refresh_token, new.access_token)
                same_chain = kept if kept and token == kept.refresh_token else None
                grants[self._owner] = Kept(
                    new.refresh_token,
                    same_chain.since if same_chain else now.isoformat(),
                    now.isoformat(),
                    new.expires_at.isoformat() if new.expires_at else None,
                    new.ends_at.isoformat() if new.ends_at else same_chain.ends_at if same_chain else None,
                    tuple(sorted({*(kept.typed if kept else ()), self._typed_mark})),
                )
                keep(grants)
                return new.access_token, new.seconds
        raise AssertionError("there is a token in the environment or in the file")

    def kept(self) -> Kept | None:
        """Return the kept token; None before the first exchange.

        Raises:
            PermanentError: the file cannot be read.
        """
        return self._read().get(self._owner)

    def open_to_others(self) -> bool:
        """Whether other users of the machine may read the file."""
        return self.path.exists() and bool(stat.S_IMODE(self.path.stat().st_mode) & 0o077)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Callable[[dict[str, Kept]], None]]:
        """Lock the file and open a new one beside it, so that writing fails before the vendor is asked."""
        part = self.path.with_suffix(".part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = FileLock(self.path.with_suffix(".lock"), mode=0o600)
            lock.acquire()
        except OSError as error:
            raise self._unwritable(error) from None
        try:
            try:
                descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            except OSError as error:
                raise self._unwritable(error) from None
            with os.fdopen(descriptor, "wb") as file:

                def keep(grants: dict[str, Kept]) -> None:
                    content = {
                        "version": 1,
                        "grants": {owner: asdict(grant) for owner, grant in grants.items()},
                    }
                    try:
                        os.fchmod(
                            file.fileno(), 0o600
                        )  # a file that was left behind may have had another mode
                        file.write(json.dumps(content, indent=1).encode())
                        file.flush()
                        os.fsync(file.fileno())
                        part.replace(self.path)
                        flush_folder(self.path.parent)
                    except OSError as error:
                        raise self._unwritable(error) from None

                yield keep
        finally:
            part.unlink(missing_ok=True)
            lock.release()

    def _read(self) -> dict[str, Kept]:
        try:
            content = json.loads(self.path.read_bytes())
            return {owner: _grant(found) for owner, found in content["grants"].items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            reason = (
                error.strerror
                if isinstance(error, OSError)
                else f"not in the format it was written in: {type(error).__name__}"
            )
            raise PermanentError(
                f"{self._label}: {self.path}, which keeps the refresh token, cannot be read ({reason}). Make"
                f" it readable for this user; if it is damaged, remove it and start again: {self._way_out}"
            ) from None

    def _unwritable(self, error: OSError) -> PermanentError:
        return PermanentError(
            f"{self._label}: the refresh token cannot be written to {self.path} ({error.strerror}). The token"
            " kept before is still valid: make room or correct the permissions, and run again."
        )


def _fingerprint(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def _grant(found: Any) -> Kept:
    kept = Kept(**{**found, "typed": tuple(found["typed"])})
    if not (isinstance(kept.refresh_token, str) and kept.refresh_token):
        raise ValueError("no token")
    for instant in (kept.since, kept.kept_at, kept.expires_at, kept.ends_at):
        if instant is not None:
            datetime.fromisoformat(instant)
    return kept


def flush_folder(folder: Path) -> None:
    """Flush a rename in `folder` to disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

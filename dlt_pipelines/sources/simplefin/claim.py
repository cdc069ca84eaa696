"""Turn a SimpleFIN setup token into an access URL, once, and keep it.

A setup token can be claimed once: whoever loses the answer needs another one. So whatever can go wrong is
tried before the vendor is asked; the answer is on disk, flushed, before anything else is done with it; and
where the process ends before it stands in `.env`, the next `claim()` finds it and puts it there.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

import urllib3

from dlt_pipelines.errors import PermanentError, TransientError
from dlt_pipelines.sources.simplefin import claim_url, parted
from dlt_pipelines.wire.redaction import Redactor, redacted_logs
from dlt_pipelines.wire.transport import post_once
from foundation.settings import Settings, env_file

NAME = "SIMPLEFIN_ACCESS_URL"
_LINE = re.compile(rf"^[ \t]*(?:export[ \t]+)?{NAME}[ \t]*=(.*)$", re.M)


def claimed_path(settings: Settings) -> Path:
    """Where an access URL waits that was claimed and does not stand in `.env` yet."""
    return settings.home / "secrets" / "simplefin-claimed"


def is_waiting(settings: Settings) -> bool:
    """Whether an earlier claim was cut off after the answer: `claim()` then needs no token."""
    path = claimed_path(settings)
    return path.exists() and path.stat().st_size > 0


def claim(token: str, settings: Settings, *, replace: bool = False) -> Path:
    """Claim a setup token and write the access URL into `.env` (mode 0600). Returns the path of the file.

    Args:
        token: the setup token; not used where an earlier claim was cut off.
        replace: whether an access URL that stands there may give way.

    Raises:
        PermanentError: it is no setup token, it was claimed before, or the file cannot be written.
        TransientError: no answer came.
    """
    target, kept = env_file().resolve(), claimed_path(settings)
    try:
        before = target.read_text(encoding="utf-8") if target.is_file() else ""
        found = _LINE.search(before)
        if found and found[1].strip(" '\"\t") and not replace:
            raise PermanentError(
                f"{target} holds an access URL already. Run it with --replace if that one may go."
            )
        part = target.with_name(f"{target.name}.part")
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not is_waiting(settings):
            kept.unlink(missing_ok=True)
            _ask(token, kept)
        text = kept.read_text(encoding="utf-8").strip()
        with contextlib.suppress(PermanentError):
            parted(text)
            if not re.search(r"[\s'\"\\]", text):
                _put(text, before, part, target)
                kept.unlink()
                return target
        raise PermanentError(
            f"what came is no access URL that can be used; it is kept in {kept}. Look at it, then remove the"
            " file."
        )
    except OSError as error:
        raise PermanentError(
            f"{error.filename} cannot be written ({error.strerror}); correct that and run it again"
        ) from None


def _ask(token: str, kept: Path) -> None:
    """Claim, and have the answer on disk before anybody looks at it."""
    url = claim_url(token)
    if url is None:
        raise PermanentError(
            "that is no setup token: SimpleFIN Bridge shows one after New Connection, in one piece"
        )
    redact = Redactor([url, token.strip(), url.partition("://")[2].partition("/")[2]])
    descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file, redacted_logs(redact):
        try:
            answer = post_once(url)
            if answer.status == 200:
                file.write(answer.body)
                file.flush()
                os.fsync(file.fileno())
                return
        except urllib3.exceptions.HTTPError as error:
            kept.unlink()
            raise TransientError(
                f"no answer came ({type(error).__name__}). Run it again; if the token is refused then, it was"
                " used up: make a new one."
            ) from None
        kept.unlink()
    if answer.status == 403:
        raise PermanentError(
            "the setup token is refused (403): it was claimed before. If that was not you, disable it in"
            " SimpleFIN Bridge; make a new one."
        )
    raise PermanentError(redact(f"the claim is answered with {answer.status}: {answer.start}"))


def _put(text: str, before: str, part: Path, target: Path) -> None:
    """Write `.env` anew beside the old one and put it in its place."""
    line = f"{NAME}='{text.replace('$', '%24')}'"
    after = (
        _LINE.sub(lambda _: line, before, count=1)
        if _LINE.search(before)
        else f"{before}{'' if before.endswith(chr(10)) or not before else chr(10)}{line}\n"
    )
    with part.open("w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(after)
        file.flush()
        os.fsync(file.fileno())
    part.replace(target)

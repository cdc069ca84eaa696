"""Turn a SimpleFIN setup token into an access URL, once, and keep it.

A setup token can be claimed once: if the answer is lost, a person must make another token. So everything that
can fail is tried before the vendor is asked, and the answer is flushed to disk before anything else happens.
If the process ends before the URL is in `.env`, the next `claim()` finds it and puts it there.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

import urllib3
from dotenv import get_key, set_key

from dlt_pipelines.errors import PermanentError, TransientError
from dlt_pipelines.sources.simplefin.access import claim_url, parted
from dlt_pipelines.wire.redaction import Redactor, redacted_logs
from dlt_pipelines.wire.transport import post_once
from foundation.settings import Settings, env_file

NAME = "SIMPLEFIN_ACCESS_URL"


def claimed_path(settings: Settings) -> Path:
    """Return the path that keeps a claimed access URL until it is in `.env`."""
    return settings.home / "secrets" / "simplefin-claimed"


def is_waiting(settings: Settings) -> bool:
    """Whether an earlier claim was cut off after the answer: `claim()` then needs no token."""
    path = claimed_path(settings)
    return path.exists() and path.stat().st_size > 0


def claim(token: str, settings: Settings, *, replace: bool = False) -> Path:
    """Claim a setup token and write the access URL into `.env` (mode 0600). Returns the path of the file.

    Args:
        token: the setup token; not used if an earlier claim was cut off.
        replace: whether to replace an access URL that is already there.

    Raises:
        PermanentError: `token` is not a setup token, it was claimed before, or the file cannot be written.
        TransientError: no answer arrived.
    """
    target, kept = env_file().resolve(), claimed_path(settings)
    try:
        if target.is_file() and get_key(target, NAME) and not replace:
            raise PermanentError(f"{target} already has an access URL. Run it with --replace to replace it.")
        _refuse_unwritable(target)
        kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not is_waiting(settings):
            kept.unlink(missing_ok=True)
            _ask(token, kept)
        text = kept.read_text(encoding="utf-8").strip()
        with contextlib.suppress(PermanentError):
            parted(text)
            if not re.search(r"[\s'\"\\]", text):
                _put(text, target)
                kept.unlink()
                return target
        raise PermanentError(
            f"the answer is not an access URL that can be used; it is kept in {kept}. Look at it, then remove"
            " the file."
        )
    except OSError as error:
        raise PermanentError(
            f"{error.filename} cannot be written ({error.strerror}); correct that and run it again"
        ) from None


def _refuse_unwritable(target: Path) -> None:
    """A new file beside `target` can be made, as `set_key` will do."""
    probe = target.with_name(f"{target.name}.part")
    os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    probe.unlink()


def _ask(token: str, kept: Path) -> None:
    """Claim, and flush the answer to disk before anything looks at it."""
    url = claim_url(token)
    if url is None:
        raise PermanentError(
            "that is not a setup token. SimpleFIN Bridge shows one after New Connection; copy all of it."
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
                f"no answer arrived ({type(error).__name__}). Run it again; if the token is refused then, it"
                " is used up: make a new one."
            ) from None
        kept.unlink()
    if answer.status == 403:
        raise PermanentError(
            "the setup token is refused (403): it was claimed before. If that was not you, disable it in"
            " SimpleFIN Bridge; make a new one."
        )
    raise PermanentError(redact(f"the claim is answered with {answer.status}: {answer.start}"))


def _put(text: str, target: Path) -> None:
    """Write the access URL into `.env`, which nobody else may read from then on."""
    if target.exists():
        target.chmod(0o600)
    set_key(target, NAME, text.replace("$", "%24"))  # in .env, "$" starts the name of a variable
    with target.open("rb") as file:
        os.fsync(file.fileno())

"""Credentials of a source: read from the environment or `.env` when the source runs, and kept out of everything that is written."""

from __future__ import annotations

import base64
import logging
import re
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Self
from urllib.parse import quote, quote_plus

from pydantic import Field, SecretStr, ValidationInfo, create_model, field_validator

from dlt_pipelines.errors import PermanentError
from foundation.settings import EnvSettings, Settings, env_file

HIDDEN = "***"

# what gives a secret away where its value is not known: tokens in headers and texts, keys in query strings, user:password@
_NAMES = r"(?:key|token|secret|password|passwd|sig|signature|user|code)"
_PATTERNS = (
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]+", re.I), rf"\1 {HIDDEN}"),
    (re.compile(r"\bpat-\w+-[\w-]{8,}"), HIDDEN),
    (re.compile(rf"(?<=[?&])([\w.-]*{_NAMES}[\w.-]*)=[^&\s\"'#]+", re.I), rf"\1={HIDDEN}"),
    (
        re.compile(r"\b(authorization|secret|apiintegrationcode|x-api-key|api[_-]?key)(['\"]?\s*[:=]\s*['\"]?)[^\s'\",}&]+", re.I),
        rf"\1\2{HIDDEN}",
    ),
    (re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"), HIDDEN),
)


class Credentials(EnvSettings):
    """Base of every source's credentials. A field without default is a credential; one with a default is an extra (an address)."""

    any_character: ClassVar[frozenset[str]] = frozenset()
    """Fields that travel in a body or a driver, where a password may hold other than ASCII characters."""

    @field_validator("*")
    @classmethod
    def _sendable(cls, value: Any, info: ValidationInfo) -> Any:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not isinstance(text, str):
            return value
        if text != text.strip():
            raise ValueError("begins or ends with a blank; copy it again, without blanks")
        for number, sign in enumerate(text, 1):
            if not sign.isprintable() or not (sign.isascii() or info.field_name in cls.any_character):
                raise ValueError(f"character {number} of {len(text)} is not printable ASCII; copy it again")
        return value

    @classmethod
    def variables(cls) -> dict[str, bool]:
        """Environment variable -> whether it is set, for every credential of the source."""
        needed = {name: field.alias or name for name, field in cls.model_fields.items() if field.is_required()}
        fields: dict[str, Any] = {name: (SecretStr | None, Field(None, alias=alias)) for name, alias in needed.items()}
        found = create_model("Probe", __base__=EnvSettings, **fields)()
        return {alias: getattr(found, name) is not None for name, alias in needed.items()}

    @classmethod
    def read(cls) -> Self | None:
        """The credentials, or None when none of them is set (the source is not connected).

        Raises:
            PermanentError: some are set and some are missing; names the missing ones.
            SettingsError: one is not what it can be; names it.
        """
        variables = cls.variables()
        missing = [name for name, is_set in variables.items() if not is_set]
        if len(missing) == len(variables):
            return None
        if missing:
            raise PermanentError(f"{' and '.join(missing)} not set. Set it in the environment or in {env_file()}.")
        return cls()

    def secrets(self) -> list[str]:
        """Every secret value, for redaction."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return [value.get_secret_value() for value in values if isinstance(value, SecretStr)]


def address(settings: Settings, source: str, override: str | None, vendor: str) -> tuple[str, str]:
    """Where a source is reached, and what is there ("sandbox" or "account").

    `<SOURCE>_BASE_URL` beats `SANDBOX_URL/<source>` beats the vendor's own address.
    """
    if override:
        return override.rstrip("/"), "account"
    if settings.sandbox_url:
        return f"{settings.sandbox_url.rstrip('/')}/{source}", "sandbox"
    return vendor, "account"


class Redactor:
    """Takes secrets out of texts: the known values in the forms they travel in, and whatever looks like one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        self._known: re.Pattern[str] | None = None
        self.learn(*secrets)

    def learn(self, *secrets: str) -> None:
        """Hide these too: tokens that a vendor hands out during a run."""
        self._secrets.update(secrets)
        forms: set[str] = set()
        for secret in self._secrets:
            if len(secret) >= 4:  # shorter ones would hide half of every text
                forms |= {
                    secret,
                    quote(secret, safe=""),
                    quote_plus(secret),
                    repr(secret)[1:-1],
                    base64.b64encode(secret.encode()).decode().rstrip("="),
                }
        # longest first, so that no half of a longer form stays behind
        self._known = re.compile("|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))) if forms else None

    def __call__(self, text: object) -> str:
        """`text` without secrets."""
        clean = str(text)
        if self._known:
            clean = self._known.sub(HIDDEN, clean)
        for pattern, replacement in _PATTERNS:
            clean = pattern.sub(replacement, clean)
        return clean


class _RedactingFilter(logging.Filter):
    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self._redact = redact

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self._redact(record.getMessage()), None
        if record.exc_info and record.exc_info[0]:
            record.exc_text = self._redact("".join(traceback.format_exception(*record.exc_info)))
            record.exc_info = None
        return True


@contextmanager
def redacted_logs(redact: Redactor) -> Iterator[None]:
    """Redact what the libraries below us log (dlt, urllib3 with its URLs) while a source runs."""
    names = ("dlt", "urllib3", "urllib3.connectionpool", "urllib3.util.retry")
    guard = _RedactingFilter(redact)
    for name in names:
        logging.getLogger(name).addFilter(guard)
    try:
        yield
    finally:
        for name in names:
            logging.getLogger(name).removeFilter(guard)

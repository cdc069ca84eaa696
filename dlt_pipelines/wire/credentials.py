"""Credentials of a source: read from the environment or `.env` when the source runs."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from pydantic import Field, SecretStr, ValidationInfo, create_model, field_validator

from dlt_pipelines.errors import PermanentError
from foundation.settings import EnvSettings, env_file


class Credentials(EnvSettings):
    """Base of every source's credentials. A field without a default is required; one with a default is an
    extra."""

    any_character: ClassVar[frozenset[str]] = frozenset()
    """Fields that are sent in a body or to a driver, where a password may hold any printable character."""

    @field_validator("*")
    @classmethod
    def _sendable(cls, value: Any, info: ValidationInfo) -> Any:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not isinstance(text, str):
            return value
        if text != text.strip():
            raise ValueError("starts or ends with a space; copy it again without spaces")
        for number, sign in enumerate(text, 1):
            if not sign.isprintable() or not (sign.isascii() or info.field_name in cls.any_character):
                raise ValueError(f"character {number} of {len(text)} is not printable ASCII; copy it again")
        return value

    @classmethod
    def variables(cls) -> dict[str, bool]:
        """Return environment variable -> whether it is set, for every required credential of the source."""
        needed = {
            name: field.alias or name for name, field in cls.model_fields.items() if field.is_required()
        }
        fields: dict[str, Any] = {
            name: (SecretStr | None, Field(None, alias=alias)) for name, alias in needed.items()
        }
        found = dict(create_model("Probe", __base__=EnvSettings, **fields)())
        return {alias: found[name] is not None for name, alias in needed.items()}

    @classmethod
    def read(cls) -> Self | None:
        """Return the credentials; None if none of them is set (the source is not connected).

        Raises:
            PermanentError: some are set and some are missing; names the missing ones.
            SettingsError: a value is not valid; names it.
        """
        variables = cls.variables()
        missing = [name for name, is_set in variables.items() if not is_set]
        if len(missing) == len(variables):
            return None
        if missing:
            them = "it" if len(missing) == 1 else "them"
            raise PermanentError(
                f"{' and '.join(missing)} not set. Set {them} in the environment or in {env_file()}."
            )
        return cls()

    def secrets(self) -> list[str]:
        """Return every secret value, for redaction."""
        return [value.get_secret_value() for _, value in self if isinstance(value, SecretStr)]

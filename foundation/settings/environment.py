"""What the environment and `.env` say: places, addresses, the clock. The environment wins over `.env`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from foundation.errors import SettingsError
from foundation.settings.dotenv_file import check_env_file
from foundation.settings.types import Memory, WebAddress, is_loopback

PROJECT_ROOT = Path(__file__).resolve().parents[2]
LOCATION = r"^[a-z][a-z0-9_]*$"
"""Names of companies that share a Dagster instance: they are parts of keys there."""


def env_file() -> Path:
    """The `.env` read in addition to the environment: SCORELINE_ENV_FILE, or the project's."""
    return Path(os.environ.get("SCORELINE_ENV_FILE") or PROJECT_ROOT / ".env")


def _check_env_file() -> None:
    try:
        check_env_file(env_file())
    except FileNotFoundError:
        if os.environ.get("SCORELINE_ENV_FILE"):
            raise SettingsError(
                f"SCORELINE_ENV_FILE: {env_file()} does not exist. Correct the path, or unset the variable."
            ) from None


class EnvSettings(BaseSettings):
    """Base of every class that reads the environment. Reads `.env` when created, ignores unknown names, and
    never shows a value in an error."""

    # utf-8-sig: editors on Windows write a byte order mark, which would become a part of the first name
    model_config = SettingsConfigDict(
        extra="ignore", hide_input_in_errors=True, env_ignore_empty=True, env_file_encoding="utf-8-sig"
    )

    def __init__(self, **values: Any) -> None:
        _check_env_file()
        try:
            super().__init__(_env_file=env_file(), **values)
        except ValidationError as error:
            prefix = self.model_config.get("env_prefix", "")
            faults = "; ".join(
                f"{(prefix + '_'.join(map(str, e['loc']))).upper()}: {reason_of(e)}"
                for e in error.errors(include_input=False)
            )
            raise SettingsError(f"{faults}. Set it in the environment or in {env_file()}.") from None


def variables() -> Iterator[tuple[str, bool]]:
    """(name, whether it is a secret) of every environment variable that the settings imported so far read."""
    kinds: list[type[EnvSettings]] = [EnvSettings]
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        prefix = str(kind.model_config.get("env_prefix") or "")
        for name, field in kind.model_fields.items():
            yield field.alias or (prefix + name).upper(), SecretStr.__name__ in str(field.annotation)


def reason_of(error: Any) -> str:
    """The message of a pydantic error without its prefix."""
    return str(error["msg"]).removeprefix("Value error, ")


class Settings(EnvSettings):
    """Places, addresses and the clock. Create one per run and pass it on."""

    home: Annotated[Path, Field(alias="SCORELINE_HOME")] = PROJECT_ROOT / "var"
    company_file: Annotated[Path, Field(alias="SCORELINE_COMPANY_FILE")] = PROJECT_ROOT / "company.toml"
    manual_dir: Annotated[Path, Field(alias="SCORELINE_MANUAL_DIR")] = PROJECT_ROOT / "manual_entries"
    ad_spend_dir: Annotated[Path, Field(alias="SCORELINE_AD_SPEND_DIR")] = PROJECT_ROOT / "ad_spend"
    dbt_dir: Annotated[Path, Field(alias="SCORELINE_DBT_DIR")] = PROJECT_ROOT / "dbt_project"
    own_seeds_dir: Annotated[Path | None, Field(alias="SCORELINE_SEEDS_DIR")] = None
    """Folder of the seeds, if they are not in the dbt project."""
    location: Annotated[str | None, Field(alias="SCORELINE_LOCATION", pattern=LOCATION)] = None
    """The company's name in a Dagster instance that serves several. None: the instance serves one."""
    own_dagster_home: Annotated[Path | None, Field(alias="SCORELINE_DAGSTER_HOME")] = None
    """Folder of the Dagster instance, if it is not in the home."""
    memory: Annotated[Memory, Field(alias="SCORELINE_MEMORY")] = "500MB"
    """What DuckDB takes of the machine's before it writes to disk. Python needs some 300 MB beside it."""
    as_of: Annotated[datetime | None, Field(alias="SCORELINE_AS_OF")] = None
    sandbox_url: Annotated[WebAddress | None, Field(alias="SANDBOX_URL")] = None
    dagster_url: Annotated[WebAddress | None, Field(alias="DAGSTER_URL")] = None
    """Where the portal starts runs. None: a running `scoreline ui` of this home."""
    smtp_url: Annotated[SecretStr | None, Field(alias="SMTP_URL")] = None
    slack_webhook_url: Annotated[SecretStr | None, Field(alias="SLACK_WEBHOOK_URL")] = None
    """The incoming webhook of a Slack channel. Whoever knows it can post there."""
    teams_webhook_url: Annotated[SecretStr | None, Field(alias="TEAMS_WEBHOOK_URL")] = None
    """The same of a Teams channel: a workflow that begins with a webhook request."""
    store_url: Annotated[SecretStr | None, Field(alias="STORE_URL")] = None
    """The Postgres of the store. None: SQLite, in `store_path`."""
    dagster_storage_url: Annotated[SecretStr | None, Field(alias="DAGSTER_STORAGE_URL")] = None
    """The Postgres of Dagster's runs and events. None: SQLite, in `dagster_home`."""
    catalog_url: Annotated[SecretStr | None, Field(alias="WAREHOUSE_CATALOG_URL")] = None
    """The Postgres of a lake's catalog and locks."""
    storage_url: Annotated[str | None, Field(alias="WAREHOUSE_STORAGE_URL")] = None
    """The bucket or folder of a lake's data: s3://bucket/prefix, or a path."""
    s3_endpoint: Annotated[str | None, Field(alias="AWS_ENDPOINT_URL")] = None
    """The address of a server that speaks S3. None: Amazon's."""
    s3_key: Annotated[str | None, Field(alias="AWS_ACCESS_KEY_ID")] = None
    s3_secret: Annotated[SecretStr | None, Field(alias="AWS_SECRET_ACCESS_KEY")] = None
    s3_region: Annotated[str, Field(alias="AWS_REGION")] = "us-east-1"

    @field_validator("as_of")
    @classmethod
    def _instant(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("an instant needs a time zone, for example 2025-10-27T07:00:00-05:00")
        return value

    @field_validator("slack_webhook_url", "teams_webhook_url")
    @classmethod
    def _webhook(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        address = value.get_secret_value()
        try:
            parts = urlsplit(address)
            encrypted = parts.scheme == "https" or is_loopback(parts.hostname)
            whole = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1) and encrypted
        except ValueError:
            whole = False
        if not whole or not address.isascii() or not address.isprintable() or " " in address:
            raise ValueError("not a webhook address, expected https://host/path as Slack or Teams shows it")
        return value

    @field_validator("store_url", "catalog_url", "dagster_storage_url")
    @classmethod
    def _postgres(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None:
            return None
        scheme, separator, rest = value.get_secret_value().partition("://")
        if scheme not in ("postgres", "postgresql", "postgresql+psycopg") or not rest.partition("/")[2]:
            raise ValueError("not a valid address, expected postgresql://user:password@host:5432/database")
        # SQLAlchemy wants to know the driver
        driver = "postgresql+psycopg" if info.field_name == "store_url" else "postgresql"
        return SecretStr(f"{driver}{separator}{rest}")

    @field_validator("storage_url")
    @classmethod
    def _storage(cls, value: str | None) -> str | None:
        if value is None or re.match(r"s3://[^/]+", value) or "://" not in value:
            return value and (value if "://" in value else str(Path(value).expanduser().resolve()))
        raise ValueError(f"{value!r} is not a valid place, expected s3://bucket/prefix or a folder")

    @field_validator(
        "home",
        "company_file",
        "manual_dir",
        "ad_spend_dir",
        "dbt_dir",
        "own_seeds_dir",
        "own_dagster_home",
    )
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value and value.expanduser().resolve()

    def now(self) -> datetime:
        """The clock of every layer, in UTC: `SCORELINE_AS_OF` if set, else the current time. Nothing else
        reads the clock."""
        return (self.as_of or datetime.now(UTC)).astimezone(UTC)

    @property
    def seeds_dir(self) -> Path:
        """The company's people.csv, scorecard_lines.csv, goals.csv, holidays.csv and approved_offers.csv."""
        return self.own_seeds_dir or self.dbt_dir / "seeds"

    @property
    def warehouse_path(self) -> Path:
        return self.home / "warehouse.duckdb"

    @property
    def published_path(self) -> Path:
        return self.home / "published" / "scoreline.duckdb"

    @property
    def site_dir(self) -> Path:
        return self.home / "site"

    @property
    def outbox_dir(self) -> Path:
        return self.home / "outbox"

    @property
    def dagster_address(self) -> str | None:
        """Where Dagster's web server answers: `DAGSTER_URL`, or what a running `scoreline ui` notes."""
        if self.dagster_url:
            return self.dagster_url.rstrip("/")
        note = self.dagster_note
        return note.read_text(encoding="utf-8").strip() if note.exists() else None

    @property
    def dagster_note(self) -> Path:
        """Where `scoreline ui` notes its address while it runs."""
        return self.dagster_home / "address"

    @property
    def dagster_home(self) -> Path:
        return self.own_dagster_home or self.home / "dagster"

    @property
    def dlt_dir(self) -> Path:
        return self.home / "dlt"

    @property
    def backups_dir(self) -> Path:
        """A folder per day with copies of the warehouse and the store."""
        return self.home / "backups"

    @property
    def store_path(self) -> Path:
        """SQLite file: what people typed and set, and which mail went to whom. `store_url` replaces it."""
        return self.home / "store.sqlite"

    @property
    def deliveries_path(self) -> Path:
        """The ledger of deliveries of earlier versions; its rows move into the store."""
        return self.home / "deliveries.sqlite"

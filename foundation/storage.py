"""Object storage, or a folder in its place: what WAREHOUSE_STORAGE_URL names."""

from __future__ import annotations

import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from foundation.atomic import write_atomically
from foundation.errors import ScorelineError
from foundation.settings import Settings


class StorageError(ScorelineError):
    """The storage cannot be used. The text says why."""


class Missing(StorageError):
    """There is nothing under a name."""


class Storage(ABC):
    """Files under names such as `published/current.json`. A file is written whole, or not at all."""

    root: str
    """The address, without a slash at its end."""

    @abstractmethod
    def read(self, name: str) -> bytes: ...

    @abstractmethod
    def write(self, name: str, content: bytes) -> None: ...

    @abstractmethod
    def put(self, name: str, file: Path) -> None: ...

    @abstractmethod
    def get(self, name: str, file: Path) -> None: ...

    @abstractmethod
    def names(self, prefix: str) -> list[str]: ...

    @abstractmethod
    def delete(self, name: str) -> None: ...

    def duckdb_secret(self) -> str | None:
        """The statement that lets DuckDB in; None: it needs none."""
        return None

    def s3_credentials(self) -> dict[str, Any] | None:
        """What dlt needs to get in; None: nothing."""
        return None

    def secrets(self) -> list[str]:
        """What must not be in any text."""
        return []


def storage_of(settings: Settings) -> Storage:
    """The storage that the settings name."""
    address = settings.storage_url or ""
    return Bucket(settings) if address.startswith("s3://") else Folder(address)


class Folder(Storage):
    """A folder that all machines see."""

    def __init__(self, path: str) -> None:
        self.root = path.rstrip("/")

    def _file(self, name: str) -> Path:
        return Path(self.root) / name

    @contextmanager
    def _errors(self, name: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise Missing(f"{self._file(name)} does not exist") from None
        except OSError as error:
            raise StorageError(f"{self._file(name)}: {error.strerror}") from None

    def read(self, name: str) -> bytes:
        with self._errors(name):
            return self._file(name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        with self._errors(name):
            write_atomically(self._file(name), content)

    def put(self, name: str, file: Path) -> None:
        with self._errors(name):
            target = self._file(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            part = target.with_name(f".{target.name}.{os.getpid()}")
            shutil.copyfile(file, part)
            part.replace(target)

    def get(self, name: str, file: Path) -> None:
        with self._errors(name):
            shutil.copyfile(self._file(name), file)

    def names(self, prefix: str) -> list[str]:
        folder = self._file(prefix)
        return [f"{prefix}{file.name}" for file in folder.iterdir()] if folder.is_dir() else []

    def delete(self, name: str) -> None:
        with self._errors(name):
            self._file(name).unlink(missing_ok=True)


class Bucket(Storage):
    """A bucket that speaks S3. Credentials are those of the settings, or what the machine itself has (a role
    of the cloud)."""

    def __init__(self, settings: Settings) -> None:
        self.root = (settings.storage_url or "").rstrip("/")
        self._settings = settings
        parts = urlsplit(self.root)
        self._bucket, self._prefix = parts.netloc, parts.path.strip("/")

    @cached_property
    def _session(self) -> Any:
        import boto3  # type: ignore[import-untyped]

        secret = self._settings.s3_secret
        return boto3.Session(
            aws_access_key_id=self._settings.s3_key,
            aws_secret_access_key=secret.get_secret_value() if secret else None,
            region_name=self._settings.s3_region,
        )

    @cached_property
    def _client(self) -> Any:
        from botocore.config import Config  # type: ignore[import-untyped]

        config = Config(
            retries={"max_attempts": 3, "mode": "standard"},
            connect_timeout=5,
            # servers other than Amazon's do not all know the newer checksums
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path" if self._settings.s3_endpoint else "auto"},
        )
        return self._session.client("s3", endpoint_url=self._settings.s3_endpoint, config=config)

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name

    @contextmanager
    def _errors(self, name: str) -> Iterator[None]:
        from boto3.exceptions import Boto3Error  # type: ignore[import-untyped]
        from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

        try:
            yield
        except ClientError as error:
            kind = Missing if error.response["Error"]["Code"] in ("404", "NoSuchKey") else StorageError
            raise kind(f"{self.root}/{name}: {error}") from None
        except (BotoCoreError, Boto3Error) as error:
            raise StorageError(f"{self.root}/{name}: {error}") from None

    def read(self, name: str) -> bytes:
        with self._errors(name):
            content: bytes = self._client.get_object(Bucket=self._bucket, Key=self._key(name))["Body"].read()
            return content

    def write(self, name: str, content: bytes) -> None:
        with self._errors(name):
            self._client.put_object(Bucket=self._bucket, Key=self._key(name), Body=content)

    def put(self, name: str, file: Path) -> None:
        with self._errors(name):
            self._client.upload_file(str(file), self._bucket, self._key(name))

    def get(self, name: str, file: Path) -> None:
        with self._errors(name):
            self._client.download_file(self._bucket, self._key(name), str(file))

    def names(self, prefix: str) -> list[str]:
        with self._errors(prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._key(prefix)
            )
            cut = len(self._key(""))
            return [item["Key"][cut:] for page in pages for item in page.get("Contents", ())]

    def delete(self, name: str) -> None:
        with self._errors(name):
            self._client.delete_object(Bucket=self._bucket, Key=self._key(name))

    def duckdb_secret(self) -> str:
        found = self._credentials()
        address = urlsplit(self._settings.s3_endpoint or "")
        values = {
            "type": "s3",
            "key_id": found.access_key,
            "secret": found.secret_key,
            "region": self._settings.s3_region,
            "scope": self.root,
            **({"session_token": found.token} if found.token else {}),
            **({"endpoint": address.netloc, "url_style": "path"} if address.netloc else {}),
        }
        quoted = {name: str(value).replace("'", "''") for name, value in values.items()}
        text = ", ".join(f"{name} '{value}'" for name, value in quoted.items())
        plain = ", use_ssl false" if address.scheme == "http" else ""
        return f"create or replace secret scoreline ({text}{plain})"

    def s3_credentials(self) -> dict[str, Any]:
        found = self._credentials()
        return {
            "aws_access_key_id": found.access_key,
            "aws_secret_access_key": found.secret_key,
            "aws_session_token": found.token,
            "region_name": self._settings.s3_region,
            "endpoint_url": self._settings.s3_endpoint,
            "s3_url_style": "path" if self._settings.s3_endpoint else "vhost",
        }

    def _credentials(self) -> Any:
        with self._errors(""):
            found = self._session.get_credentials()
        if found is None:
            raise StorageError(f"{self.root}: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")
        return found.get_frozen_credentials()

    def secrets(self) -> list[str]:
        secret = self._settings.s3_secret
        return [secret.get_secret_value()] if secret else []

"""The beginning of every `connect()`: read the credentials, find the address."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar, runtime_checkable

from dlt_pipelines.wire.connection import Counters, Place
from dlt_pipelines.wire.credentials import Credentials
from dlt_pipelines.wire.redaction import Redactor
from dlt_pipelines.wire.vendor import Vendor
from foundation.settings import Company, Settings

CredentialsT = TypeVar("CredentialsT", bound=Credentials)
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Access(Generic[CredentialsT]):
    """What a source starts with: its credentials, and the address to use them at."""

    credentials: CredentialsT
    settings: Settings
    company: Company
    place: Place
    address: str | None
    """The address that replaces the vendor's: `<SOURCE>_BASE_URL`, or `SANDBOX_URL/<source>`. None: the
    vendor's."""
    redact: Redactor
    """Knows the credentials."""
    counters: Counters = field(default_factory=Counters)
    """Shared by all clients of the source."""

    def vendor(self, label: str, address: str, way_out: str = "") -> Vendor:
        """Return the vendor at `address`, or at the address that replaces it. Add the rest with
        `dataclasses.replace`."""
        return Vendor(label, self.address or address, self.place, redact=self.redact, way_out=way_out)


@runtime_checkable
class _Addressed(Protocol):
    """Credentials of an HTTP API, whose address a setting can replace."""

    @property
    def base_url(self) -> str | None: ...


class Connect(Protocol[T_co]):
    """A source's `connect()`: its connection, or None if the source is not connected."""

    def __call__(self, settings: Settings, company: Company) -> T_co | None: ...


def connects(
    kind: type[CredentialsT], source: str
) -> Callable[[Callable[[Access[CredentialsT]], T]], Connect[T]]:
    """Turn a function of a source's `Access` into its `connect(settings, company)`.

    The connection reads the credentials and returns None if none of them is set.

    Raises:
        PermanentError: some credentials are set and some are missing.
        SettingsError: a value is not valid.
    """

    def decorate(connect: Callable[[Access[CredentialsT]], T]) -> Connect[T]:
        @functools.wraps(connect)
        def connection(settings: Settings, company: Company) -> T | None:
            credentials = kind.read()
            if credentials is None:
                return None
            own = credentials.base_url if isinstance(credentials, _Addressed) else None
            sandbox = f"{settings.sandbox_url.rstrip('/')}/{source}" if settings.sandbox_url else None
            place: Place = "sandbox" if sandbox and not own else "account"
            redact = Redactor(credentials.secrets())
            return connect(Access(credentials, settings, company, place, own or sandbox, redact))

        return connection

    return decorate

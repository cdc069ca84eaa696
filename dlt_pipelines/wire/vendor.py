"""The description of a vendor's API: where it is, how requests are signed, what its answers mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dlt_pipelines.wire.bearer import Auth
from dlt_pipelines.wire.budget import Budget
from dlt_pipelines.wire.connection import Place
from dlt_pipelines.wire.messages import Answer, Judge
from dlt_pipelines.wire.redaction import Redactor
from dlt_pipelines.wire.transport import READ_SECONDS


def by_status(answer: Answer) -> None:
    """Judge an answer by its status code alone."""


def never_outdated(path: str) -> str:
    """Give no hint: the vendor does not end versions of its API."""
    return ""


@dataclass(frozen=True)
class Vendor:
    """One API under one base address: all that a `Client` needs to know."""

    label: str
    """The vendor's name in error texts."""
    base_url: str
    """All paths are below it. A `connect()` receives the address in use, which settings may change."""
    place: Place = "account"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent with each request. May hold the credentials."""
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent with each request in the query string, for vendors that expect their key there."""
    auth: Auth = field(default_factory=Auth)
    """Signs each request, for tokens that expire."""
    budget: Budget = field(default_factory=Budget)
    """The vendor's limits; one request at a time unless given."""
    redact: Redactor = field(default_factory=Redactor)
    judge: Judge = by_status
    outdated: Callable[[str], str] = never_outdated
    """Path -> what to do if the vendor has ended the version of its API that the path asks for. Added to
    answers of 404 and 410."""
    way_out: str = ""
    """What a person can do when the credentials are refused."""
    read_seconds: float = READ_SECONDS
    patience: float = 1.0
    """Approximate seconds to wait before the first retry; each further wait is twice as long."""
    discreet: bool = False
    """Answers may hold other people's secrets, so not even the log quotes an answer with a status of
    success."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_url", self.base_url.rstrip("/"))

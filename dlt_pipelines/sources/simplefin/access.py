"""The connection to SimpleFIN: the access URL, and the requests of a day."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import urllib.parse
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import duckdb
from pydantic import Field, SecretStr

from dlt_pipelines.core.clocks import APART
from dlt_pipelines.errors import PermanentError, SourceError, TransientError
from dlt_pipelines.sources.simplefin.answers import complaint_texts
from dlt_pipelines.wire.budget import Budget, Limit
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.credentials import Credentials
from dlt_pipelines.wire.messages import Answer, Retry
from foundation.settings.types import WebAddress, is_loopback

SOURCE = "simplefin"
PER_DAY = 24
FOR_THE_DOCTOR = 4
"""Requests of a day that loads do not use."""
DAY = 86_400.0


def parted(url: str) -> tuple[str, str, str]:
    """An access URL as address, user and password.

    Raises:
        PermanentError: it is not an access URL, or must not be used. The text quotes nothing of it.
    """
    try:
        parts = urllib.parse.urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise PermanentError(
            "SIMPLEFIN_ACCESS_URL is not an address, expected https://user:password@host/path"
        ) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        what = "a setup token" if claim_url(url) else "no address"
        raise PermanentError(
            f"SIMPLEFIN_ACCESS_URL holds {what} instead of an access URL. Make one of a setup token with"
            " `scoreline claim`."
        )
    if not parts.username or not parts.password:
        raise PermanentError(
            "SIMPLEFIN_ACCESS_URL has no user and password in it: https://user:password@host/path"
        )
    if parts.scheme != "https" and not is_loopback(parts.hostname):
        raise PermanentError("SIMPLEFIN_ACCESS_URL is not https: the password would travel in the open")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path.rstrip('/')}"
    return place, urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.password)


def claim_url(token: str) -> str | None:
    """The address that a setup token stands for; None: not a setup token."""
    compact = "".join(token.split())
    try:
        found = base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True).decode()
    except ValueError:
        return None
    try:
        parts = urllib.parse.urlsplit(found)
    except ValueError:
        return None
    fits = parts.scheme == "https" or is_loopback(parts.hostname)
    return found if parts.hostname and fits and not parts.username else None


def forms(url: str) -> list[str]:
    """Everything of an access URL that must not be seen: the whole, its user and password, together and as
    they are sent."""
    found = [url.strip()]
    with contextlib.suppress(PermanentError, ValueError):
        _, user, password = parted(url)
        written = urllib.parse.urlsplit(url.strip())
        found += [user, password, f"{user}:{password}", f"{written.username}:{written.password}"]
        found.append(base64.b64encode(f"{user}:{password}".encode()).decode())
    return found


class SimpleFinCredentials(Credentials):
    """The credentials of SimpleFIN: the access URL, with user and password in it."""

    access_url: SecretStr = Field(alias="SIMPLEFIN_ACCESS_URL")
    base_url: WebAddress | None = Field(None, alias="SIMPLEFIN_BASE_URL")

    def secrets(self) -> list[str]:
        return forms(self.access_url.get_secret_value())


WAY_OUT = (
    "Make a new setup token in SimpleFIN Bridge and claim it with `scoreline claim`. If nobody has withdrawn"
    " the access, somebody else may have it: disable the old token there."
)


@dataclass
class Facts:
    """What the source knows about its connection."""

    day: Limit
    """The requests of a day that are left."""
    user: str
    """A hash of the user's name."""


@connects(SimpleFinCredentials, SOURCE)
def connect(access: Access[SimpleFinCredentials]) -> Client[Facts]:
    """A client for the access URL that keeps the daily limit of requests.

    Raises:
        PermanentError: SIMPLEFIN_ACCESS_URL is not an access URL.
    """
    own, user, password = parted(access.credentials.access_url.get_secret_value())
    day = Limit(PER_DAY, DAY)
    vendor = replace(
        access.vendor("SimpleFIN", own, WAY_OUT),
        headers={"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"},
        budget=Budget({"": (Limit(1, 0), day)}),
        judge=_judge,
    )
    return Client(vendor, Facts(day, hashlib.sha256(user.encode()).hexdigest()[:12]), access.counters)


def _judge(answer: Answer) -> Retry | SourceError | None:
    if answer.status < 400:
        return None
    texts = "; ".join(complaint_texts(answer.json()))
    if answer.status == 402:
        return PermanentError(f"the subscription is not paid (402): {texts}. Settle it in SimpleFIN Bridge.")
    if answer.status in (401, 403):  # the body is a web page
        return PermanentError(
            f"the access URL is not accepted ({answer.status}): withdrawn, or not the right one. {WAY_OUT}"
        )
    if answer.status == 429:
        return TransientError(
            f"the day's requests are used up (429): {texts or answer.start}. The balances of earlier runs"
            " stay; run it tomorrow."
        )
    return None


def identify(client: Client[Facts]) -> str:
    """The access behind the URL, so that two people's accounts never mix in one warehouse."""
    return f"access {client.facts.user}"


def used(connection: Any, now: datetime) -> int:
    """Requests that the loads of the last 24 hours took."""
    try:
        # a clock that was ahead once must not keep later days from asking
        row = connection.execute(
            "select coalesce(sum(requests), 0) from ledger.loads where source = ? and finished_at between ?"
            " and ?",
            [SOURCE, now - timedelta(days=1), now + APART],
        ).fetchone()
    except duckdb.CatalogException:
        return 0
    return int(row[0])


def known_keys(connection: Any) -> dict[str, str]:
    """Account id -> the key that it has had so far."""
    try:
        sql = (
            "select account_id, account_key from raw_simplefin.accounts where not starts_with(account_key,"
            " '?/')"
        )
        return dict(connection.execute(sql).fetchall())
    except duckdb.CatalogException:
        return {}

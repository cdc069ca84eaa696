"""The connection to Zendesk: credentials, limits, and what its errors mean."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, replace
from typing import Any

from pydantic import Field, SecretStr

from dlt_pipelines.errors import NotAvailable, PermanentError, SourceError
from dlt_pipelines.wire.budget import Budget, Limit
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.credentials import Credentials
from dlt_pipelines.wire.messages import Answer, Retry, retry_after
from foundation.settings.types import MailAddress, WebAddress

SOURCE = "zendesk"
EXPORT = "/api/v2/incremental/tickets/cursor.json"
WAIT = 30.0
"""Seconds to wait at a 429 without Retry-After."""


class ZendeskCredentials(Credentials):
    """The credentials of Zendesk: the account, an admin's address and an API token. Only the token is
    secret."""

    subdomain: str = Field(alias="ZENDESK_SUBDOMAIN")
    email: MailAddress = Field(alias="ZENDESK_EMAIL")
    api_key: SecretStr = Field(alias="ZENDESK_API_KEY")
    base_url: WebAddress | None = Field(None, alias="ZENDESK_BASE_URL")


WAY_OUT = (
    "Check ZENDESK_SUBDOMAIN, ZENDESK_EMAIL and ZENDESK_API_KEY, and in Zendesk (Admin Center, Apps and"
    " integrations, Zendesk API) that token access is on and the token is active."
)
ADMIN = "The export of tickets needs a user with the role admin: set ZENDESK_EMAIL to one."


@dataclass
class Facts:
    """What the source knows about its connection."""

    subdomain: str
    requests_left: str = "unknown"
    """In this minute."""
    account_requests_left: str = "unknown"
    """The same of all who use the account."""


@connects(ZendeskCredentials, SOURCE)
def connect(access: Access[ZendeskCredentials]) -> Client[Facts]:
    """A client for the account that keeps Zendesk's limits.

    Raises:
        PermanentError: ZENDESK_SUBDOMAIN is not a subdomain.
    """
    credentials, limits = access.credentials, access.company.zendesk
    facts = Facts(subdomain(credentials.subdomain))
    key = f"{credentials.email}/token:{credentials.api_key.get_secret_value()}"
    basic = base64.b64encode(key.encode()).decode()
    access.redact.learn(basic)

    def judge(answer: Answer) -> Retry | SourceError | None:
        facts.requests_left = answer.headers.get("x-rate-limit-remaining") or facts.requests_left
        facts.account_requests_left = answer.headers.get("ratelimit-remaining") or facts.account_requests_left
        return _judge(answer)

    everything, exports = Limit(limits.requests_per_minute, 60), Limit(limits.exports_per_minute, 60)
    vendor = replace(
        access.vendor("Zendesk", f"https://{facts.subdomain}.zendesk.com", WAY_OUT),
        headers={"Authorization": f"Basic {basic}"},
        budget=Budget({"": (everything,), "exports": (exports, everything)}),
        judge=judge,
    )
    return Client(vendor, facts, access.counters)


def subdomain(text: str) -> str:
    """The account's name out of `acme`, `acme.zendesk.com` or `https://acme.zendesk.com/`.

    Raises:
        PermanentError: anything else; credentials would go to a foreign host.
    """
    match = re.fullmatch(
        r"(?:https://)?([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.zendesk\.com/?)?", text.strip().lower()
    )
    if match is None:
        raise PermanentError(
            "Zendesk: ZENDESK_SUBDOMAIN is not a subdomain. Set it to the part before .zendesk.com, for"
            " example acme."
        )
    return match[1]


def _judge(answer: Answer) -> Retry | SourceError | None:
    body = answer.json()
    if answer.status == 429:
        asked = retry_after(answer.headers)
        return Retry(
            "too many requests (other integrations of the account count too)",
            WAIT if asked is None else asked,
            everybody=True,
        )
    if answer.status == 403:
        return NotAvailable(f"the user may not read this (403): {_said(body) or answer.start}. {ADMIN}")
    if answer.status == 404 and body is None:
        return PermanentError(
            f"there is no account at this address (404): {answer.start}. Check ZENDESK_SUBDOMAIN."
        )
    return None


def _said(body: Any) -> str:
    """The text of an error body, whose `error` is a text or an object."""
    error = body.get("error") if isinstance(body, dict) else None
    return (
        str(error.get("message") or error.get("title") or "") if isinstance(error, dict) else str(error or "")
    )


def identify(client: Client[Facts]) -> str:
    """The account behind the credentials, so that two accounts never mix in one warehouse."""
    return f"subdomain {client.facts.subdomain}"

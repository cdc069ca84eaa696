"""The connection to Intercom: credentials, limits, and what its errors mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import Field, SecretStr

from dlt_pipelines.core.api_versions import ApiVersions
from dlt_pipelines.errors import NotAvailable, PermanentError, SourceError
from dlt_pipelines.wire.budget import Budget, Limit
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.credentials import Credentials
from dlt_pipelines.wire.messages import Answer, Retry, seconds_until
from dlt_pipelines.wire.paging import expect
from foundation.settings.types import WebAddress

SOURCE = "intercom"
HOSTS = {
    region: f"https://api{part}.intercom.io" for region, part in (("us", ""), ("eu", ".eu"), ("au", ".au"))
}
WAIT = 10.0
"""Seconds to wait at a 429 without X-RateLimit-Reset: one window."""

VERSIONS = ApiVersions(
    in_use=lambda company: {company.intercom.api_version: ""}, setting="intercom.api_version"
)


class IntercomCredentials(Credentials):
    """The credentials of Intercom."""

    api_key: SecretStr = Field(alias="INTERCOM_API_KEY")
    base_url: WebAddress | None = Field(None, alias="INTERCOM_BASE_URL")


WAY_OUT = (
    "Check INTERCOM_API_KEY (Developer Hub, your app, Authentication) and intercom.region in company.toml: a"
    " token is good in the region of its workspace only."
)


@dataclass
class Facts:
    """What the last answer said."""

    version: str
    """Of the API; what is asked for before the first answer."""
    requests_left: str = "unknown"


@connects(IntercomCredentials, SOURCE)
def connect(access: Access[IntercomCredentials]) -> Client[Facts]:
    """A client for the workspace that keeps Intercom's limits."""
    section = access.company.intercom
    facts = Facts(section.api_version)

    def judge(answer: Answer) -> Retry | SourceError | None:
        facts.version = answer.headers.get("intercom-version") or facts.version
        facts.requests_left = answer.headers.get("x-ratelimit-remaining") or facts.requests_left
        return _judge(answer)

    token = access.credentials.api_key.get_secret_value()
    vendor = replace(
        access.vendor("Intercom", HOSTS[section.region], WAY_OUT),
        headers={"Authorization": f"Bearer {token}", "Intercom-Version": section.api_version},
        budget=Budget({"": (Limit(section.requests_per_10_seconds, 10.0),)}),
        judge=judge,
        outdated=VERSIONS.ended("Intercom", access.company),
    )
    return Client(vendor, facts, access.counters)


def _judge(answer: Answer) -> Retry | SourceError | None:
    if answer.status == 429:
        return Retry("too many requests", _until_reset(answer.headers), everybody=True)
    if answer.status == 400 and "intercom_version_invalid" in answer.start:
        return PermanentError(
            f"this version of the API does not exist or has ended: {_said(answer)}. Set intercom.api_version"
            " in company.toml."
        )
    if answer.status in (402, 403):
        return NotAvailable(
            f"the token may not read this ({answer.status}): {_said(answer)}. Give the app the permission, or"
            " see the plan."
        )
    return None


def _until_reset(headers: Mapping[str, str]) -> float:
    """Seconds until the window of a 429 ends."""
    try:
        return min(max(seconds_until(float(headers["x-ratelimit-reset"]), headers), 1.0), 60.0)
    except (KeyError, ValueError):
        return WAIT


def _said(answer: Answer) -> str:
    body = answer.json()
    errors = body.get("errors") if isinstance(body, dict) else None
    texts = (
        [str(error.get("message") or error.get("code")) for error in errors if isinstance(error, dict)]
        if isinstance(errors, list)
        else []
    )
    return "; ".join(texts) or answer.start


def workspace(client: Client) -> dict[str, Any]:
    return dict(expect(client.get_once("/me"), dict, "Intercom me", "app"))


def identify(client: Client) -> str:
    """The workspace behind the credentials, so that two workspaces never mix in one warehouse."""
    return f"workspace {expect(workspace(client), str, 'Intercom me: app', 'id_code')}"

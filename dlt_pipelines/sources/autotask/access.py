"""The connection to Autotask: the account's zone, and the hourly requests that all integrations share."""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import Field, SecretStr

from dlt_pipelines.errors import NotAvailable, PermanentError, SourceError, TransientError
from dlt_pipelines.sources.autotask.fields import ENTITIES
from dlt_pipelines.wire.bearer import Auth, Flow
from dlt_pipelines.wire.budget import Budget, Limit
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.credentials import Credentials
from dlt_pipelines.wire.messages import Answer, Request, Retry, retry_after
from dlt_pipelines.wire.paging import expect
from foundation.settings.types import WebAddress

SOURCE = "autotask"
VENDOR_URL = "https://webservices2.autotask.net"
POLITE_SHARE = 0.8
"""The hour's requests are shared with every other integration of the account: above this share we stop."""

_HOUR = 10_000
WAIT = 60.0
"""Seconds to wait at a 429 without Retry-After."""

_OUR_FAULT = ("Unable to find", "MaxRecords", "is not valid", "not supported", "at least one filter")
"""Words in the texts of a 500 that mean a wrong query: trying again would only burn the hour's requests."""


class AutotaskCredentials(Credentials):
    """The credentials of Autotask: an API-only user and the tracking identifier of the integration."""

    username: SecretStr = Field(alias="AUTOTASK_USERNAME")
    secret: SecretStr = Field(alias="AUTOTASK_SECRET")
    integration_code: SecretStr = Field(alias="AUTOTASK_INTEGRATION_CODE")
    base_url: WebAddress | None = Field(None, alias="AUTOTASK_BASE_URL")


WAY_OUT = (
    "Check AUTOTASK_USERNAME, AUTOTASK_SECRET and AUTOTASK_INTEGRATION_CODE, and in Autotask (Admin,"
    " Resources) that the API user is active and not locked; failed attempts lock it."
)


@dataclass
class Zone(Auth):
    """The zone of the account's data. It is asked for again after a 401, because accounts move between
    zones."""

    finder: Client
    """Asks the host that knows the zone of every user."""
    user: str
    known: Mapping[str, Any]
    """What that host said: `url`, `zoneName`, `ci` (the tenant)."""

    @property
    def base_url(self) -> str:
        return f"{str(self.known['url']).rstrip('/')}/V1.0"

    def flow(self, request: Request) -> Flow:
        request.base_url = self.base_url
        answer = yield request
        if answer.status == 401:
            before, self.known = self.known["url"], _zone(self.finder, self.user)
            if self.known["url"] != before:
                request.base_url = self.base_url
                yield request


@dataclass
class Facts:
    """What the source knows about its connection."""

    zone: Zone
    hour: Limit
    """The requests of an hour that are left to us."""


@connects(AutotaskCredentials, SOURCE)
def connect(access: Access[AutotaskCredentials]) -> Client[Facts]:
    """A client for the account's zone that keeps Autotask's limits.

    Raises:
        PermanentError: the user is unknown, or the zone is on a host that is not Autotask's.
    """
    credentials, user = access.credentials, access.credentials.username.get_secret_value()
    anywhere = access.vendor("Autotask", VENDOR_URL, WAY_OUT)
    finder = Client(replace(anywhere, judge=_zone_judge), counters=access.counters)
    zone = Zone(finder, user, _zone(finder, user))
    # one request at a time per entity keeps clear of the limit of three threads; all share the hour
    hour = Limit(_HOUR, 3600)
    lanes = {"": (hour,), **{entity: (Limit(1, 0), hour) for entity in ENTITIES.values()}}
    vendor = replace(
        anywhere,
        base_url=zone.base_url,
        auth=zone,
        headers={
            "UserName": user,
            "Secret": credentials.secret.get_secret_value(),
            "ApiIntegrationCode": credentials.integration_code.get_secret_value(),
        },
        budget=Budget(lanes),
        judge=_judge,
        read_seconds=300.0,
    )
    return Client(vendor, Facts(zone, hour), access.counters)


def _zone(finder: Client, user: str) -> dict[str, Any]:
    what, asked = "Autotask zone information", finder.vendor.base_url
    zone = expect(finder.get("/atservicesrest/v1.0/zoneInformation", {"user": user}), dict, what)
    expect(zone, str, what, "url")
    host = urllib.parse.urlsplit(zone["url"]).hostname or ""
    if host != urllib.parse.urlsplit(asked).hostname and not (
        host.endswith(".autotask.net") and zone["url"].startswith("https://")
    ):
        raise PermanentError(
            f"Autotask: the zone information names the host {host}, which is not Autotask's; nothing is sent"
            " there"
        )
    return dict(zone)


def _zone_judge(answer: Answer) -> Retry | SourceError | None:
    if answer.status == 500 and _texts(answer):
        return PermanentError(
            f"the zone of this user is unknown: {'; '.join(_texts(answer))}. Check AUTOTASK_USERNAME."
        )
    return None


def _texts(answer: Answer) -> list[str]:
    body = answer.json()
    errors = body.get("errors") if isinstance(body, dict) else None
    if not isinstance(errors, list):
        return []
    return [str(error.get("message", error)) if isinstance(error, dict) else str(error) for error in errors]


def _judge(answer: Answer) -> Retry | SourceError | None:
    texts = "; ".join(_texts(answer))
    if "Itgenatr005" in texts or "Thread Threshold Exceeded" in texts:
        return Retry(
            "too many requests at once (another integration with the same tracking identifier?)",
            None,
            everybody=True,
        )
    if answer.status == 429:
        asked = retry_after(answer.headers)
        return Retry(
            "the account's requests for this hour are used up",
            asked if asked is not None else WAIT,
            everybody=True,
        )
    if answer.status == 403:
        return NotAvailable(
            f"the API user may not read this: {texts or answer.start}. Change its security level in Autotask."
        )
    if answer.status == 500 and any(word in texts for word in _OUR_FAULT):
        return PermanentError(f"the query is refused: {texts}")
    return None


def identify(client: Client[Facts]) -> str:
    """The account behind the credentials, so that two accounts never mix in one warehouse."""
    zone = client.facts.zone.known
    return f"tenant {zone.get('ci')} in zone {zone.get('zoneName')}"


def threshold(client: Client) -> tuple[int, int]:
    """(requests used in the running hour by every integration of the account, requests allowed)."""
    facts = client.get_once("/ThresholdInformation")
    what = "Autotask threshold information"
    return expect(facts, int, what, "currentTimeframeRequestCount"), expect(
        facts, int, what, "externalRequestThreshold"
    )


def check_budget(client: Client[Facts]) -> None:
    """Stop while others need the hour's requests, and take no more than what is left.

    Raises:
        TransientError: more than 80 % of the hour's requests are used.
    """
    used, allowed = threshold(client)
    if used > POLITE_SHARE * allowed:
        raise TransientError(
            f"Autotask: {used} of the account's {allowed} requests an hour are used, most by other"
            " integrations; run again in an hour"
        )
    client.facts.hour.most = max(1, int(POLITE_SHARE * allowed) - used)

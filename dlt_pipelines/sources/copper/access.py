"""The connection to Copper: credentials, limits, and what its errors mean."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import Field, SecretStr

from dlt_pipelines.errors import NotAvailable, SourceError
from dlt_pipelines.wire.budget import Budget, Limit
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.credentials import Credentials
from dlt_pipelines.wire.messages import Answer, Retry, retry_after
from dlt_pipelines.wire.paging import expect
from foundation.settings.types import WebAddress

SOURCE = "copper"
VENDOR_URL = "https://api.copper.com/developer_api/v1"
MINUTE = 180
WAIT = 60.0
"""Seconds to wait at a 429 without Retry-After."""


class CopperCredentials(Credentials):
    """The credentials of Copper: a key and the address of the user who owns it."""

    api_key: SecretStr = Field(alias="COPPER_API_KEY")
    user_email: SecretStr = Field(alias="COPPER_USER_EMAIL")
    base_url: WebAddress | None = Field(None, alias="COPPER_BASE_URL")


WAY_OUT = (
    "Check COPPER_API_KEY and COPPER_USER_EMAIL: the key and the address of the administrator to whom it"
    " belongs."
)
LOOK_OUT = "Use the key of a Copper administrator (Settings, Integrations, API Keys)."


class LastTotal(threading.local):
    """How many records the last answer to this thread's request says there are."""

    total = 0


@dataclass
class Facts:
    """What the source knows about its connection."""

    told: LastTotal = field(default_factory=LastTotal)
    windows: dict[Any, list[list[Any]]] = field(default_factory=dict)
    """Pages of activities that one request brought for several persons."""


@connects(CopperCredentials, SOURCE)
def connect(access: Access[CopperCredentials]) -> Client[Facts]:
    """A client that keeps Copper's limits."""
    credentials, facts = access.credentials, Facts()

    def judge(answer: Answer) -> Retry | SourceError | None:
        total = answer.headers.get("x-pw-total", "")
        facts.told.total = int(total) if total.isdigit() else 0
        return _judge(answer)

    vendor = access.vendor("Copper", VENDOR_URL, WAY_OUT)
    below = "/developer_api/v1" if access.place == "sandbox" else ""
    vendor = replace(
        vendor,
        base_url=f"{vendor.base_url}{below}",
        headers={
            "X-PW-AccessToken": credentials.api_key.get_secret_value(),
            "X-PW-Application": "developer_api",
            "X-PW-UserEmail": credentials.user_email.get_secret_value(),
            # expected on GET too
            "Content-Type": "application/json",
        },
        budget=Budget({"": (Limit(MINUTE, 60),)}),
        judge=judge,
    )
    return Client(vendor, facts, access.counters)


def _judge(answer: Answer) -> Retry | SourceError | None:
    if answer.status == 429:
        asked = retry_after(answer.headers)
        return Retry(
            "the account's requests for this minute are used up",
            asked if asked is not None else WAIT,
            everybody=True,
        )
    if answer.status == 403:
        return NotAvailable(f"the owner of the key may not read this (403): {answer.start}. {LOOK_OUT}")
    return None


def identify(client: Client) -> str:
    """The account behind the credentials, so that two accounts never mix in one warehouse."""
    return f"account {expect(client.get_once('/account'), int, 'Copper account', 'id')}"

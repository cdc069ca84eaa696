"""The connection to Datto's Partner Portal: credentials, limits, and what its errors mean."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial

import urllib3
from pydantic import Field, SecretStr

from dlt_pipelines.errors import Gone, NotAvailable, PermanentError, SourceError, TransientError
from dlt_pipelines.sources.datto_bcdr.lists import all_devices, having
from dlt_pipelines.wire.budget import Budget, Limit
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.credentials import Credentials
from dlt_pipelines.wire.messages import Answer, Retry, retry_after
from foundation.settings.types import WebAddress

SOURCE = "datto_bcdr"
VENDOR_URL = "https://api.datto.com"
READ_SECONDS = 120.0
"""SaaS lists take 20 to 60 seconds."""


class DattoCredentials(Credentials):
    """The credentials of the Partner Portal: a key pair made with the vendor selection left blank."""

    public_key: SecretStr = Field(alias="DATTO_API_PUBLIC_KEY")
    secret_key: SecretStr = Field(alias="DATTO_API_SECRET_KEY")
    base_url: WebAddress | None = Field(None, alias="DATTO_BCDR_BASE_URL")


WAY_OUT = (
    "Check DATTO_API_PUBLIC_KEY and DATTO_API_SECRET_KEY (Partner Portal: Admin, Integrations, API Keys)."
)
BLANK = "Make a key with the vendor selection left blank (Partner Portal: Admin, Integrations, API Keys)."


@dataclass
class Facts:
    """What the source knows about its connection."""

    key: str
    """A hash of the public key."""
    requests_left: str | None = None
    """As the last answer said."""


@connects(DattoCredentials, SOURCE)
def connect(access: Access[DattoCredentials]) -> Client[Facts]:
    """A client with two requests at once, one of them for SaaS."""
    public = access.credentials.public_key.get_secret_value()
    secret = access.credentials.secret_key.get_secret_value()
    signed = urllib3.make_headers(basic_auth=f"{public}:{secret}")
    access.redact.learn(signed["authorization"].partition(" ")[2])
    two = Limit(2, 0)
    facts = Facts(hashlib.sha256(public.encode()).hexdigest()[:12])
    vendor = replace(
        access.vendor("Datto BCDR", VENDOR_URL, WAY_OUT),
        headers=signed,
        budget=Budget({"": (two,), "saas": (Limit(1, 0), two)}),
        judge=partial(_judge, facts=facts),
        read_seconds=READ_SECONDS,
        patience=2.0,
    )
    return Client(vendor, facts, access.counters)


def _judge(answer: Answer, facts: Facts) -> Retry | SourceError | None:
    facts.requests_left = answer.headers.get("X-API-Limit-Remaining", facts.requests_left)
    status, text = answer.status, answer.start
    body = answer.json() if len(answer.body) < 2_000 else None
    if isinstance(body, dict) and "code" in body and "items" not in body:
        text = f"{body['code']}: {body.get('message')}"
        if status == 200:
            return _by_code(str(body["code"]).lower(), text)
    if status == 429:
        return Retry(f"too many requests: {text}", _pause(answer), everybody=True)
    if status == 504 and "/seats" in answer.path:
        # long lists of seats time out each time; five tries would take five minutes
        return TransientError(f"answers 504: {text}")
    if status == 401 and answer.path.startswith("/v1/saas"):
        return NotAvailable(f"the key may not read SaaS Protection (401): {text}. {BLANK}")
    if status == 403:
        return NotAvailable(f"the key may not read this (403): {text}. {BLANK}")
    return None


def _by_code(code: str, text: str) -> Retry | SourceError:
    """An error that comes with status 200."""
    if "notfound" in code or code == "404":
        return Gone(f"not found (404): {text}")
    if "unauthorized" in code or code == "401":
        return PermanentError(f"the credentials are not accepted: {text}. {WAY_OUT}")
    if "denied" in code or "forbidden" in code or code == "403":
        return NotAvailable(f"the key may not read this: {text}. {BLANK}")
    return Retry(f"answers with an error: {text}")


def _pause(answer: Answer) -> float | None:
    """Seconds to wait at a 429: Retry-After, or the vendor's own header when it can only be seconds."""
    asked = retry_after(answer.headers)
    resets = answer.headers.get("X-API-Limit-Resets", "")
    return float(resets) if asked is None and resets.isdigit() and int(resets) <= 120 else asked


def identify(client: Client[Facts]) -> str:
    """The account behind the credentials, so that two accounts never mix in one warehouse."""
    names = Counter(
        str(device["resellerCompanyName"]) for device in having(all_devices(client), "resellerCompanyName")
    )
    if not names:
        return f"key {client.facts.key}"
    return f"reseller {min(names.items(), key=lambda item: (-item[1], item[0]))[0]}"

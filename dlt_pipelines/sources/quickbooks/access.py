"""The connection to QuickBooks: the keys of the app, the rotating refresh token, and when the access ends."""

from __future__ import annotations

import base64
import hashlib
import urllib.parse
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field, SecretStr, field_validator

from dlt_pipelines.core.records import at
from dlt_pipelines.errors import PermanentError, SourceError, TransientError
from dlt_pipelines.wire.bearer import Bearer
from dlt_pipelines.wire.budget import Budget, Limit
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.credentials import Credentials
from dlt_pipelines.wire.kept_tokens import Exchanged, Refused, TokenKeeper
from dlt_pipelines.wire.messages import Answer, Retry
from dlt_pipelines.wire.paging import expect
from foundation.settings.types import WebAddress

SOURCE = "quickbooks"
VENDOR_URL = "https://quickbooks.api.intuit.com"
TOKEN_URL = "https://oauth.platform.intuit.com"
MINOR_VERSION = "75"
WAIT = 60.0
"""Seconds to wait at a 429: Intuit sends no Retry-After."""
TOLD_BEFORE = timedelta(days=21)
LONGEST_LIFE = timedelta(days=5 * 365)


class QuickBooksCredentials(Credentials):
    """The credentials of QuickBooks: the app's keys, the company, and a refresh token to begin with."""

    client_id: SecretStr = Field(alias="QUICKBOOKS_CLIENT_ID")
    client_secret: SecretStr = Field(alias="QUICKBOOKS_CLIENT_SECRET")
    refresh_token: SecretStr = Field(alias="QUICKBOOKS_REFRESH_TOKEN")
    realm_id: SecretStr = Field(alias="QUICKBOOKS_REALM_ID")
    base_url: WebAddress | None = Field(None, alias="QUICKBOOKS_BASE_URL")
    token_base_url: WebAddress | None = Field(None, alias="QUICKBOOKS_TOKEN_BASE_URL")

    @field_validator("realm_id")
    @classmethod
    def _one_company(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().isalnum():
            raise ValueError("expected the id of one company, such as 9130347000000000")
        return value


RECONNECT = (
    "Connect the app to the company again (developer.intuit.com, OAuth 2.0 playground, or your own consent"
    " page) and put the refresh token that it shows into QUICKBOOKS_REFRESH_TOKEN."
)
WAY_OUT = (
    "Check QUICKBOOKS_CLIENT_ID and QUICKBOOKS_CLIENT_SECRET (developer.intuit.com, your app, keys of the"
    " right environment)."
)


class TooMuch(TransientError):
    """A report that is too large for one answer."""


@dataclass
class Facts:
    """What the source knows about its connection."""

    keeper: TokenKeeper
    realm: str


@connects(QuickBooksCredentials, SOURCE)
def connect(access: Access[QuickBooksCredentials]) -> Client[Facts]:
    """A client for the company behind the credentials that keeps Intuit's limits."""
    settings, redact = access.settings, access.redact
    client_id, client_secret, typed_token, realm = access.credentials.secrets()
    basic = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
    redact.learn(basic)
    vendor = access.vendor("QuickBooks", VENDOR_URL, WAY_OUT)
    token_url = vendor.base_url if access.place == "sandbox" else TOKEN_URL
    tokens = Client(
        replace(
            vendor,
            base_url=access.credentials.token_base_url or token_url,
            headers={"Authorization": f"Basic {basic}"},
            judge=_token_judge,
        ),
        counters=access.counters,
    )
    keeper = TokenKeeper(
        settings.home / "secrets" / "quickbooks.json",
        label="QuickBooks",
        owner=f"{access.place}\0{client_id}\0{realm}",
        typed=typed_token,
        redact=redact,
        way_out=RECONNECT,
    )

    def fetch() -> tuple[str, float]:
        return keeper.renew(lambda token: _exchange(tokens, token, settings.now()), settings.now())

    vendor = replace(
        vendor,
        base_url=f"{vendor.base_url}/v3/company/{urllib.parse.quote(realm, safe='')}",
        query={"minorversion": MINOR_VERSION},
        auth=Bearer(fetch, redact),
        budget=Budget({"": (Limit(4, 0), Limit(10, 1.0), Limit(500, 60.0))}),
        judge=_judge,
        read_seconds=125.0,  # Intuit itself gives up after 120
    )
    return Client(vendor, Facts(keeper, realm), access.counters)


def _exchange(tokens: Client, token: str, now: datetime) -> Exchanged:
    answer = tokens.form("/oauth2/v1/tokens/bearer", {"grant_type": "refresh_token", "refresh_token": token})
    what = "QuickBooks token"

    def after(name: str) -> datetime | None:
        seconds = answer.get(name)
        return now + timedelta(seconds=seconds) if isinstance(seconds, int | float) else None

    return Exchanged(
        expect(answer, str, what, "access_token"),
        float(expect(answer, (int, float), what, "expires_in")),
        expect(answer, str, what, "refresh_token"),
        after("x_refresh_token_expires_in"),
        after("x_refresh_token_hard_expires_in"),
    )


def _token_judge(answer: Answer) -> Retry | SourceError | None:
    body = answer.json()
    error = body.get("error") if isinstance(body, dict) else None
    if answer.status == 400 and error == "invalid_grant":
        return Refused(
            "the refresh token is not accepted any more (invalid_grant): used up, ended or withdrawn."
            f" {RECONNECT}"
        )
    if answer.status == 401 or error == "invalid_client":
        return PermanentError(f"the app's keys are not accepted ({answer.status}, invalid_client). {WAY_OUT}")
    return None


def faults_of(answer: Answer) -> list[dict[str, Any]]:
    """Return Intuit's complaints; its gateway writes the same keys in lower case."""
    body = answer.json()
    fault = at(body, "Fault") or at(body, "fault")
    found = at(fault, "Error") or at(fault, "error")
    return [
        {name.lower(): value for name, value in one.items()} for one in found or [] if isinstance(one, dict)
    ]


def _judge(answer: Answer) -> Retry | SourceError | None:
    if answer.status < 400:
        return None
    faults = faults_of(answer)
    codes = {str(fault.get("code", "")).lstrip("0") for fault in faults}
    texts = (
        "; ".join(f"{fault.get('message', '')} {fault.get('detail') or ''}".strip() for fault in faults)
        or answer.start
    )
    trace = (
        f" (code {', '.join(sorted(codes)) or 'none'}, intuit_tid {answer.headers.get('intuit_tid', 'none')})"
    )
    if answer.status == 429 or "3001" in codes:
        return Retry("too many requests, or the month's calls of the app are used up", WAIT, everybody=True)
    if answer.status == 401:
        return PermanentError(f"the credentials are not accepted (401): {texts}{trace}. {RECONNECT}")
    if answer.status == 403:
        return PermanentError(
            f"the app may not read this company (403): {texts}{trace}. Check QUICKBOOKS_REALM_ID, that the"
            " app is connected to that company, and that a sandbox company is asked at its own address"
            " (QUICKBOOKS_BASE_URL)."
        )
    if answer.status == 504 and "/reports/" in answer.path:
        return TooMuch(f"the report takes too long (504){trace}")
    if answer.status == 400 and codes & {"4000", "4001"}:
        return PermanentError(f"the request is refused: {texts}{trace}. Report it with this text.")
    return None


def identify(client: Client[Facts]) -> str:
    """The company behind the credentials, so that two companies never mix in one warehouse."""
    return f"company {hashlib.sha256(client.facts.realm.encode()).hexdigest()[:12]}"


def access_end(keeper: TokenKeeper) -> datetime | None:
    kept = keeper.kept()
    if kept is None:
        return None
    last = kept.ends_at or (datetime.fromisoformat(kept.since) + LONGEST_LIFE).isoformat()
    return min(datetime.fromisoformat(one) for one in (kept.expires_at, last) if one)


def ends_soon(keeper: TokenKeeper, now: datetime) -> str | None:
    ends = access_end(keeper)
    if ends is None or ends - now > TOLD_BEFORE:
        return None
    return f"QuickBooks: the access ends on {ends:%Y-%m-%d}. {RECONNECT}"

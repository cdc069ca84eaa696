"""The connection to Datto RMM, and the requests that are left in the account's minute."""

from __future__ import annotations

import re
import urllib.parse
from dataclasses import replace

import urllib3
from pydantic import Field, SecretStr

from dlt_pipelines.core.run import Run
from dlt_pipelines.errors import NotAvailable, PermanentError, SourceError, TransientError
from dlt_pipelines.wire.bearer import Bearer
from dlt_pipelines.wire.budget import Budget, Limit
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.credentials import Credentials
from dlt_pipelines.wire.messages import Answer, Retry, retry_after
from dlt_pipelines.wire.paging import expect
from foundation.settings.types import WebAddress

SOURCE = "datto_rmm"
HOST = re.compile(r"[a-z0-9]+-api\.centrastage\.net")
MINUTE = (600, 60.0)
"""Reads of the whole account in any minute, all keys together."""
POLITE = 300
"""The most of them that we take."""
BUSY = 50
"""With less than this left of the account's minute, others go first."""
WAIT = 60.0
"""Seconds to wait at a 429 without Retry-After: the length of the vendor's window."""


class DattoRmmCredentials(Credentials):
    """The credentials of Datto RMM: a user's API key and secret, and the address of the platform (not secret,
    and without a default: see `__init__.py`)."""

    api_key: SecretStr = Field(alias="DATTO_RMM_API_KEY")
    api_secret: SecretStr = Field(alias="DATTO_RMM_API_SECRET")
    url: WebAddress | None = Field(None, alias="DATTO_RMM_URL")
    base_url: WebAddress | None = Field(None, alias="DATTO_RMM_BASE_URL")


WAY_OUT = (
    "Check DATTO_RMM_API_KEY and DATTO_RMM_API_SECRET (Datto RMM: Setup, Users, Generate API Keys), that"
    " DATTO_RMM_URL is the address shown beside them, and that API access is enabled (Setup, Global Settings,"
    " Access Control)."
)


@connects(DattoRmmCredentials, SOURCE)
def connect(access: Access[DattoRmmCredentials]) -> Client[Limit]:
    """A client that keeps to half of the account's minute, which is its `facts`. It fetches no token yet.

    Raises:
        PermanentError: DATTO_RMM_URL is missing or is not an address of Datto RMM's API.
    """
    credentials = access.credentials
    vendor = access.vendor("Datto RMM", access.address or _platform(credentials.url), WAY_OUT)
    tokens = Client(
        replace(
            vendor,
            # fixed, public values of the vendor
            headers=urllib3.make_headers(basic_auth="public-client:public"),
            judge=_token_judge,
        ),
        counters=access.counters,
    )

    def token() -> tuple[str, float]:
        fields = {
            "grant_type": "password",
            "username": credentials.api_key.get_secret_value(),
            "password": credentials.api_secret.get_secret_value(),
        }
        answer = tokens.form("/auth/oauth/token", fields)
        seconds = answer.get("expires_in") if isinstance(answer, dict) else None
        return expect(answer, str, "Datto RMM token", "access_token"), float(seconds or 3600)

    minute = Limit(POLITE, MINUTE[1])
    vendor = replace(
        vendor, auth=Bearer(token, access.redact), budget=Budget({"": (minute,)}), judge=_Judge()
    )
    return Client(vendor, minute, access.counters)


def _platform(url: str | None) -> str:
    """The API's address of a platform; people copy it with `/api` or without."""
    if not url:
        raise PermanentError(
            "DATTO_RMM_URL not set. It is the API address shown beside the generated key, such as"
            " https://pinotage-api.centrastage.net."
        )
    parts = urllib.parse.urlsplit(url.strip())
    if parts.scheme != "https" or parts.username or parts.port or not HOST.fullmatch(parts.hostname or ""):
        raise PermanentError(
            f"DATTO_RMM_URL names {parts.hostname or 'no host'}, which is not Datto RMM's API"
            " (https://<platform>-api.centrastage.net); nothing is sent there. The right address is shown"
            " beside the generated key."
        )
    return f"https://{parts.hostname}"


def _token_judge(answer: Answer) -> Retry | SourceError | None:
    if answer.status == 400:
        # OAuth allows 400 as well as 401 for a wrong key
        return PermanentError(f"the credentials are not accepted (400): {answer.start}. {WAY_OUT}")
    return None


class _Judge:
    """Reads the vendor's refusals; a 403 that follows on a 429 is a block of the address."""

    def __init__(self) -> None:
        self._limited = False

    def __call__(self, answer: Answer) -> Retry | SourceError | None:
        if answer.status == 429:
            self._limited = True
            asked = retry_after(answer.headers)
            return Retry(
                "the account's requests for this minute are used up",
                WAIT if asked is None else asked,
                everybody=True,
            )
        if answer.status == 403 and self._limited:
            return TransientError(
                "403 after too many requests: Datto has probably blocked this address for some minutes. Run"
                " it again later."
            )
        if answer.status == 403:
            return NotAvailable(
                f"the key may not read this (403): {answer.start}. The key's user needs access to devices and"
                " sites, API access must be enabled, and after too many requests Datto blocks an address for"
                " some minutes."
            )
        return None


def identify(client: Client) -> str:
    """The account behind the credentials, so that two accounts never mix in one warehouse."""
    return f"account {expect(client.get_once('/api/v2/account'), str, 'Datto RMM account', 'uid')}"


def begin(run: Run) -> None:
    """Before the first row: take no more of the account's minute than others leave."""
    found = request_rate(run.client)
    if found is None:
        return
    used, allowed = found
    left = int(0.9 * allowed) - used  # from 90 % on the service slows every caller down
    if left < BUSY:
        run.client.budget.pause(MINUTE[1])
        left = allowed // 4
    run.client.facts.most = max(1, min(POLITE, left))


def request_rate(client: Client) -> tuple[int, int] | None:
    """(reads of the account in the last minute, reads allowed); None when the vendor does not say."""
    try:
        facts = client.get("/api/v2/system/request_rate")
        what = "Datto RMM request rate"
        return expect(facts, int, what, "accountCount"), expect(facts, int, what, "accountRateLimit")
    except PermanentError:
        return None

"""The connection to Bill.com: credentials, limits, and what its errors mean."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pydantic import Field, SecretStr

from dlt_pipelines.errors import Gone, NotAvailable, PermanentError, SourceError, TransientError
from dlt_pipelines.wire.bearer import Bearer
from dlt_pipelines.wire.budget import Budget, Limit
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.credentials import Credentials
from dlt_pipelines.wire.messages import Answer, Retry
from dlt_pipelines.wire.paging import expect
from foundation.settings.types import WebAddress

SOURCE = "billcom"
VENDOR_URL = "https://gateway.prod.bill.com/connect"
SESSION_SECONDS = 48 * 3600.0
"""As long as a session can last at all; it is used until it is refused."""


class BillcomCredentials(Credentials):
    """The credentials of BILL. The developer key alone gives no access."""

    any_character = frozenset({"username", "password"})
    api_key: SecretStr = Field(alias="BILLCOM_API_KEY")
    org_id: SecretStr = Field(alias="BILLCOM_ORG_ID")
    username: SecretStr = Field(alias="BILLCOM_USERNAME")
    password: SecretStr = Field(alias="BILLCOM_PASSWORD")
    base_url: WebAddress | None = Field(None, alias="BILLCOM_BASE_URL")


WAY_OUT = (
    "BILLCOM_API_KEY is the developer key (Settings, Sync & Integrations, Manage Developer Keys) and"
    " BILLCOM_ORG_ID the organization's id (it begins with 008). BILLCOM_USERNAME and BILLCOM_PASSWORD are a"
    " person's sign-in, or the name and the value of a sync token. Keys of the test environment are unknown"
    " in production, and the other way round."
)


@dataclass
class Facts:
    """What the source knows about its connection."""

    organization: str
    """The end of its id."""


@connects(BillcomCredentials, SOURCE)
def connect(access: Access[BillcomCredentials]) -> Client[Facts]:
    """A client that signs in at its first request."""
    credentials = access.credentials
    key, organization = credentials.api_key.get_secret_value(), credentials.org_id.get_secret_value()
    # 3 at once and 20,000 an hour for the key, whoever uses it; 200 sign-ins an hour
    hour = Limit(20_000, 3600)
    vendor = replace(
        access.vendor("Bill.com", VENDOR_URL, WAY_OUT),
        budget=Budget({"": (Limit(1, 0), hour), "login": (Limit(200, 3600), hour)}),
        judge=_judge,
        discreet=True,
    )
    door = Client(replace(vendor, judge=_judge_login), counters=access.counters)
    who = {
        "username": credentials.username.get_secret_value(),
        "password": credentials.password.get_secret_value(),
        "organizationId": organization,
        "devKey": key,
    }

    def sign_in() -> tuple[str, float]:
        answer = door.post("/v3/login", who, lane="login")
        return expect(answer, str, "Bill.com login", "sessionId"), SESSION_SECONDS

    session = Bearer(sign_in, access.redact, header="sessionId", prefix="")
    return Client(
        replace(vendor, headers={"devKey": key}, auth=session), Facts(organization[-6:]), access.counters
    )


def identify(client: Client[Facts]) -> str:
    """The organization behind the credentials, so that two accounts never mix in one warehouse."""
    return f"organization ending in {client.facts.organization}"


def _errors(answer: Answer) -> tuple[set[str], str]:
    """Codes and texts of an error: a list of objects, some without a code, or a single one."""
    body = answer.json()
    errors = [error for error in (body if isinstance(body, list) else [body]) if isinstance(error, dict)]
    codes = {str(error.get("code")) for error in errors if error.get("code")}
    texts = "; ".join(f"{error.get('code') or ''} {error.get('message') or ''}".strip() for error in errors)
    return codes, texts or answer.start


def _judge(answer: Answer) -> Retry | SourceError | None:
    if answer.status < 400:
        return None
    codes, texts = _errors(answer)
    if "BDC_1144" in codes:
        return TransientError(
            f"the developer key's requests for this hour are used up ({texts}); they reset at the full hour"
        )
    if "BDC_1322" in codes:
        return Retry(
            f"too many requests at once ({texts}): another program uses the same developer key",
            None,
            everybody=True,
        )
    if answer.status == 403:
        return NotAvailable(
            f"the user may not read this (403): {texts}. Change the user's role in Bill.com, or use a sync"
            " token."
        )
    return Gone(f"answers {answer.status}: {texts}") if answer.status in (400, 404) else None


def _judge_login(answer: Answer) -> Retry | SourceError | None:
    codes, texts = _errors(answer) if answer.status >= 400 else (set(), "")
    if "BDC_1144" in codes or "BDC_1322" in codes:
        return _judge(answer)
    if codes or answer.status in (400, 401, 403):
        return (
            PermanentError(f"the credentials are not accepted ({answer.status}: {texts}). {WAY_OUT}")
            if answer.status < 500
            else None
        )
    return None

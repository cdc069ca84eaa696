"""The connection to Smartlead: credentials, limits, and what its errors mean."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from pydantic import Field, SecretStr

from dlt_pipelines.errors import Gone, SourceError
from dlt_pipelines.wire.budget import Budget, Limit
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.credentials import Credentials
from dlt_pipelines.wire.messages import Answer, Retry, retry_after, seconds_until
from foundation.settings import Company
from foundation.settings.types import WebAddress

SOURCE = "smartlead"
VENDOR_URL = "https://server.smartlead.ai/api/v1"
LONGEST_HINT = 60.0


class SmartleadCredentials(Credentials):
    """One key for the account."""

    api_key: SecretStr = Field(alias="SMARTLEAD_API_KEY")
    base_url: WebAddress | None = Field(None, alias="SMARTLEAD_BASE_URL")


WAY_OUT = "Check SMARTLEAD_API_KEY (Smartlead, Settings, API); the plan must include API access."


@connects(SmartleadCredentials, SOURCE)
def connect(access: Access[SmartleadCredentials]) -> Client[Company]:
    """A client that keeps the strictest of the published limits."""
    budget = Budget({"": (Limit(1, 0), Limit(10, 2), Limit(50, 60), Limit(1000, 3600))})
    vendor = replace(
        access.vendor("Smartlead", VENDOR_URL, WAY_OUT),
        query={"api_key": access.credentials.api_key.get_secret_value()},
        budget=budget,
        judge=partial(_judge, budget),
        discreet=True,
    )
    return Client(vendor, access.company, access.counters)


def _judge(budget: Budget, answer: Answer) -> Retry | SourceError | None:
    body = answer.json()
    if answer.status == 429:
        asked = retry_after(answer.headers)
        error = body.get("error") if isinstance(body, dict) else None
        hint = error.get("retry_after") if isinstance(error, dict) else None
        seconds = (
            asked
            if asked is not None
            else float(hint)
            if isinstance(hint, (int, float))
            else _until_reset(answer)
        )
        return Retry("too many requests (another integration with the same key?)", seconds, everybody=True)
    if answer.headers.get("x-ratelimit-remaining") == "0" and (wait := _until_reset(answer)):
        budget.pause(wait)
    if (
        answer.status == 200
        and isinstance(body, dict)
        and (body.get("success") is False or body.get("ok") is False)
    ):
        return Gone(
            f"refused (200, but no success): {body.get('message') or body.get('error') or answer.start}"
        )
    return None


def _until_reset(answer: Answer) -> float | None:
    """Seconds until the vendor's window resets; whether it tells an instant or a span is not
    published."""
    try:
        told = float(answer.headers.get("x-ratelimit-reset", ""))
    except ValueError:
        return None
    return min(LONGEST_HINT, seconds_until(told, answer.headers) if told > 1e9 else max(0.0, told))

"""The connection to Microsoft Graph: credentials, limits, and what its errors mean."""

from __future__ import annotations

import urllib.parse
from dataclasses import replace

from pydantic import Field, SecretStr, field_validator

from dlt_pipelines.errors import NotAvailable, PermanentError, SourceError
from dlt_pipelines.sources.microsoft_graph.tenants import AppRefused, Tenants
from dlt_pipelines.wire.bearer import Bearer
from dlt_pipelines.wire.budget import Budget, Limit
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.credentials import Credentials
from dlt_pipelines.wire.messages import Answer, Retry
from dlt_pipelines.wire.paging import expect
from foundation.settings.types import WebAddress, checked_id

SOURCE = "microsoft_graph"
CLOUDS = {
    "global": ("https://login.microsoftonline.com", "https://graph.microsoft.com"),
    "us_government": ("https://login.microsoftonline.us", "https://graph.microsoft.us"),
    "us_government_dod": ("https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
    "china": ("https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"),
}
"""Cloud -> where tokens are given, where Graph is."""


class MicrosoftCredentials(Credentials):
    """One app registration for all tenants. Tenant ids are not secret: each row has one."""

    tenant_id: str = Field(alias="MICROSOFT_TENANT_ID")
    client_id: SecretStr = Field(alias="MICROSOFT_CLIENT_ID")
    client_secret: SecretStr = Field(alias="MICROSOFT_CLIENT_SECRET")
    base_url: WebAddress | None = Field(None, alias="MICROSOFT_GRAPH_BASE_URL")

    @field_validator("tenant_id")
    @classmethod
    def _tenants(cls, value: str) -> str:
        for tenant in value.split(","):
            if tenant.strip():
                checked_id(tenant.strip())
        return value


APP_WAY_OUT = (
    "Check MICROSOFT_CLIENT_ID and MICROSOFT_CLIENT_SECRET (Entra, App registrations, Certificates &"
    " secrets); secrets expire."
)
CONSENT = (
    "An administrator of that tenant must consent to the app with the application permission"
    " SecurityEvents.Read.All; check the tenant's id as well."
)


@connects(MicrosoftCredentials, SOURCE)
def connect(access: Access[MicrosoftCredentials]) -> Tenants:
    """A client per tenant. No token is fetched yet.

    Raises:
        PermanentError: MICROSOFT_TENANT_ID names no tenant.
    """
    credentials, section = access.credentials, access.company.microsoft_graph
    chosen = [part.strip() for part in credentials.tenant_id.split(",")]
    tenants = list(dict.fromkeys([tenant for tenant in chosen if tenant] + list(section.tenants)))
    if not tenants:
        raise PermanentError(
            "MICROSOFT_TENANT_ID names no tenant. Set it to a tenant's id or domain, or to several, separated"
            " by commas."
        )
    login_url, graph_url = CLOUDS[section.cloud]
    # 4 at once and 10,000 in 10 minutes for the app, 150 a minute in each tenant; tokens one by one
    shared = (Limit(4, 0), Limit(10_000, 600))
    budget = Budget({"": (Limit(1, 0),), **{tenant: (*shared, Limit(150, 60)) for tenant in tenants}})
    login = Client(
        replace(access.vendor("Microsoft Graph", login_url), budget=budget, judge=_judge_token),
        counters=access.counters,
    )
    form = {
        "client_id": credentials.client_id.get_secret_value(),
        "client_secret": credentials.client_secret.get_secret_value(),
        "scope": f"{graph_url}/.default",
        "grant_type": "client_credentials",
    }
    vendor = access.vendor("Microsoft Graph", graph_url, CONSENT)
    vendor = replace(vendor, base_url=f"{vendor.base_url}/v1.0", budget=budget, judge=_judge)

    def client(tenant: str) -> Client:
        def token() -> tuple[str, float]:
            answer = login.form(f"/{urllib.parse.quote(tenant, safe='')}/oauth2/v2.0/token", form)
            what = "Microsoft Graph token"
            return expect(answer, str, what, "access_token"), float(
                expect(answer, (int, float), what, "expires_in")
            )

        return Client(replace(vendor, auth=Bearer(token, access.redact)), counters=access.counters)

    return Tenants(
        place=access.place,
        redact=access.redact,
        counters=access.counters,
        clients={tenant: client(tenant) for tenant in tenants},
        names=section.tenants,
        app=form["client_id"],
    )


def _judge_token(answer: Answer) -> SourceError | None:
    body = answer.json()
    if answer.status not in (400, 401, 403) or not isinstance(body, dict):
        return None
    text = f"{body.get('error')}: {answer.redact.cut(body.get('error_description') or answer.start, 300)}"
    if body.get("error") == "invalid_client":
        return AppRefused(f"the credentials are not accepted ({text}). {APP_WAY_OUT}")
    return NotAvailable(f"no access to this tenant ({text}). {CONSENT}")


def _judge(answer: Answer) -> Retry | SourceError | None:
    if answer.status != 403:
        return None
    body = answer.json()
    error = body.get("error") if isinstance(body, dict) else None
    text = error.get("message") if isinstance(error, dict) else None
    return NotAvailable(
        f"the app may not read the secure scores of this tenant (403): {text or answer.start}. {CONSENT}"
    )


def identify(client: Tenants) -> str:
    """The app registration behind the credentials; the tenants it reads are part of every row."""
    return f"app ending in {client.app[-6:]}"

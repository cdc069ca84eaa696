"""A plain reader of the sandbox: pages followed to their end, nothing else. Knows the
contracts at the top of the modules in `sandbox/vendors/`, not the sources."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import requests

from sandbox import SANDBOX_CREDENTIALS

EVERYTHING = [{"op": "gte", "field": "id", "value": 0}]


@dataclass
class Wire:
    """Both vendors of one sandbox."""

    url: str
    session: requests.Session = field(default_factory=requests.Session)

    @property
    def hubspot_headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {SANDBOX_CREDENTIALS['HUBSPOT_API_KEY']}"}

    @property
    def autotask_headers(self) -> dict[str, str]:
        return {
            "ApiIntegrationCode": SANDBOX_CREDENTIALS["AUTOTASK_INTEGRATION_CODE"],
            "UserName": SANDBOX_CREDENTIALS["AUTOTASK_USERNAME"],
            "Secret": SANDBOX_CREDENTIALS["AUTOTASK_SECRET"],
        }

    def get(self, path: str, **params: Any) -> requests.Response:
        """A HubSpot GET."""
        return self.session.get(
            f"{self.url}/hubspot{path}", params=params, headers=self.hubspot_headers, timeout=30
        )

    def post(self, path: str, body: Any) -> requests.Response:
        """A HubSpot POST."""
        return self.session.post(
            f"{self.url}/hubspot{path}", json=body, headers=self.hubspot_headers, timeout=30
        )

    def all(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """Every row of a HubSpot GET with `paging.next.after`."""
        rows: list[dict[str, Any]] = []
        after = None
        while True:
            page = self.get(path, **params, **({} if after is None else {"after": after})).json()
            rows += page["results"]
            if "paging" not in page:
                return rows
            after = unquote(page["paging"]["next"]["after"])

    def objects(
        self, name: str, properties: str, associations: str = "", **params: Any
    ) -> list[dict[str, Any]]:
        """Every row of an object."""
        return self.all(
            f"/crm/v3/objects/{name}", limit=100, properties=properties, associations=associations, **params
        )

    def entity(self, path: str, method: str = "POST", **options: Any) -> requests.Response:
        """An Autotask call below V1.0/."""
        headers = self.autotask_headers | options.pop("headers", {})
        return self.session.request(
            method, f"{self.url}/autotask/ATServicesRest/V1.0/{path}", headers=headers, timeout=30, **options
        )

    def query(
        self, entity: str, conditions: list[dict[str, Any]] | None = None, fields: list[str] | None = None
    ) -> list[dict[str, Any]]:
        """Every row of an Autotask query, by walking the ids."""
        rows: list[dict[str, Any]] = []
        while True:
            last = rows[-1]["id"] if rows else -1
            body: dict[str, Any] = {
                "MaxRecords": 500,
                "Filter": [*(conditions or []), {"op": "gt", "field": "id", "value": last}],
            }
            if fields:
                body["IncludeFields"] = fields
            page = self.entity(f"{entity}/query", json=body).json()["items"]
            rows += page
            if len(page) < 500:
                return rows

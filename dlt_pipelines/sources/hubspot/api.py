"""Paths and pages of HubSpot's API, for all parts of the source `hubspot`."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from dlt_pipelines.core.api_versions import ApiVersions, LastDay, last_day, months_after
from dlt_pipelines.errors import Gone, NotAvailable, PermanentError
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.paging import Complaint, expect, listed, once
from foundation.settings import Company

SOURCE = "hubspot"
FULL_DAYS = 7
"""How many days until everything is listed again."""

ADD_SCOPE = "Add the scope to the key (HubSpot: Development, Keys)."

_PATHS = {
    "objects": ("/crm/v3/objects/{0}", "/crm/objects/{version}/{0}"),
    "associations": (
        "/crm/v4/associations/{0}/{1}/batch/read",
        "/crm/associations/{version}/{0}/{1}/batch/read",
    ),
    "owners": ("/crm/v3/owners", "/crm/owners/{version}"),
    "pipelines": ("/crm/v3/pipelines/{0}", "/crm/pipelines/{version}/{0}"),
    "properties": ("/crm/v3/properties/{0}", "/crm/properties/{version}/{0}"),
    "lists": ("/crm/v3/lists", "/crm/lists/{version}"),
    "account": ("/account-info/v3/details", "/account-info/{version}/details"),
    "forms": ("/marketing/v3/forms", "/marketing/forms/{version}-beta"),
    "mails": ("/marketing/v3/emails", "/marketing/emails/{version}"),
    "submissions": ("/form-integrations/v1/submissions/forms/{0}", None),
    "traffic": ("/analytics/v2/reports/sources/daily", None),
}
"""Endpoint -> its numbered path, and its dated path where HubSpot has one."""


def path(company: Company, kind: str, *names: str, version: str = "") -> str:
    """The path of an endpoint in the version that `hubspot.api_version` names (a date, or "v3" for the
    numbered paths), or in `version`."""
    version = version or company.hubspot.api_version
    numbered, dated = _PATHS[kind]
    return (numbered if version == "v3" or dated is None else dated).format(*names, version=version)


def versions(company: Company) -> dict[str, str]:
    """Return version -> the endpoints that are asked in it."""
    found: dict[str, list[str]] = {}
    for kind, (numbered, dated) in _PATHS.items():
        number = numbered.split("/")[2]
        version = (
            number if dated is None or company.hubspot.api_version == "v3" else company.hubspot.api_version
        )
        found.setdefault(version, []).append(kind if dated else f"{kind}, which has no dated path")
    return {version: ", ".join(kinds) for version, kinds in found.items()}


# checked on 29 November 2026 against HubSpot's changelog; if it moves a date, correct it here
_LAST_DAYS = {
    "v4": last_day("2027-03-30"),
    # without v1 and v2: they serve only endpoints for which HubSpot publishes no dated path and no last day
    "v3": last_day("2027-09"),
    # 18 months after the release
    "2026-03": last_day("2027-09-30"),
    "2026-09": last_day("2028-03-09"),
}


def _last_day(version: str) -> LastDay | None:
    year, _, month = version.partition("-")
    return _LAST_DAYS.get(version) or (
        months_after(int(year), int(month), 18) if year.isdigit() and month.isdigit() else None
    )


VERSIONS = ApiVersions(versions, "hubspot.api_version", _last_day)


def outdated(company: Company) -> Callable[[str], str]:
    """Return what may help if HubSpot no longer knows a path, or does not know it yet."""
    version = company.hubspot.api_version
    undated = tuple(numbered.partition("{")[0] for numbered, dated in _PATHS.values() if dated is None)

    def hint(asked: str) -> str:
        if asked.startswith(undated):
            return "HubSpot publishes no newer version of this path."
        return (
            f'If HubSpot does not offer version "{version}" of this path, set hubspot.api_version in'
            " company.toml to another one."
        )

    return hint


def record_rows(answer: Any, what: str) -> list[dict[str, Any]]:
    """Records of a page.

    Raises:
        PermanentError: something that is not a record.
    """
    rows = results(answer, what)
    if not all(map(is_record, rows)):
        raise PermanentError(f"{what}: expected every result to have an id (text) and properties")
    return rows


def is_record(row: Any) -> bool:
    """Whether an entry of a page is a record."""
    return (
        isinstance(row, dict)
        and bool(row.get("id"))
        and isinstance(row["id"], str)
        and isinstance(row.get("properties"), dict)
    )


def paged(
    client: Client,
    where: str,
    params: Mapping[str, Any],
    *,
    rank: int = 5,
    lane: str = "",
    rows: Callable[[Any, str], list[dict[str, Any]]] = record_rows,
) -> Iterator[list[dict[str, Any]]]:
    """Pages of a list endpoint: `paging.next.after` is sent back until there is none."""

    def pages() -> Iterator[list[dict[str, Any]]]:
        after: str | None = None

        while True:
            doubt = partial(_doubtful, after, once(empty_but_more))
            answer = client.get(where, {**params, "after": after}, rank=rank, lane=lane, complaint=doubt)
            if page := rows(answer, f"HubSpot {where}"):
                yield page
            after = _following(answer)
            if not after:
                return

    yield from listed(pages, f"HubSpot {where}")


def _following(answer: Any) -> str | None:
    after = (
        ((answer.get("paging") or {}).get("next") or {}).get("after") if isinstance(answer, dict) else None
    )
    # it may come percent-encoded already, and the client encodes it again
    return urllib.parse.unquote(str(after)) if after else None


def _doubtful(after: str | None, hollow: Complaint, answer: Any) -> str | None:
    """Return what is wrong with a page that was asked for with `after`; None: nothing."""
    return "the page before once more" if after and _following(answer) == after else hollow(answer)


def empty_but_more(answer: Any) -> str | None:
    """Complain about an empty page that promises more. HubSpot sometimes really sends one: use `once`, which
    accepts the second answer."""
    if (
        isinstance(answer, dict)
        and answer.get("results") == []
        and (answer.get("paging") or answer.get("total"))
    ):
        return "an empty page in the middle"
    return None


def results(answer: Any, what: str) -> list[dict[str, Any]]:
    """Return the rows of a page, of any kind."""
    return list(expect(answer, list, what, "results"))


def parsed_instant(text: str | None) -> datetime | None:
    """An instant of the state."""
    return datetime.fromisoformat(text) if text else None


@contextmanager
def optional(what: str) -> Iterator[None]:
    """Around requests for what an account may lack: an endpoint that is gone is not available."""
    try:
        yield
    except Gone as error:
        raise NotAvailable(f"HubSpot does not offer {what} to this account: {error}") from None

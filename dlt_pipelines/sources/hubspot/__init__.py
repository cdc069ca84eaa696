"""HubSpot CRM.

contacts, companies, deals, calls, meetings, notes, tasks, emails   GET /objects/{o}, POST /objects/{o}/search
                -> raw_hubspot.<object>            merge on id
associations    inline in lists, POST /associations/{a}/{b}/batch/read after a search
                -> raw_hubspot.associations        replaced per record and kind of target; to_id null: it has
                    none
deal history    POST /objects/deals/batch/read with propertiesWithHistory, of the deals that are new or
    changed
                -> raw_hubspot.deal_history        replaced per deal
owners          GET /owners, active and archived   -> raw_hubspot.owners
pipelines       GET /pipelines/deals               -> raw_hubspot.deal_pipelines, raw_hubspot.deal_stages
call outcomes   GET /properties/calls              -> raw_hubspot.call_outcomes
lists           GET /lists/…/name/{warm_list}, /lists/{id}/memberships
                -> raw_hubspot.lists, raw_hubspot.list_members (one dated snapshot a day)
account         GET /account-info/details          -> raw_hubspot.account
forms, form submissions, marketing mails and their statistics: marketing.py; web analytics: traffic.py

The first run lists everything. Later runs read what was modified since twenty minutes before the last run,
and its associations. The 200 newest changes come first, with the number of all records; where they do not
reach back far enough, a search walks by record id (so its cap of 10,000 is never met). Archived records,
which a search does not show, are listed when that number differs from that of the stored and the new records
(then some were deleted), and always where `start_date` leaves records out. Once a week, on the first run of a
Monday or later, everything is listed again: a record that is gone without trace is marked archived, unless it
is outside the window of `start_date`.

Quirks: every value is a string or null; a property that the portal lacks is a missing key; the same
association comes twice (labelled and unlabelled); HTTP 207 of the association batch is success; `after` may
come percent-encoded; search answers carry no rate headers. A 403 MISSING_SCOPES makes one table "not
available" and leaves the others alone.

UNCONFIRMED: whether an open, click or reply of a tracked e-mail moves its modified date; where it does not,
the weekly list brings it. The contacts who attend a meeting are its associations with contacts; colleagues
are in hs_attendee_owner_ids.

Settings: HUBSPOT_API_KEY (a service key or private app token), HUBSPOT_BASE_URL, section [hubspot] of
company.toml.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field, SecretStr

from dlt_pipelines.core.outcome import Outcome
from dlt_pipelines.core.source import Source
from dlt_pipelines.errors import NotAvailable, SourceError, TransientError
from dlt_pipelines.sources.hubspot import catalogue, marketing, records
from dlt_pipelines.sources.hubspot.api import SOURCE, VERSIONS, outdated, path
from dlt_pipelines.sources.hubspot.diagnosis import diagnose
from dlt_pipelines.sources.hubspot.fields import PROPERTIES, TARGETS
from dlt_pipelines.sources.hubspot.memory import Facts, HubSpotRun, Memory
from dlt_pipelines.wire.budget import Budget, Limit
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.credentials import Credentials
from dlt_pipelines.wire.messages import Answer, Retry, retry_after
from dlt_pipelines.wire.paging import expect
from foundation.settings.types import WebAddress

VENDOR_URL = "https://api.hubapi.com"
BURST = (100, 10.0)
"""Requests per seconds on the lowest plan; answers tell what the account's plan allows."""
SEARCHES = (5, 1.0)
"""All searches of an account together."""

WAITS = {"SECONDLY": 1.0, "": 10.0}
"""Seconds to wait at a 429 without Retry-After, by the policy that was hit; "": any other."""


class HubSpotCredentials(Credentials):
    """The credentials of HubSpot: a service key or the token of a private app."""

    api_key: SecretStr = Field(alias="HUBSPOT_API_KEY")
    base_url: WebAddress | None = Field(None, alias="HUBSPOT_BASE_URL")


WAY_OUT = (
    "Check HUBSPOT_API_KEY (HubSpot: Development, Keys, Service keys) and its scopes, or run"
    " `scoreline doctor`."
)


@connects(HubSpotCredentials, SOURCE)
def connect(access: Access[HubSpotCredentials]) -> Client[Facts]:
    """A client that keeps HubSpot's limits."""
    burst, search = Limit(*BURST), Limit(*SEARCHES)
    facts = Facts(path(access.company, "account"))

    def judge(answer: Answer) -> Retry | SourceError | None:
        allowed = answer.headers.get("x-hubspot-ratelimit-max", "")
        if answer.headers.get("x-hubspot-ratelimit-interval-milliseconds") == "10000" and allowed.isdigit():
            burst.most = max(burst.most, int(allowed))  # the plan may allow more
        if left := answer.headers.get("x-hubspot-ratelimit-daily-remaining"):
            facts.requests_left_today = left
        return _judge(answer)

    vendor = replace(
        access.vendor("HubSpot", VENDOR_URL, WAY_OUT),
        headers={"Authorization": f"Bearer {access.credentials.api_key.get_secret_value()}"},
        budget=Budget({"": (burst,), "search": (burst, search), **marketing.lanes(burst)}),
        judge=judge,
        outdated=outdated(access.company),
    )
    return Client(vendor, facts, access.counters)


def _judge(answer: Answer) -> Retry | SourceError | None:
    if answer.status == 429:
        body = answer.json()
        policy = str(body.get("policyName", "")) if isinstance(body, dict) else ""
        if policy == "DAILY":
            return TransientError(
                "the account's requests for today are used up; the count starts again at midnight of the"
                " account's zone"
            )
        asked = retry_after(answer.headers)
        wait = asked if asked is not None else WAITS.get(policy, WAITS[""])
        return Retry(f"rate limit {policy or '(unnamed)'}", wait, everybody=True)
    if answer.status == 403:
        body = answer.json()
        if isinstance(body, dict) and (
            body.get("category") == "MISSING_SCOPES" or "scope" in str(body.get("message", "")).lower()
        ):
            return NotAvailable(
                f"the key lacks {' or '.join(missing_scopes(body)) or 'a scope'}; add it to the key and run"
                " again"
            )
        if answer.path.startswith(marketing.PATHS):
            return NotAvailable(f"this account may not read it (403): {answer.start}")
    return None


def missing_scopes(body: Mapping[str, Any]) -> list[str]:
    """Scope names out of a 403 body: HubSpot puts them in three different places, or only in the message."""
    errors = body.get("errors")
    contexts = [body.get("context"), *(e.get("context") for e in errors or () if isinstance(e, dict))]
    names: list[str] = []
    for context in contexts:
        if isinstance(context, dict):
            for key in ("requiredScopes", "requiredGranularScopes"):
                names += [str(name) for name in context.get(key) or []]
    words = str(body.get("message", "")).replace(",", " ").replace("[", " ").replace("]", " ").split()
    return list(
        dict.fromkeys(
            names or [word.strip("'\".") for word in words if word.count(".") >= 2 or word.endswith(".read")]
        )
    )


def identify(client: Client[Facts]) -> str:
    """The account behind the key, so that two accounts never mix in one warehouse."""
    account = client.get_once(client.facts.account_path)
    return f"portal {expect(account, (int, str), 'HubSpot account details', 'portalId')}"


def totals(run: HubSpotRun) -> Iterator[tuple[str, int]]:
    """How many records there are of each object, without archived ones, as a search tells it."""
    for name in run.countable(TARGETS):
        if name in run.memory.totals:
            yield name, run.memory.totals[name]
            continue
        where = f"{path(run.company, 'objects', name)}/search"
        yield (
            name,
            expect(
                run.client.post(where, {"filterGroups": [], "limit": 1}, lane="search"),
                int,
                f"HubSpot {where}",
                "total",
            ),
        )


def recall(connection: Any, run: HubSpotRun) -> None:
    """Before the run, with the lock held: the properties that hold values in the warehouse, and the records
    that are not archived there."""
    for name in run.tables & set(run.state.get("objects", {})) & set(PROPERTIES):
        columns = list(PROPERTIES[name])
        counts = connection.execute(
            f"select {', '.join(f'count({column})' for column in columns)} from raw_hubspot.{name}"
        ).fetchone()
        run.memory.filled[name] = {column for column, count in zip(columns, counts, strict=True) if count}
        live = connection.execute(f"select id from raw_hubspot.{name} where not coalesce(archived, false)")
        run.memory.live[name] = live.to_arrow_table().column("id").combine_chunks()


def settle(connection: Any, outcome: Outcome) -> None:
    """After the load, with the lock held: mark the records that were merged into others."""
    for name in filter(outcome.read, TARGETS):
        # a merge removes the losing records without a trace but in the winner's list
        connection.execute(
            f"update raw_hubspot.{name} set archived = true, archived_at = coalesce(archived_at, ?) where not"
            " archived and id in (select alias_id from (select id as winner_id,"
            f" trim(unnest(string_split(hs_merged_object_ids, ';'))) as alias_id from raw_hubspot.{name}"
            " where hs_merged_object_ids <> '') where alias_id <> winner_id)",
            [outcome.started_at],
        )


source = Source(
    SOURCE,
    HubSpotCredentials,
    (*records.TABLES, *catalogue.TABLES, *marketing.TABLES),
    connect,
    identify,
    diagnose,
    memory=Memory,
    recall=recall,
    begin=records.begin,
    totals=totals,
    settle=settle,
    versions=VERSIONS,
)

"""HubSpot keeps the contract at the top of `sandbox/vendors/hubspot/__init__.py`, over HTTP."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import pytest

from sandbox import Sandbox
from tests.support.wire import Wire

LAST_WEEK = {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "2025-10-20T00:00:00Z"}
BY_ID = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]


def search(wire: Wire, name: str, *filters: dict[str, Any], **more: Any) -> Any:
    body = {
        "filterGroups": [{"filters": list(filters)}] if filters else [],
        "sorts": BY_ID,
        "limit": 200,
    } | more
    return wire.post(f"/crm/v3/objects/{name}/search", body)


# ------------------------------------------------------------------ the way in


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer pat-na1-wrong"}])
def test_a_wrong_token_is_a_401(wire: Wire, headers: dict[str, str]) -> None:
    answer = wire.session.get(f"{wire.url}/hubspot/crm/v3/owners", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["category"] == "INVALID_AUTHENTICATION"


@pytest.mark.parametrize(
    ("scope", "path", "where"),
    [
        (
            "crm.objects.contacts.read",
            "/crm/v3/objects/calls",
            lambda body: body["errors"][0]["context"]["requiredScopes"],
        ),
        (
            "crm.objects.deals.read",
            "/crm/v3/pipelines/deals",
            lambda body: body["errors"][0]["context"]["requiredScopes"],
        ),
        (
            "crm.lists.read",
            "/crm/lists/2026-09/44/memberships",
            lambda body: body["context"]["requiredGranularScopes"],
        ),
        (
            "crm.schemas.contacts.read",
            "/crm/v3/properties/calls",
            lambda body: body["context"]["requiredGranularScopes"],
        ),
        ("crm.objects.owners.read", "/crm/v3/owners", lambda body: [body["message"].split("Required: ")[1]]),
    ],
)
def test_a_withdrawn_scope_is_a_403_in_one_of_three_shapes(
    sandbox: Sandbox, wire: Wire, scope: str, path: str, where: Any
) -> None:
    sandbox.fault("hubspot", "missing_scopes", scopes=[scope])
    answer = wire.get(path)
    assert answer.status_code == 403
    assert answer.json()["category"] == "MISSING_SCOPES"
    assert where(answer.json()) == [scope]
    assert wire.get("/crm/v3/objects/companies").status_code == 200
    sandbox.clear_faults()
    assert wire.get(path).status_code == 200


@pytest.mark.parametrize(
    ("numbered", "dated"),
    [
        ("/crm/v3/objects/calls", "/crm/objects/2026-09/calls"),
        ("/crm/v3/objects/contacts", "/crm/objects/2026-03/0-1"),
        ("/crm/v3/owners", "/crm/owners/2026-09"),
        ("/crm/v3/pipelines/deals", "/crm/pipelines/2026-09/deals"),
        ("/crm/v3/properties/calls", "/crm/properties/2026-09/call"),
        ("/crm/v3/lists/44/memberships", "/crm/lists/2026-09/44/memberships"),
        ("/account-info/v3/details", "/account-info/2026-09/details"),
    ],
)
def test_numbered_and_dated_paths_serve_the_same(wire: Wire, numbered: str, dated: str) -> None:
    first, second = wire.get(numbered).json(), wire.get(dated).json()
    first.pop("paging", None), second.pop("paging", None)
    assert first == second


def test_unknown_things(wire: Wire) -> None:
    assert wire.get("/crm/v3/objects/unicorns").json()["category"] == "VALIDATION_ERROR"
    assert wire.get("/crm/v3/objects/contacts/1").status_code == 404
    assert wire.get("/crm/v3/lists/999/memberships").status_code == 404
    assert wire.get("/nothing/here").status_code == 404


# ------------------------------------------------------------------ lists of objects


def test_pages_hold_every_row_once_in_the_order_of_ids(wire: Wire) -> None:
    rows = wire.objects("contacts", "email")
    ids = [int(row["id"]) for row in rows]
    assert ids == sorted(set(ids))
    assert 2_450 < len(ids) < 2_600


@pytest.mark.parametrize("limit", ["101", "0", "-1", "many"])
def test_a_limit_out_of_range_is_a_400(wire: Wire, limit: str) -> None:
    answer = wire.get("/crm/v3/objects/contacts", limit=limit)
    assert answer.status_code == 400
    assert answer.json()["category"] == "VALIDATION_ERROR"
    assert wire.get("/crm/v3/objects/contacts", limit="51", propertiesWithHistory="email").status_code == 400


def test_values_are_texts_or_null_and_unknown_names_are_ignored(wire: Wire) -> None:
    rows = wire.objects(
        "deals", "dealname,amount,hs_mrr,closedate,no_such_property,hs_v2_date_entered_closedwon"
    )
    assert all(
        value is None or isinstance(value, str) for row in rows for value in row["properties"].values()
    )
    assert not any("no_such_property" in row["properties"] for row in rows)
    assert any(row["properties"]["amount"] is None for row in rows)
    # stage timings are not in the property list: present where there are any, else the key is missing
    assert {"hs_v2_date_entered_closedwon" in row["properties"] for row in rows} == {True, False}


def test_date_times_come_with_and_without_milliseconds(wire: Wire) -> None:
    texts = [row["properties"]["hs_timestamp"] for row in wire.objects("calls", "hs_timestamp")[:300]]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", text) for text in texts)
    assert {"." in text for text in texts} == {True, False}


def test_default_properties(wire: Wire) -> None:
    contact = wire.get("/crm/v3/objects/contacts", limit=1).json()["results"][0]
    assert set(contact["properties"]) == {
        "createdate",
        "email",
        "firstname",
        "hs_object_id",
        "lastmodifieddate",
        "lastname",
    }
    call = wire.get("/crm/v3/objects/calls", limit=1).json()["results"][0]
    assert set(call["properties"]) == {"hs_createdate", "hs_lastmodifieddate", "hs_object_id"}
    assert call["url"] == f"https://app.hubspot.com/contacts/48210077/record/0-48/{call['id']}"
    assert call["archived"] is False and "archivedAt" not in call


def test_archived_rows_come_only_on_request(wire: Wire) -> None:
    live = {row["id"] for row in wire.objects("calls", "hs_timestamp")}
    archived = wire.objects("calls", "hs_timestamp", archived="true")
    assert archived and not live & {row["id"] for row in archived}
    assert all(row["archived"] and row["archivedAt"] <= "2025-10-27T12:00:00Z" for row in archived)


def test_associations(wire: Wire) -> None:
    contacts = wire.objects("contacts", "email", "companies")
    alone = [row for row in contacts if "associations" not in row]
    assert 0 < len(alone) < 200
    first = next(row for row in contacts if "associations" in row)["associations"]["companies"]["results"]
    assert [item["type"] for item in first] == ["contact_to_company", "contact_to_company_unlabeled"]
    assert first[0]["id"] == first[1]["id"]


def test_a_long_list_of_associations_has_pages_of_its_own(wire: Wire) -> None:
    rows = wire.objects("meetings", "hs_meeting_title", "contacts")
    house = next(row for row in rows if row["properties"]["hs_meeting_title"] == "Open house")
    inside = house["associations"]["contacts"]
    assert len(inside["results"]) == 100
    path = f"/crm/v3/objects/meetings/{house['id']}/associations/contacts"
    rest = wire.get(path, after=inside["paging"]["next"]["after"], limit=500).json()
    assert len({item["id"] for item in inside["results"] + rest["results"]}) == 130
    assert "paging" not in rest
    newer = wire.get(path.replace("v3", "v4"), limit=100).json()
    assert isinstance(newer["results"][0]["toObjectId"], int) and "paging" in newer


def test_history_of_a_property(wire: Wire) -> None:
    rows = wire.get("/crm/v3/objects/deals", limit=50, propertiesWithHistory="dealstage").json()["results"]
    entries = rows[0]["propertiesWithHistory"]["dealstage"]
    assert len(entries) > 2
    assert [entry["timestamp"] for entry in entries] == sorted(
        (entry["timestamp"] for entry in entries), reverse=True
    )


# ------------------------------------------------------------------ search


def test_search_filters_sorts_and_counts(wire: Wire) -> None:
    body = search(wire, "calls", LAST_WEEK, properties=["hs_call_direction"], limit=50).json()
    full = [row for row in wire.objects("calls", "hs_timestamp") if row["updatedAt"] >= "2025-10-20"]
    assert body["total"] == len(full)
    assert [row["id"] for row in body["results"]] == [row["id"] for row in full][:50]
    assert "associations" not in body["results"][0]
    assert body["paging"] == {"next": {"after": "50"}}
    rest = search(wire, "calls", LAST_WEEK, after="50").json()
    assert len(rest["results"]) == len(full) - 50 and "paging" not in rest


def test_contacts_are_filtered_by_another_property(wire: Wire) -> None:
    recent = {"propertyName": "lastmodifieddate", "operator": "GTE", "value": "1760918400000"}
    assert search(wire, "contacts", recent).json()["total"] > 0
    assert search(wire, "contacts", LAST_WEEK).status_code == 400


@pytest.mark.parametrize(
    ("item", "keeps"),
    [
        ({"operator": "EQ", "value": "inbound"}, lambda value: value == "INBOUND"),
        ({"operator": "NEQ", "value": "INBOUND"}, lambda value: value != "INBOUND"),
        ({"operator": "IN", "values": ["INBOUND", "OUTBOUND"]}, lambda value: value is not None),
        ({"operator": "NOT_IN", "values": ["INBOUND"]}, lambda value: value == "OUTBOUND"),
        ({"operator": "HAS_PROPERTY"}, lambda value: value is not None),
        ({"operator": "NOT_HAS_PROPERTY"}, lambda value: value is None),
        ({"operator": "CONTAINS_TOKEN", "value": "out*"}, lambda value: value == "OUTBOUND"),
    ],
)
def test_text_operators(wire: Wire, item: dict[str, Any], keeps: Any) -> None:
    values = [row["properties"]["hs_call_direction"] for row in wire.objects("calls", "hs_call_direction")]
    asked = {"propertyName": "hs_call_direction"} | item
    assert search(wire, "calls", asked, limit=1).json()["total"] == sum(keeps(value) for value in values)


@pytest.mark.parametrize(
    ("item", "keeps"),
    [
        ({"operator": "GT", "value": "5160"}, lambda amount: amount > 5160),
        ({"operator": "GTE", "value": "5160"}, lambda amount: amount >= 5160),
        ({"operator": "LT", "value": "5160"}, lambda amount: amount < 5160),
        ({"operator": "LTE", "value": "5160.00"}, lambda amount: amount <= 5160),
        ({"operator": "EQ", "value": "5160"}, lambda amount: amount == 5160),
        (
            {"operator": "BETWEEN", "value": "2000", "highValue": "5160"},
            lambda amount: 2000 <= amount <= 5160,
        ),
    ],
)
def test_number_operators_compare_numbers(wire: Wire, item: dict[str, Any], keeps: Any) -> None:
    amounts = [row["properties"]["amount"] for row in wire.objects("deals", "amount")]
    asked = {"propertyName": "amount"} | item
    assert search(wire, "deals", asked, limit=1).json()["total"] == sum(
        keeps(float(amount)) for amount in amounts if amount
    )


def test_groups_are_ored(wire: Wire) -> None:
    groups = [
        {"filters": [{"propertyName": "hs_call_direction", "operator": "EQ", "value": value}, LAST_WEEK]}
        for value in ("INBOUND", "OUTBOUND")
    ]
    both = wire.post("/crm/v3/objects/calls/search", {"filterGroups": groups}).json()["total"]
    has = {"propertyName": "hs_call_direction", "operator": "HAS_PROPERTY"}
    assert both == search(wire, "calls", LAST_WEEK, has, limit=1).json()["total"] > 100


def test_keyset_walk_has_no_cap(sandbox: Sandbox, wire: Wire) -> None:
    sandbox.set_clock("2026-12-31T12:00:00Z")
    last, rows = "0", 0
    while True:
        above = {"propertyName": "hs_object_id", "operator": "GT", "value": last}
        page = search(wire, "calls", above).json()
        rows += len(page["results"])
        if "paging" not in page:
            break
        last = page["results"][-1]["id"]
    assert rows == len(wire.objects("calls", "hs_timestamp")) > 10_000
    assert search(wire, "calls", after="9800").status_code == 200
    answer = search(wire, "calls", after="9900")
    assert answer.status_code == 400 and "10000" in answer.json()["message"]


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"limit": 0},
        {"after": "abc"},
        {"sorts": [*BY_ID, *BY_ID]},
        {"filterGroups": [{"filters": [LAST_WEEK]}] * 6},
        {"filterGroups": [{"filters": [LAST_WEEK] * 7}]},
        {"filterGroups": [{"filters": [LAST_WEEK] * 5}] * 4},
        {"filterGroups": [{"filters": [{"propertyName": "nope", "operator": "EQ", "value": "1"}]}]},
        {"filterGroups": [{"filters": [LAST_WEEK | {"operator": "LIKE"}]}]},
        {"filterGroups": [{"filters": [LAST_WEEK | {"value": "yesterday"}]}]},
        {"properties": ["a_rather_long_property_name"] * 120},
    ],
)
def test_a_search_that_is_not_valid_is_a_400(wire: Wire, body: dict[str, Any]) -> None:
    answer = wire.post("/crm/v3/objects/calls/search", body)
    assert answer.status_code == 400
    assert answer.json()["category"] == "VALIDATION_ERROR"


def test_a_search_without_sorts_is_not_stable(wire: Wire) -> None:
    pages = {
        wire.post("/crm/v3/objects/calls/search", {"limit": 1}).json()["results"][0]["id"] for _ in range(3)
    }
    assert len(pages) == 3


def test_the_search_index_may_lag(sandbox: Sandbox, wire: Wire) -> None:
    sandbox.set_clock("2025-10-29T15:01:00Z")
    now = search(wire, "calls", LAST_WEEK, limit=1).json()["total"]
    sandbox.fault("hubspot", "search_lag", seconds=86_400)
    assert search(wire, "calls", LAST_WEEK, limit=1).json()["total"] < now


# ------------------------------------------------------------------ batches


def test_batch_read_of_missing_ids_is_a_207(wire: Wire) -> None:
    ids = [row["id"] for row in wire.objects("deals", "amount")[:3]]
    whole = wire.post(
        "/crm/v3/objects/deals/batch/read", {"inputs": [{"id": i} for i in ids], "properties": ["amount"]}
    )
    assert whole.status_code == 200 and "errors" not in whole.json()
    part = wire.post(
        "/crm/v3/objects/deals/batch/read",
        {"inputs": [{"id": i} for i in [*ids, "1"]], "properties": ["amount"]},
    )
    assert part.status_code == 207
    assert (len(part.json()["results"]), part.json()["numErrors"]) == (3, 1)
    assert wire.post("/crm/v3/objects/deals/batch/read", {"inputs": [{"id": "1"}] * 101}).status_code == 400
    assert wire.post("/crm/v3/objects/deals/batch/read", {"inputs": "all"}).status_code == 400
    past = {"inputs": [{"id": i} for i in ids], "propertiesWithHistory": ["amount"]}
    refused = wire.post("/crm/v3/objects/deals/batch/read?archived=true", past).json()
    assert (refused["results"], refused["errors"][0]["context"]["ids"]) == ([], ids)  # they are live
    assert (
        wire.post("/crm/v3/objects/deals/batch/read", past | {"inputs": [{"id": "1"}] * 51}).status_code
        == 400
    )


def test_association_batch_tells_who_has_none_with_a_207(wire: Wire) -> None:
    rows = wire.objects("contacts", "email", "companies")
    alone = next(row["id"] for row in rows if "associations" not in row)
    linked = next(row for row in rows if "associations" in row)
    path = "/crm/v4/associations/contact/company/batch/read"
    answer = wire.post(path, {"inputs": [{"id": alone}, {"id": linked["id"]}]})
    body = answer.json()
    assert answer.status_code == 207 and body["numErrors"] == 1
    assert body["errors"][0]["subCategory"] == "crm.associations.NO_ASSOCIATIONS_FOUND"
    assert body["errors"][0]["context"]["fromObjectId"] == [alone]
    assert body["results"][0]["from"]["id"] == linked["id"]
    target = body["results"][0]["to"][0]
    assert target["toObjectId"] == int(linked["associations"]["companies"]["results"][0]["id"])
    assert [kind["label"] for kind in target["associationTypes"]] == ["Primary", None]
    assert (
        wire.post(
            "/crm/associations/2026-09/contacts/companies/batch/read", {"inputs": [{"id": linked["id"]}]}
        ).status_code
        == 200
    )
    assert wire.post(path, {"inputs": [{"id": "1"}] * 1_001}).status_code == 400


def test_associations_can_be_read_from_both_sides(wire: Wire) -> None:
    call = next(row for row in wire.objects("calls", "hs_timestamp", "contacts") if "associations" in row)
    contact = call["associations"]["contacts"]["results"][0]["id"]
    body = wire.post("/crm/v4/associations/contacts/calls/batch/read", {"inputs": [{"id": contact}]}).json()
    assert int(call["id"]) in [target["toObjectId"] for target in body["results"][0]["to"]]


# ------------------------------------------------------------------ the account's own


def test_owners_and_leavers(wire: Wire) -> None:
    active = {owner["email"].lower(): owner for owner in wire.all("/crm/v3/owners", archived="false")}
    left = wire.all("/crm/v3/owners", archived="true")
    assert set(active) == {
        "maya.torres@cedar-ridge.example",
        "victor.lang@cedar-ridge.example",
        "noor.haddad@cedar-ridge.example",
        "dana.whitfield@cedar-ridge.example",
        "riley.stone@leadpath.example",
    }
    assert [owner["email"] for owner in left] == ["ben.ashford@cedar-ridge.example"]
    assert left[0]["userId"] is None and left[0]["archived"]
    assert "teams" not in active["dana.whitfield@cedar-ridge.example"]
    assert all(owner["id"] != str(owner["userId"]) for owner in active.values())


def test_pipelines_have_the_stages_of_the_request(sandbox: Sandbox, wire: Wire) -> None:
    default, renewals = wire.get("/crm/v3/pipelines/deals").json()["results"]
    assert [float(stage["metadata"]["probability"]) for stage in default["stages"]] == [
        0.02,
        0.01,
        0.05,
        0.1,
        0.4,
        0.8,
        0.9,
        1,
        0,
        0,
    ]
    assert [stage["metadata"]["isClosed"] for stage in default["stages"]] == ["false"] * 7 + ["true"] * 3
    assert "Closed won" in {stage["label"] for stage in default["stages"]} & {
        stage["label"] for stage in renewals["stages"]
    }
    sandbox.set_clock("2025-12-02T12:00:00Z")
    assert (
        len(wire.get("/crm/v3/pipelines/deals").json()["results"][1]["stages"]) == len(renewals["stages"]) - 1
    )


def test_property_definitions_hold_the_options(wire: Wire) -> None:
    calls = {row["name"]: row for row in wire.get("/crm/v3/properties/calls").json()["results"]}
    outcomes = {option["value"]: option["label"] for option in calls["hs_call_disposition"]["options"]}
    assert outcomes["f240bbac-87c9-4f6e-bf70-924b57d47db7"] == "Connected"
    listed = {item["id"]: item["label"] for item in wire.get("/calling/v1/dispositions").json()}
    assert listed == outcomes
    contacts = {row["name"]: row for row in wire.get("/crm/v3/properties/contacts").json()["results"]}
    assert contacts["coi_since"]["type"] == "date" and contacts["coi_since"]["hubspotDefined"] is False


def test_account_details(wire: Wire) -> None:
    account = wire.get("/account-info/v3/details").json()
    assert (account["portalId"], account["timeZone"], account["companyCurrency"]) == (
        48210077,
        "US/Central",
        "USD",
    )


def test_lists_are_found_by_name_and_by_search(wire: Wire) -> None:
    found = wire.get("/crm/v3/lists/object-type-id/0-1/name/warm 250").json()["list"]
    assert (found["listId"], found["size"], found["processingType"]) == ("44", 250, "MANUAL")
    assert wire.get("/crm/v3/lists/object-type-id/0-1/name/Cold 250").status_code == 404
    page = wire.post("/crm/v3/lists/search", {"query": "warm", "count": 1}).json()
    assert (page["total"], page["hasMore"], page["offset"]) == (2, True, 1)
    assert page["lists"][0]["additionalProperties"] == {"hs_list_size": "250"}


def test_after_of_memberships_arrives_percent_encoded(wire: Wire) -> None:
    path = "/crm/v3/lists/44/memberships"
    assert wire.get(path, limit=251).status_code == 400
    first = wire.get(path, limit=200).json()
    after = first["paging"]["next"]["after"]
    assert after != unquote(after)
    assert wire.get(path, limit=200, after=after).status_code == 400  # encoded twice
    rest = wire.get(path, limit=200, after=unquote(after)).json()
    assert len({row["recordId"] for row in first["results"] + rest["results"]}) == first["total"] == 250
    assert "paging" not in rest
    by_time = [row["membershipTimestamp"] for row in wire.all(f"{path}/join-order", limit=250)]
    assert by_time == sorted(by_time)


# ------------------------------------------------------------------ limits


def test_bursts_are_limited(limited: Sandbox) -> None:
    wire = Wire(limited.url)
    answers = [wire.get("/account-info/v3/details")]
    assert answers[0].headers["X-HubSpot-RateLimit-Max"] == "100"
    assert answers[0].headers["X-HubSpot-RateLimit-Remaining"] == "99"
    while answers[-1].status_code == 200 and len(answers) < 2_000:
        answers.append(wire.get("/account-info/v3/details"))
    body = answers[-1].json()
    assert answers[-1].status_code == 429
    assert (body["errorType"], body["policyName"]) == ("RATE_LIMIT", "TEN_SECONDLY_ROLLING")
    assert len(answers) > 100 and "Retry-After" not in answers[-1].headers


def test_searches_are_limited_apart(limited: Sandbox) -> None:
    wire = Wire(limited.url)
    answers = [search(wire, "deals", limit=1)]
    while answers[-1].status_code == 200 and len(answers) < 2_000:
        answers.append(search(wire, ("deals", "companies")[len(answers) % 2], limit=1))
    assert answers[-1].status_code == 429
    assert answers[-1].json()["policyName"] == "SECONDLY"
    assert not any("ratelimit" in name.lower() for answer in answers for name in answer.headers)
    assert all("X-HubSpot-Correlation-Id" in answer.headers for answer in answers)


# ------------------------------------------------------------------ marketing


def test_forms_and_their_submissions(wire: Wire) -> None:
    assert len(wire.all("/marketing/v3/forms", limit=100, formTypes="all")) == 20
    assert (
        len(wire.all("/marketing/forms/2026-09-beta", limit=100)) < 20
    )  # hubspot's own kind unless others are asked for
    (archived,) = wire.all("/marketing/v3/forms", archived="true")
    assert archived["archived"] and archived["archivedAt"]
    contact = next(form for form in wire.all("/marketing/v3/forms", limit=7) if form["name"] == "Contact us")
    path = f"/form-integrations/v1/submissions/forms/{contact['id']}"
    page = wire.get(path, limit=50).json()
    assert "%3D" in page["paging"]["next"]["after"]
    times = [row["submittedAt"] for row in wire.all(path, limit=50)]
    assert len(times) > 50 and times == sorted(times, reverse=True)
    assert wire.get(path, limit=51).status_code == 400
    assert wire.get(path.replace(contact["id"], "0000")).status_code == 404


def test_marketing_mails(wire: Wire) -> None:
    body = wire.get("/marketing/v3/emails", limit=100, includeStats="true").json()
    assert body["total"] == len(body["results"])
    sent = next(row for row in body["results"] if row["state"] == "PUBLISHED")
    assert sent["stats"]["counters"]["sent"] > 500 and sent["publishedAt"]
    draft = next(row for row in body["results"] if row["state"] == "DRAFT")
    assert draft["publishDate"] and "publishedAt" not in draft and not draft["isPublished"]
    assert "stats" not in wire.get("/marketing/emails/2026-09", limit=1).json()["results"][0]


def test_web_traffic_by_day(wire: Wire) -> None:
    days = wire.get("/analytics/v2/reports/sources/daily", start="20251020", end="20251022").json()
    assert sorted(days) == ["2025-10-20", "2025-10-21", "2025-10-22"]
    assert {"breakdown", "visits", "returningVisits"} <= set(days["2025-10-20"][0])
    assert wire.get("/analytics/v2/reports/sources/daily", start="2025-10-20").status_code == 400

"""An answer whose shape nobody knows is a failure, and an odd one that comes twice is believed; neither is
silence."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from dlt_pipelines.core.load import load
from dlt_pipelines.errors import NotAvailable, PermanentError, Unexpected
from dlt_pipelines.sources.autotask.queries import walk
from dlt_pipelines.sources.hubspot.api import paged
from dlt_pipelines.wire.budget import Budget, Limit
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.paging import capped, entries, expect
from dlt_pipelines.wire.vendor import Vendor as Description
from foundation.settings import Company, Settings
from sandbox import Sandbox
from tests.dlt_pipelines.conftest import Vendor, answer, at


@pytest.fixture
def client(vendor: Vendor) -> Client:
    lanes = {lane: (Limit(9, 0),) for lane in ("", "Tickets")}
    return Client(Description("Vendor", vendor.url, budget=Budget(lanes)))


def says(vendor: Vendor, *answers: Any) -> None:
    """One answer per call; the last one again and again."""
    vendor.reply = lambda handler, number: answer(
        handler, 200, orjson.dumps(answers[min(number, len(answers)) - 1])
    )


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({"results": [{"id": 1}]}, [{"id": 1}]),
        ({"results": []}, []),
        ({"total": 0}, []),
        ({"results": None, "total": 0}, []),
        ({}, []),
    ],
)
def test_a_list_that_may_be_left_out_is_empty_without_it(told: Any, found: list[Any]) -> None:
    assert entries(told, "Vendor", "results", beside=("total",)) == found


@pytest.mark.parametrize(
    "told",
    [
        {"total": 0, "items": [{"secret": "s3cret"}]},
        {"results": {"0": {"secret": "s3cret"}}},
        {"results": "s3cret"},
        {"results": ["s3cret"]},
        {"results": 0},
        ["s3cret"],
        None,
    ],
)
def test_another_shape_is_a_failure_that_tells_no_value(told: Any) -> None:
    with pytest.raises(Unexpected, match="^Vendor: expected ") as caught:
        entries(told, "Vendor", "results", beside=("total",))
    assert "s3cret" not in str(caught.value)
    with pytest.raises(Unexpected):
        entries({"answer": told}, "Vendor", "answer", "results")


def test_an_empty_page_that_promises_more_is_believed_when_it_comes_twice(
    client: Client, vendor: Vendor
) -> None:
    hollow = {"results": [], "total": 7, "paging": {"next": {"after": "2"}}}
    row = {"id": "1", "properties": {}}
    says(vendor, hollow, hollow, {"results": [row]})
    assert list(paged(client, "/objects", {})) == [[row]]
    assert len(vendor.seen) == 3


def test_hubspot_says_there_are_some_and_gives_none(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch, unhurried: None
) -> None:
    load("hubspot", Settings(), company, tables={"tasks"})
    sandbox.fault("hubspot", "status", status=200, body='{"total": 3, "results": []}', path="tasks/search")
    (warning,) = load(
        "hubspot", at(monkeypatch, sandbox, "2025-10-27T15:00:00Z"), company, tables={"tasks"}
    ).warnings
    assert warning == "HubSpot search for tasks: says there are 3 more and gives none, twice"


def page(*ids: int) -> dict[str, Any]:
    return {"items": [{"id": key} for key in ids], "pageDetails": {"count": len(ids)}}


def test_autotask_s_pages_are_in_the_order_of_ids_or_nothing_is_taken(client: Client, vendor: Vendor) -> None:
    says(vendor, page(*range(1, 501)), page(502, 501))
    assert [len(rows) for rows in walk(client, "Tickets", ["id"], [])] == [
        500,
        2,
    ]  # the last page may be in any order
    vendor.seen.clear()
    says(vendor, page(*range(500, 0, -1)))
    with pytest.raises(
        PermanentError, match="Autotask Tickets: a page is not in the order of ids, so rows would be lost"
    ):
        list(walk(client, "Tickets", ["id"], []))


def test_page_cap_and_shape() -> None:
    with pytest.raises(PermanentError, match="things: more than 3 pages"):
        list(capped(iter(int, 1), 3, "things"))
    assert list(capped([1, 2, 3], 3, "things")) == [1, 2, 3]
    with pytest.raises(PermanentError, match="expected results to be a list, but the answer has: error, id"):
        expect({"error": 1, "id": 2}, list, "Vendor things", "results")
    with pytest.raises(PermanentError, match="the answer has: list"):
        expect([1], dict, "Vendor things")


def test_texts_have_one_full_stop_and_name_null() -> None:
    assert str(NotAvailable("the owner may not read this.. The export of tickets ...")) == (
        "the owner may not read this. The export of tickets ..."
    )
    with pytest.raises(Unexpected, match="but the answer has: null$"):
        expect(None, dict, "QuickBooks report")

"""The send gate: green, amber with reasons that readers understand, held."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from foundation.settings import Settings
from reports.engine.queries import connect
from reports.words.gate import decide, source_states
from tests.reports.conftest import settings_for

W43 = date(2025, 10, 20)
CLOCK = datetime(2025, 10, 27, 12, tzinfo=UTC)
SALES = ("inside_sales", "warm_250")


def test_green_when_all_of_it_is_there(variant: Callable[..., Settings]) -> None:
    gate = decide(variant().published_path, W43, SALES)
    assert (gate.decision, gate.reasons, gate.notes) == ("green", [], [])


def test_a_connection_will_do(variant: Callable[..., Settings]) -> None:
    connection = connect(variant().published_path)
    assert decide(connection, W43, SALES).decision == "green"
    connection.close()


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (
            {"sources": {"hubspot": {"state": "late"}}},
            "HubSpot is late: its data is complete to Mon 27 Oct 2025, 05:00 CDT.",
        ),
        (
            {"sources": {"hubspot": {"state": "failing"}}},
            (
                "HubSpot could not be loaded at the last try; its data is complete to Mon 27 Oct 2025, 05:00"
                " CDT."
            ),
        ),
        (
            {"stale": {"inside_sales.dials"}},
            "Not all of the week of 20 October has arrived yet: Dials (Inside sales, Maya Torres).",
        ),
        (
            {
                "stale": {"inside_sales.dials"},
                "partial": {"inside_sales.dials": "3 of the calls: direction is not known (OUTGOING)"},
            },
            (
                "Not the whole number for the week of 20 October: Dials (Inside sales, Maya Torres). 3 of the calls:"
                " direction is not known (OUTGOING)."
            ),
        ),
        (
            {"missing": {"inside_sales.dials"}},
            "No number for the week of 20 October, because the source is not complete: Dials (Inside sales, Maya Torres).",
        ),
        (
            {"partial": {"inside_sales.dials": "2 records left out: Call without a direction"}},
            (
                "Not the whole number for the week of 20 October: Dials (Inside sales, Maya Torres). 2 records left out:"
                " Call without a direction."
            ),
        ),
        (
            {"rejected": [("late.csv", 3, "unknown metric 'x'", "a,b")]},
            "1 typed-in row rejected: late.csv line 3: unknown metric 'x'.",
        ),
        (
            {"rejected": [("late.csv", i, "no", "") for i in range(2, 9)]},
            (
                "7 typed-in rows rejected: late.csv line 2: no; late.csv line 3: no; late.csv line 4: no;"
                " late.csv line 5: no; late.csv line 6: no; and 2 more."
            ),
        ),
    ],
)
def test_amber_says_what_is_missing(
    variant: Callable[..., Settings], values: dict[str, Any], reason: str
) -> None:
    gate = decide(variant(**values).published_path, W43, SALES)
    assert gate.decision == "amber"
    assert gate.reasons == [reason]


REFUSED = {"state": "partly_refused", "refused": "calls: the key lacks crm.objects.calls.read"}
GAP = ("hubspot", "HubSpot refuses calls", "the key lacks crm.objects.calls.read")


def test_a_refused_table_is_told_in_the_vendors_words_to_those_who_need_it(
    variant: Callable[..., Settings],
) -> None:
    settings = variant(
        sources={"hubspot": REFUSED}, gaps={"inside_sales.dials": GAP}, missing={"inside_sales.dials"}
    )
    assert decide(settings.published_path, W43, ["inside_sales"]).reasons == [
        "HubSpot refuses a part of its data. calls: the key lacks crm.objects.calls.read.",
        "No number for the week of 20 October, because HubSpot refuses calls: Dials (Inside sales, Maya Torres).",
    ]
    assert decide(settings.published_path, W43, ["outside_sales"]).decision == "green", (
        "none of these lines needs calls"
    )


def test_a_lost_permission_says_why_a_number_is_not_whole(variant: Callable[..., Settings]) -> None:
    settings = variant(
        sources={"hubspot": REFUSED}, gaps={"inside_sales.dials": GAP}, stale={"inside_sales.dials"}
    )
    assert (
        decide(settings.published_path, W43, SALES).reasons[1]
        == "Not all of the week of 20 October has arrived, because HubSpot refuses calls: Dials (Inside sales, Maya"
        " Torres)."
    )


def test_amber_when_a_number_was_not_typed_in(variant: Callable[..., Settings]) -> None:
    gate = decide(variant(missing={"outside_sales.networking_events"}).published_path, W43, ["outside_sales"])
    assert gate.decision == "amber"
    assert gate.reasons == [
        "Not typed in for the week of 20 October: Networking events (Outside sales, Maya Torres, Victor Lang)."
    ]


def test_amber_when_a_source_is_not_connected_that_lines_need(variant: Callable[..., Settings]) -> None:
    settings = variant(sources={"autotask": {"state": "not_connected", "complete_through": None}})
    gate = decide(settings.published_path, W43)
    assert gate.decision == "amber"
    assert "Autotask is not connected: its numbers are empty until its credentials are set." in gate.reasons
    assert decide(settings.published_path, W43, SALES).decision == "green", (
        "no line of these sections needs Autotask"
    )


def test_a_source_that_was_disconnected_after_the_week_was_complete_does_not_hold_it(
    variant: Callable[..., Settings],
) -> None:
    gone = {"state": "not_connected"}
    gate = decide(variant(sources={"hubspot": gone, "autotask": gone}).published_path, W43)
    assert gate.decision == "amber"
    assert (
        gate.reasons[1] == "HubSpot is disconnected: its data is complete to Mon 27 Oct 2025, 05:00 CDT."
        " Set its credentials to load it again."
    )
    early = gone | {"complete_through": CLOCK - timedelta(days=4)}
    gate = decide(variant(sources={"hubspot": early, "autotask": early}).published_path, W43)
    assert gate.decision == "held"


def test_held_when_nothing_is_published(tmp_path: Path) -> None:
    gate = decide(tmp_path / "none.duckdb", W43)
    assert gate.decision == "held"
    assert gate.reasons == ["Nothing has been published yet: the first refresh and build have not finished."]


def test_held_when_the_published_file_is_not_complete(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "x.duckdb")) as connection:
        connection.execute("create schema marts")
    assert decide(tmp_path / "x.duckdb", W43).decision == "held"


@pytest.mark.parametrize(("week", "sections"), [(date(2026, 6, 1), ()), (W43, ("no_such_section",))])
def test_held_without_facts(variant: Callable[..., Settings], week: date, sections: tuple[str, ...]) -> None:
    gate = decide(variant().published_path, week, sections)
    assert gate.decision == "held"
    assert gate.reasons[0].startswith("There are no facts for the week of ")


def test_held_when_it_was_built_before_the_week_ended(variant: Callable[..., Settings]) -> None:
    """Monday 00:00 in Chicago is 05:00 UTC: one second before it the week is not over, whatever the date is
    in UTC."""
    early = variant(as_of=datetime(2025, 10, 27, 4, 59, 59, tzinfo=UTC))
    gate = decide(early.published_path, W43, SALES)
    assert gate.decision == "held"
    assert gate.reasons == [
        "The data was built as of Sun 26 Oct 2025, 23:59 CDT, before the week of 20 October ended."
    ]
    assert (
        decide(variant(as_of=datetime(2025, 10, 27, 5, tzinfo=UTC)).published_path, W43, SALES).decision
        != "held"
    )


def test_held_when_all_sources_are_down(variant: Callable[..., Settings]) -> None:
    down = {"state": "failing", "complete_through": CLOCK - timedelta(days=4)}
    gate = decide(
        variant(
            sources={"hubspot": down, "autotask": {"state": "not_connected", "complete_through": None}}
        ).published_path,
        W43,
    )
    assert gate.decision == "held"
    assert (
        gate.reasons[0]
        == "Autotask and HubSpot are down or were never loaded: there are no complete numbers for the week of 20 October."
    )


def test_sections_that_rest_on_one_source_are_held_with_it(variant: Callable[..., Settings]) -> None:
    settings = variant(
        sources={"hubspot": {"state": "failing", "complete_through": CLOCK - timedelta(days=4)}}
    )
    assert decide(settings.published_path, W43, SALES).decision == "held"
    assert decide(settings.published_path, W43, ["reactive_ops"]).decision == "green"
    assert decide(settings.published_path, W43).decision == "amber"


def test_sources_that_fail_after_the_week_was_complete_do_not_hold_it(
    variant: Callable[..., Settings],
) -> None:
    settings = variant(sources={name: {"state": "failing"} for name in ("hubspot", "autotask")})
    assert decide(settings.published_path, W43, SALES).decision == "amber"


def test_only_manual_lines_need_no_vendor(variant: Callable[..., Settings]) -> None:
    gate = decide(variant().published_path, W43, ["marketing"])
    assert gate.decision == "amber"
    assert gate.reasons == [
        "Not typed in for the week of 20 October: Website traffic (Marketing, Dana Whitfield)."
    ]


def test_source_states_for_those_who_check(variant: Callable[..., Settings], tmp_path: Path) -> None:
    states = source_states(variant(sources={"hubspot": {"state": "late"}}))
    assert states["autotask"].state == "ok"
    assert (
        states["hubspot"].sentence == "HubSpot is late: its data is complete to Mon 27 Oct 2025, 05:00 CDT."
    )
    with pytest.raises(LookupError):
        source_states(settings_for(tmp_path / "none"))

"""The operator gets one alert when something breaks and one when it is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest
import sqlalchemy as sa

from foundation.settings import Company, Settings
from foundation.store.schema import alerts
from reports.post.alerts import data_conditions, source_conditions, tell_operator, tell_untold, untold
from reports.post.ledger import ledger
from reports.post.outcome import DeliveryFailed
from tests.support.published import CLOCK

LATE = {"hubspot": "HubSpot is late: its data is complete to Thu. Way out: run `scoreline doctor`."}


def subjects(settings: Settings) -> list[str]:
    return [
        message_from_bytes(f.read_bytes(), policy=default)["Subject"]
        for f in sorted(settings.outbox_dir.glob("*.eml"))
    ]


def test_once_on_entering_once_on_recovery(settings: Settings, company: Company) -> None:
    told = tell_operator(settings, company, LATE, "source")
    assert [m["Subject"] for m in told] == ["Scoreline alert: HubSpot is late: its data is complete to Thu"]
    text = told[0].get_content()
    assert (
        "Since: Mon 27 Oct 2025, 07:00 CDT" in text
        and "scoreline doctor" in text
        and told[0]["To"] == company.mail.operator
    )
    assert tell_operator(settings, company, LATE, "source") == []
    assert tell_operator(settings, company, {"hubspot": "HubSpot fails now."}, "source") == [], (
        "late, then failing: still the same thing"
    )
    later = settings.model_copy(update={"as_of": settings.now() + timedelta(hours=3)})
    over = tell_operator(later, company, {}, "source")
    assert [m["Subject"] for m in over] == ["Scoreline, over: HubSpot fails now"]
    assert "Over at: Mon 27 Oct 2025, 10:00 CDT" in over[0].get_content()
    assert tell_operator(later, company, {}, "source") == []
    assert len(subjects(settings)) == 2


def test_again_after_a_recovery_is_a_new_alert_even_when_the_clock_stands_still(
    settings: Settings, company: Company
) -> None:
    for _ in range(2):
        assert len(tell_operator(settings, company, LATE, "source")) == 1
        assert len(tell_operator(settings, company, {}, "source")) == 1
    assert len(subjects(settings)) == 4


def test_several_things_are_told_apart(settings: Settings, company: Company) -> None:
    both = {**LATE, "autotask": "Autotask could not be loaded."}
    assert len(tell_operator(settings, company, both, "source")) == 2
    assert [m["Subject"] for m in tell_operator(settings, company, LATE, "source")] == [
        "Scoreline, over: Autotask could not be loaded"
    ]


def test_scopes_leave_each_other_alone(settings: Settings, company: Company) -> None:
    tell_operator(settings, company, LATE, "source")
    assert len(tell_operator(settings, company, {"job:build": "The job build failed."}, "job:build")) == 1
    assert len(tell_operator(settings, company, {}, "job:build")) == 1
    assert tell_operator(settings, company, LATE, "source") == []


def test_a_mail_that_fails_is_tried_again_and_nothing_is_forgotten(
    settings: Settings, company: Company
) -> None:
    settings.outbox_dir.write_text("in the way")
    for _ in range(2):
        with pytest.raises(
            DeliveryFailed,
            match=r"alert source: 1 mail could not be sent. ops@cedar-ridge.example \(hubspot\)",
        ):
            tell_operator(settings, company, LATE, "source")
    settings.outbox_dir.unlink()
    assert len(tell_operator(settings, company, LATE, "source")) == 1
    settings.outbox_dir.rename(settings.home / "away")
    settings.outbox_dir.write_text("in the way")
    with pytest.raises(DeliveryFailed):
        tell_operator(settings, company, {}, "source")
    settings.outbox_dir.unlink()
    assert [m["Subject"][:15] for m in tell_operator(settings, company, {}, "source")] == ["Scoreline, over"]


def test_back_before_its_end_was_told(settings: Settings, company: Company) -> None:
    tell_operator(settings, company, LATE, "source")
    settings.outbox_dir.rename(settings.home / "away")
    settings.outbox_dir.write_text("in the way")
    with pytest.raises(DeliveryFailed):
        tell_operator(settings, company, {}, "source")
    settings.outbox_dir.unlink()
    assert tell_operator(settings, company, LATE, "source") == [], "for the operator it never ended"


def test_what_was_never_told_is_told_when_it_is_over(settings: Settings, company: Company) -> None:
    settings.outbox_dir.write_text("in the way")
    with pytest.raises(DeliveryFailed):
        tell_operator(settings, company, LATE, "source")
    with pytest.raises(DeliveryFailed, match="hubspot"):
        tell_operator(settings, company, {}, "source")
    settings.outbox_dir.unlink()
    (message,) = tell_untold(settings, company)
    assert message["Subject"] == "Scoreline, over: HubSpot is late: its data is complete to Thu"
    assert (
        "no mail could be sent to you before" in message.get_content()
        and "scoreline doctor" in message.get_content()
    )
    assert tell_untold(settings, company) == [] and not untold(settings)


def test_killed_between_the_mail_and_its_note(settings: Settings, company: Company) -> None:
    tell_operator(settings, company, LATE, "source")
    with ledger(settings) as connection:
        connection.execute(sa.update(alerts).values(told=0))
    assert tell_operator(settings, company, LATE, "source") == []
    assert len(subjects(settings)) == 1


def test_the_conditions_of_the_sources(variant: Callable[..., Settings], company: Company) -> None:
    error = "401 from the vendor. Check HUBSPOT_API_KEY."
    settings = variant(
        sources={
            "hubspot": {"state": "failing", "last_error": error},
            "autotask": {"state": "not_connected", "complete_through": None},
        }
    )
    conditions = source_conditions(settings)
    assert list(conditions) == ["hubspot"], "what nobody has connected raises no alarm"
    assert conditions["hubspot"].startswith(
        "HubSpot could not be loaded at the last try; its data is complete to Mon 27 Oct 2025, 05:00 CDT."
    )
    assert (
        "The error was: 401 from the vendor. Check HUBSPOT_API_KEY." in conditions["hubspot"]
        and "scoreline doctor" in conditions["hubspot"]
    )
    (message,) = tell_operator(settings, company, conditions, "source")
    assert "HubSpot" in message["Subject"]


def test_values_that_nobody_can_read_are_told_with_the_way_out(
    variant: Callable[..., Settings], company: Company
) -> None:
    unread = "3 of the calls: direction is not known (OUTGOING)"
    settings = variant(sources={"hubspot": {"unread": unread}})
    found = source_conditions(settings)
    assert list(found) == ["hubspot values"]
    assert found["hubspot values"].startswith(f"HubSpot sends values that nobody can read: {unread}. ")
    assert "known_values under [hubspot] in company.toml" in found["hubspot values"]
    assert len(tell_operator(settings, company, found, "source")) == 1
    assert tell_operator(settings, company, found, "source") == []


def test_a_refused_table_is_told_once_in_the_vendors_words(
    variant: Callable[..., Settings], company: Company
) -> None:
    """Also over a day on which the source fails as a whole: what it refuses is a condition of its own."""
    refused = {
        "refused": "tickets, open tickets: the user may not read this (403). Make it an administrator."
    }
    found = source_conditions(variant(sources={"hubspot": {"state": "partly_refused", **refused}}))
    assert list(found) == ["hubspot tables"]
    assert found["hubspot tables"].startswith(
        "HubSpot refuses a part of its data. tickets, open tickets: the user may not read this"
        " (403). Make it an admin"
    )
    assert "scoreline doctor --source hubspot" in found["hubspot tables"]
    settings = variant()
    assert len(tell_operator(settings, company, found, "source")) == 1
    failing = source_conditions(
        variant(sources={"hubspot": {"state": "failing", "last_error": "timed out", **refused}})
    )
    assert sorted(failing) == ["hubspot", "hubspot tables"]
    assert len(tell_operator(settings, company, failing, "source")) == 1, "that it fails, and nothing else"
    over = [
        m["Subject"]
        for conditions in (found, {})
        for m in tell_operator(settings, company, conditions, "source")
    ]
    assert over == [
        (
            "Scoreline, over: HubSpot could not be loaded at the last try; its data is complete to Mon 27 Oct"
            " 2025, 05:00 CDT"
        ),
        "Scoreline, over: HubSpot refuses a part of its data",
    ]


def test_totals_that_are_off_and_access_that_ends(variant: Callable[..., Settings], company: Company) -> None:
    soon, later = CLOCK + timedelta(days=13), CLOCK + timedelta(days=15)
    settings = variant(
        sources={"hubspot": {"access_ends": soon}, "autotask": {"access_ends": later}},
        totals=[("hubspot", "calls", 1000, 1003), ("hubspot", "deals", 75, 60)],
    )
    found = data_conditions(settings)
    assert sorted(found) == ["hubspot access", "hubspot.deals total"]
    assert "HubSpot reports 75 deals, but 60 are stored" in found["hubspot.deals total"]
    assert (
        "ends on Sun 9 Nov 2025" in found["hubspot access"]
        and "scoreline doctor --source hubspot" in found["hubspot access"]
    )
    assert len(tell_operator(settings, company, found, "source")) == 2
    assert tell_operator(settings, company, data_conditions(settings), "source") == []
    repaired = variant(totals=[("hubspot", "deals", 75, 75)])
    assert data_conditions(repaired) == {}

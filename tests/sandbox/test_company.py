"""The invented company: the same for the same seed, in step with the project's configuration, unusual
where real ones are."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from foundation.settings import PROJECT_ROOT, Settings, load_company
from sandbox import SANDBOX_CREDENTIALS
from sandbox.companies import account, base, build, names
from sandbox.companies.cedar_ridge import directory, sales, service
from sandbox.engine.store import Store, View, parse_ms
from tests.support.wire import Wire


def _rows(path: str) -> list[dict[str, str]]:
    with (PROJECT_ROOT / Path(path)).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def store() -> Store:
    return build(1, "cedar")


def test_the_same_seed_gives_the_same_company(store: Store) -> None:
    assert build(1, "cedar").tables == store.tables
    assert build(2, "cedar").tables["hubspot.calls"] != store.tables["hubspot.calls"]


def test_unknown_companies_are_refused() -> None:
    with pytest.raises(ValueError, match="expected cedar or sales"):
        build(1, "huge")


def test_people_are_those_of_the_seed_file() -> None:
    people = _rows("dbt_project/seeds/people.csv")
    hubspot = {(row["hubspot_email"] or row["email"]).lower() for row in people}
    autotask = {(row["autotask_email"] or row["email"]).lower() for row in people}
    assert {owner.email.lower() for owner in base.OWNERS} - hubspot == {base.BEN.email, base.RILEY.email}
    assert {person.email.lower() for person in base.TECHNICIANS} - autotask == {base.TECHNICIANS[-1].email}


def test_ids_and_names_are_those_of_company_toml() -> None:
    company = load_company(Settings())
    assert company.zone == base.ZONE
    assert company.hubspot.connected_outcomes == [account.CONNECTED]
    assert company.hubspot.first_appointment_types == [account.FIRST_APPOINTMENT]
    assert company.hubspot.coi_meeting_types == [account.COI_MEETING]
    assert company.hubspot.warm_list == "Warm 250"
    assert company.autotask.reactive_queue_ids == [account.REACTIVE]
    assert company.autotask.complete_status_ids == [account.COMPLETE]
    codes = {
        name
        for code, name, _, _ in account._CODES
        if code in (account.TIME_OFF, account.HOLIDAY, account.SICK)
    }
    assert set(company.autotask.time_off_codes) == codes


def test_holidays_are_those_of_the_seed_file() -> None:
    assert {row["holiday"] for row in _rows("dbt_project/seeds/holidays.csv")} == {
        str(day) for day in base.HOLIDAYS
    }


def test_credentials_are_distinctive() -> None:
    assert len(set(SANDBOX_CREDENTIALS.values())) == len(SANDBOX_CREDENTIALS)
    assert all(
        len(value) >= 8 for value in SANDBOX_CREDENTIALS.values()
    )  # too short to be found, too short to be redacted


def test_no_version_is_told_out_of_order(store: Store) -> None:
    for name, records in store.tables.items():
        for record_id, versions in records.items():
            times = [version.at for version in versions]
            assert times == sorted(times), (name, record_id)


def test_modified_dates_follow_the_versions(store: Store) -> None:
    """What a client asks for by modified date is what changed, but for the silent changes of a merge."""
    view = View(store, base.DEMO_CLOCK)
    for name in ("calls", "meetings", "deals", "contacts"):
        field = base.stamp(name)[1]
        assert all(parse_ms(row.props[field]) == row.changed for row in view.table(f"hubspot.{name}")), name
    assert all(
        parse_ms(row.props["lastModifiedDateTime"]) == row.changed
        for row in view.table("autotask.timeentries")
    )
    assert all(
        parse_ms(row.props["lastActivityDate"]) == row.changed for row in view.table("autotask.tickets")
    )


def test_the_demo_clock_parts_the_golden_weeks_from_their_restatements() -> None:
    for instant, _, _ in (*sales.RESTATEMENTS, *service.RESTATEMENTS):
        assert parse_ms(instant) > base.DEMO_CLOCK


def test_unusual_texts_are_in_what_counts_and_no_hostile_ones_anywhere(wire: Wire, store: Store) -> None:
    """Each is a title or a name in the golden weeks, and one note has ten thousand characters. A visitor of the
    demo meets nothing that looks like an attack: tests bring that themselves."""
    calls = {row["properties"]["hs_call_title"] for row in wire.objects("calls", "hs_call_title")}
    tickets = {
        row["title"]
        for row in wire.query("Tickets", [{"op": "gte", "field": "createDate", "value": "2025-10-20"}])
    }
    contacts = {row["properties"]["firstname"] for row in wire.objects("contacts", "firstname")}
    assert calls >= set(names.UNUSUAL_TEXTS) and tickets >= set(names.UNUSUAL_TEXTS)
    assert contacts >= set(names.UNUSUAL_NAMES)
    for tables in (store.tables, build(1, "sales").tables):
        for table, records in tables.items():
            for versions in records.values():
                for text in map(str, versions[0].props.values()):
                    assert not re.search(r"<script|javascript:|DROP TABLE|\{\{|\u202e", text), (table, text)
    assert (
        max(len(row["properties"]["hs_note_body"]) for row in wire.objects("notes", "hs_note_body")) == 10_000
    )


def test_clients_have_the_same_names_in_both_systems(wire: Wire) -> None:
    crm_names = {row["properties"]["name"] for row in wire.objects("companies", "name")}
    clients = [row for row in wire.query("Companies") if row["companyType"] == 1 and row["id"] != 0]
    assert len(clients) == directory.CLIENTS and {row["companyName"] for row in clients} <= crm_names


def test_late_and_edited_records(store: Store) -> None:
    """Calls typed in days late, outcomes entered after the fact, tickets completed twice, time typed in days
    late."""
    calls = store.tables["hubspot.calls"].values()
    late = [v for v in calls if v[0].at - parse_ms(v[0].props["hs_timestamp"]) > base.DAY]
    assert len(late) > 100
    assert sum("hs_call_disposition" in version.props for v in calls for version in v[1:]) > 100
    tickets = store.tables["autotask.tickets"].values()
    assert (
        sum(sum(version.props.get("status") == account.COMPLETE for version in v) == 2 for v in tickets) > 50
    )
    entries = store.tables["autotask.timeentries"].values()
    assert sum(v[0].at - parse_ms(v[0].props["dateWorked"]) > 2 * base.DAY for v in entries) > 100

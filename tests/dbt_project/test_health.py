"""What the vendors say they have against what is held, and what no setting knows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dbt_project.conftest import SEEDS, MakeWarehouse
from tests.support.raw_warehouse import RawWarehouse, at

RECENT, LONG_AGO = "2025-10-24T15:00:00Z", "2025-07-01T15:00:00Z"


@pytest.fixture(scope="module")
def warehouse(make_warehouse: MakeWarehouse) -> RawWarehouse:
    """Monday 2025-10-27, 07:00 in Chicago: 1,000 contacts, four of them archived, and a few calls and
    tickets."""
    made = make_warehouse("2025-10-27T12:00:00", seeds=SEEDS)
    made.change(
        "insert into raw_hubspot.contacts (id, archived, created_at) "
        "select cast(i as text), i <= 4, timestamptz '2025-01-01 00:00:00+00' from range(1, 1001) as r (i)"
    )
    made.add(
        "hubspot.owners",
        [
            {"id": "1", "email": "maya@test.example"},
            {"id": "9", "email": "r.stone@test.example", "first_name": "Riley", "last_name": "Stone"},
        ],
    )
    made.add("hubspot.call_outcomes", [{"id": "voicemail", "label": "Left voicemail"}])
    call = {"hs_timestamp": RECENT, "created_at": RECENT, "archived": False}
    made.add(
        "hubspot.calls",
        [
            call | {"id": "1", "hubspot_owner_id": "1", "hs_call_disposition": "connected"},
            call | {"id": "2", "hubspot_owner_id": "9", "hs_call_disposition": "voicemail"},
            call | {"id": "3", "hubspot_owner_id": "9", "hs_call_disposition": "voicemail"},
            call | {"id": "4", "hubspot_owner_id": "9", "hs_call_disposition": "voicemail", "archived": True},
            call
            | {
                "id": "5",
                "hubspot_owner_id": "77",
                "hs_call_disposition": "unheard of",
                "hs_timestamp": LONG_AGO,
            },
            call | {"id": "6", "hubspot_owner_id": None, "hs_call_disposition": None},
        ],
    )
    made.add(
        "hubspot.deal_pipelines",
        [{"id": "default", "label": "Sales"}, {"id": "renewals", "label": "Renewals"}],
    )
    made.add("hubspot.deal_stages", [{"pipeline_id": "default", "id": "new", "label": "New"}])
    deal = {"createdate": RECENT, "updated_at": RECENT, "hubspot_owner_id": "1", "archived": False}
    made.add(
        "hubspot.deals",
        [
            deal | {"id": "1", "pipeline": "default", "dealstage": "new"},
            deal | {"id": "2", "pipeline": "default", "dealstage": "gone"},
            deal | {"id": "3", "pipeline": "renewals", "dealstage": "r1"},
        ],
    )
    made.add(
        "autotask.picklists", [{"entity": "Tickets", "field": "queueID", "value": "20", "label": "Projects"}]
    )
    made.add(
        "autotask.tickets",
        [{"id": i, "queue_id": queue, "create_date": RECENT} for i, queue in enumerate((10, 20, 20, 30))],
    )
    earlier, now = at("2025-10-26T12:00:00"), at("2025-10-27T12:00:00")
    made.loaded("hubspot", through=earlier, totals={"contacts": 900, "calls": 5, "deals": 9})
    made.loaded("hubspot", through=now, totals={"contacts": 999, "calls": 5, "deals": 7})
    made.loaded("autotask", through=now)
    made.add("quickbooks.bills", [{"id": "1"}, {"id": "2"}, {"id": "3", "deleted_at": RECENT}])
    made.add("quickbooks.vendors", [{"id": "1", "is_active": True}, {"id": "2", "is_active": False}])
    made.loaded("quickbooks", through=now, totals={"bills": 2, "vendors": 2})
    days = {"2025-10-26": 9, "2025-10-27": 2}
    made.add(
        "datto_rmm.devices",
        [{"snapshot_date": day, "device_uid": str(n)} for day, count in days.items() for n in range(count)],
    )
    made.loaded("datto_rmm", through=now, totals={"devices": 2})
    parts = [
        ("1", "ticket", 10),
        ("1", "bare", 20),
        ("2", "ticket", 10),
        ("2", "deleted", 20),
        ("3", "deleted", 10),
        ("3", "ticket", 20),
    ]
    made.add(
        "zendesk.tickets", [{"id": i, "part": part, "generated_timestamp": stamp} for i, part, stamp in parts]
    )
    made.loaded("zendesk", through=now, totals={"tickets": 2})
    made.add(
        "intercom.conversations",
        [
            {"id": "1", "state": "Parked"},
            {"id": "2", "state": "shelved", "deleted_at": RECENT},
            {"id": "3", "state": "shelved"},
        ],
    )
    made.change("insert into config.settings values ('intercom.known_values', 'conversations.state: parked')")
    made.loaded("intercom", through=now, totals={"conversations": 2})
    made.change(
        "insert into config.api_versions values ('hubspot', 'v3', 'owners', date '2025-12-01', 'in December 2025', "
        "date '2025-09-02'), "
        "('zendesk', 'v2', '', null, null, null), ('copper', 'v1', '', null, null, null)"
    )
    made.change(
        "update ledger.loads set warnings = ['hubspot.deals 7: amount \"lots\" is not a number; stored as empty'] "
        "where source = 'hubspot' and table_name = 'deals'"
    )
    made.build(
        "--select",
        "+fct_unmapped",
        "+fct_reconciliations",
        "+fct_load_warnings",
        "+dim_api_versions",
        "--indirect-selection",
        "cautious",
    )
    return made


def test_totals_may_differ_a_little(warehouse: RawWarehouse) -> None:
    rows = warehouse.query("from marts.fct_reconciliations where source = 'hubspot' order by table_name")
    shown = ("table_name", "vendor_total", "records_held", "difference", "tolerance", "is_off")
    assert [tuple(row[name] for name in shown) for row in rows] == [
        ("calls", 5, 5, 0, 3, False),
        ("contacts", 999, 996, -3, 3, False),  # three came between the pull and the count
        ("deals", 7, 3, -4, 3, True),
    ]


def test_what_is_held_is_counted_as_its_vendor_counts(warehouse: RawWarehouse) -> None:
    """Neither what is deleted nor the snapshots of other days nor a ticket's parts; what is inactive or was
    restored is there."""
    rows = warehouse.query(
        "from marts.fct_reconciliations where source <> 'hubspot' order by source, table_name"
    )
    assert [(row["source"], row["table_name"], row["records_held"], row["difference"]) for row in rows] == [
        ("datto_rmm", "devices", 2, 0),
        ("intercom", "conversations", 2, 0),
        ("quickbooks", "bills", 2, 0),
        ("quickbooks", "vendors", 2, 0),
        ("zendesk", "tickets", 2, 0),
    ]


def test_what_nobody_has_mapped(warehouse: RawWarehouse) -> None:
    def found(kind: str) -> list[tuple[Any, ...]]:
        rows = warehouse.query(f"from marts.fct_unmapped where kind = '{kind}' order by value_id")
        return [(row["source"], row["value_id"], row["value_label"], row["records"]) for row in rows]

    assert found("person") == [
        ("hubspot", "9", "Riley Stone", 2)
    ]  # the archived call and that of July are not among them
    assert found("queue") == [("autotask", "20", "Projects", 2), ("autotask", "30", "30", 1)]
    assert found("stage") == [
        ("hubspot", "default/gone", "default/gone", 1),
        ("hubspot", "renewals/r1", "renewals/r1", 1),
    ]
    assert found("pipeline") == [("hubspot", "renewals", "Renewals", 1)]
    assert found("call_outcome") == [("hubspot", "voicemail", "Left voicemail", 2)]
    # of words that are not known those that company.toml does not name either
    assert found("value") == [
        ("intercom", "conversations.state: shelved", "conversations state: shelved", 1),
        ("autotask", "tickets.queue_id: 30", "tickets queue id: 30", 1),
    ]


def test_warnings_of_loads_are_told_once(warehouse: RawWarehouse) -> None:
    told = warehouse.query(
        "select source, warning, first_seen_at, last_seen_at, loads from marts.fct_load_warnings"
    )
    assert [tuple(row.values()) for row in told] == [
        (
            "hubspot",
            'hubspot.deals 7: amount "lots" is not a number; stored as empty',
            at("2025-10-26T12:00:00"),
            at("2025-10-27T12:00:00"),
            2,
        )
    ]


def test_versions_of_connected_vendors_say_their_last_day(warehouse: RawWarehouse) -> None:
    told = warehouse.query(
        "select source, version, last_day_text, state from marts.dim_api_versions order by source"
    )
    assert [tuple(row.values()) for row in told] == [
        ("hubspot", "v3", "in December 2025", "ending"),
        ("zendesk", "v2", None, "unknown"),
    ]

"""Centralized services: backups, SaaS clients, devices and security scores as of the last snapshot of each
week."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.dbt_project.conftest import MakeWarehouse
from tests.support.raw_warehouse import RawWarehouse, at

METRICS = [
    "failed_backups_48h",
    "failed_continuity_7d",
    "failed_saas_48h",
    "devices_missing_5_patches",
    "devices_win7",
    "devices_win10",
    "devices_win11",
    "devices_missing_av",
    "ms_security_score",
]
SUNDAY, MONDAY, TUESDAY = "2025-10-26", "2025-10-27", "2025-10-28"
TAKEN = {SUNDAY: "2025-10-26T12:00:00+00:00", TUESDAY: "2025-10-28T12:00:00+00:00"}


@pytest.fixture(scope="module")
def warehouse(make_warehouse: MakeWarehouse) -> RawWarehouse:
    """Tuesday 2025-10-28, 07:00 in Chicago. Snapshots of Sunday, Monday and Tuesday: two weeks, of which
    Monday tells nothing."""
    made = make_warehouse(TAKEN[TUESDAY])
    made.company = made.company.model_copy(
        update={
            "datto_rmm": made.company.datto_rmm.model_copy(update={"hosted_antivirus": ["Datto AV"]}),
            "datto_bcdr": made.company.datto_bcdr.model_copy(
                update={"continuity_service_plans": ["Infinite Cloud"]}
            ),
        }
    )
    made.prepare()
    _add_backups(made)
    _add_saas(made)
    _add_devices(made)
    _add_scores(made)
    for taken in TAKEN.values():
        for source in ("datto_bcdr", "datto_rmm"):
            made.loaded(source, through=at(taken))
    made.build("--select", *(f"+{metric}" for metric in METRICS), "--exclude", "lines_get_every_contribution")
    return made


def _add_backups(made: RawWarehouse) -> None:
    device = {
        "snapshot_date": TUESDAY,
        "serial_number": "A1",
        "name": "acme",
        "organization_name": "Acme",
        "service_plan": "Infinite Cloud",
    }
    made.add(
        "datto_bcdr.devices",
        [
            device,
            device | {"serial_number": "B1", "service_plan": "Private"},
            device | {"serial_number": "C1", "is_hidden": True},
            device | {"serial_number": "D1", "name": "backupDevice", "is_hidden": True},
            device | {"serial_number": "E1", "name": "dark"},
            device | {"snapshot_date": SUNDAY},
        ],
    )
    asset: dict[str, Any] = {
        "snapshot_date": TUESDAY,
        "device_serial_number": "A1",
        "is_archived": False,
        "is_paused": False,
    }
    young, old, week_old = "2025-10-26T12:00:00Z", "2025-10-26T11:59:59Z", "2025-10-21T11:59:59Z"
    made.add(
        "datto_bcdr.assets",
        [
            asset
            | {
                "asset_key": "young",
                "name": "young",
                "last_good_backup": young,
            },  # 48 hours to the second
            asset | {"asset_key": "old", "name": "old", "last_good_backup": old},
            asset | {"asset_key": "week", "name": "week", "last_good_backup": week_old},
            asset | {"asset_key": "never", "name": "never", "never_backed_up": True},
            asset | {"asset_key": "archived", "last_good_backup": old, "is_archived": True},
            asset | {"asset_key": "paused", "last_good_backup": old, "is_paused": True},
            asset | {"asset_key": "other", "device_serial_number": "B1", "last_good_backup": week_old},
            asset | {"asset_key": "hidden", "device_serial_number": "C1", "last_good_backup": old},
            asset | {"asset_key": "hidden", "device_serial_number": "D1", "last_good_backup": old},
            asset | {"asset_key": None, "device_serial_number": "E1", "error": "timeout"},
            # of Monday there is a snapshot, but the week's newest one is Tuesday's
            asset | {"asset_key": "old", "snapshot_date": MONDAY, "last_good_backup": "2025-10-01T00:00:00Z"},
            asset | {"asset_key": "old", "snapshot_date": SUNDAY, "last_good_backup": "2025-10-26T11:00:00Z"},
        ],
    )


def _add_saas(made: RawWarehouse) -> None:
    domain = {"snapshot_date": TUESDAY, "customer_id": 1, "organization_name": "Acme", "seats_used": 2}
    made.add(
        "datto_bcdr.saas_domains",
        [domain | {"customer_id": n, "organization_name": f"Client {n}"} for n in (1, 2, 3, 4)],
    )
    window: dict[str, Any] = {
        "snapshot_date": TUESDAY,
        "suite_type": "Office365",
        "app_type": "Exchange",
        "active_services": 20,
    }
    newest, before, oldest = ({"time_window": f"Between{n}dAnd{n + 1}d"} for n in range(3))
    made.add(
        "datto_bcdr.saas_backups",
        [
            # client 1: four services have no backup in either of the two newest windows, whatever was before
            window | newest | {"customer_id": 1, "services_with_backup": 15},
            window | before | {"customer_id": 1, "services_with_backup": 16},
            window | oldest | {"customer_id": 1, "services_with_backup": 20},
            # client 2: missed last night, fine the night before
            window | newest | {"customer_id": 2, "services_with_backup": 0},
            window | before | {"customer_id": 2, "services_with_backup": 20},
            {"snapshot_date": TUESDAY, "customer_id": 3, "error": "504"},
            window | newest | {"customer_id": 4, "active_services": 0, "services_with_backup": 0},
        ],
    )
    seat = {
        "snapshot_date": TUESDAY,
        "customer_id": 1,
        "main_id": "a",
        "name": "Ada",
        "seat_type": "User",
        "seat_state": "Active",
    }
    made.add(
        "datto_bcdr.saas_seats",
        [seat, seat, seat | {"main_id": "b", "seat_state": "Unprotected"}, seat | {"customer_id": 2}],
    )


def _add_devices(made: RawWarehouse) -> None:
    base: dict[str, Any] = {
        "snapshot_date": TUESDAY,
        "device_class": "device",
        "category": "Laptop",
        "operating_system": "Microsoft Windows 11 Pro 10.0.22631",
        "site_name": "Acme",
        "last_seen": "2025-10-28T11:00:00Z",
        "antivirus_product": "Datto AV",
        "antivirus_status": "RunningAndUpToDate",
        "patch_status": "FullyPatched",
        "patches_approved_pending": 0,
        "portal_url": "https://rmm.example/device",
    }
    changes: dict[str, dict[str, Any]] = {
        "five": {"patches_approved_pending": 5, "patch_status": "ApprovedPending"},
        "six": {
            "patches_approved_pending": 6,
            "patch_status": "ApprovedPending",
            "antivirus_status": "RunningAndNotUpToDate",
        },
        "policy": {"patches_approved_pending": 9, "patch_status": "NoPolicy"},
        "ten": {"operating_system": "Microsoft Windows 10 Pro 10.0.19045", "antivirus_product": "ESET"},
        "kernel": {"operating_system": "Windows 10.0.22000"},
        "edge": {"operating_system": "Windows 10 Home 10.0.19045", "last_seen": "2025-09-28T12:00:00Z"},
        "gone": {
            "operating_system": "Windows 10 Home 10.0.19045",
            "last_seen": "2025-09-28T11:59:59Z",
            "antivirus_product": None,
        },
        "here": {
            "operating_system": "Windows 10 Home 10.0.19045",
            "last_seen": "2025-01-01T00:00:00Z",
            "is_online": True,
        },
        "server": {
            "category": "Server",
            "operating_system": "Microsoft Windows Server 2022 10.0.20348",
            "antivirus_status": "NotRunning",
        },
        "deleted": {"is_deleted": True, "antivirus_product": None},
        "suspended": {"is_suspended": True},
        "mac": {
            "operating_system": "macOS 14.2",
            "antivirus_product": None,
            "antivirus_status": None,
            "patches_approved_pending": None,
        },
        "printer": {"device_class": "printer", "operating_system": None},
        "eight": {
            "operating_system": "Microsoft Windows 8.1 Pro 6.3.9600",
            "antivirus_status": "NotRunning",
        },
        "nameless": {"operating_system": None, "antivirus_product": None},
        "classless": {
            "device_class": None,
            "operating_system": "Windows 10 Home 10.0.19045",
            "patches_approved_pending": 9,
        },
    }
    made.add(
        "datto_rmm.devices",
        [base | change | {"device_uid": uid, "hostname": uid.upper()} for uid, change in changes.items()],
    )
    made.add(
        "datto_rmm.devices",
        [base | {"device_uid": "six", "snapshot_date": SUNDAY, "operating_system": "Windows 7 Pro 6.1.7601"}],
    )


def _add_scores(made: RawWarehouse) -> None:
    made.add(
        "microsoft_graph.tenants",
        [{"tenant": t, "tenant_id": t, "name": t.upper(), "is_read": True} for t in ("a", "b", "c")],
    )
    score = {"max_score": Decimal(100)}
    made.add(
        "microsoft_graph.secure_scores",
        [
            score
            | {
                "id": "a1",
                "tenant_id": "a",
                "created_date_time": "2025-10-21T00:00:00Z",
                "current_score": Decimal(10),
            },
            score
            | {
                "id": "a2",
                "tenant_id": "a",
                "created_date_time": "2025-10-26T00:00:00Z",
                "current_score": Decimal(60),
            },
            # b's last day of the week is Friday: its score still counts on Sunday
            {
                "id": "b1",
                "tenant_id": "b",
                "created_date_time": "2025-10-24T00:00:00Z",
                "current_score": Decimal(90),
                "max_score": 300,
            },
            {
                "id": "c1",
                "tenant_id": "c",
                "created_date_time": "2025-10-26T00:00:00Z",
                "current_score": Decimal(5),
                "max_score": 0,
            },
            score
            | {
                "id": "a3",
                "tenant_id": "a",
                "created_date_time": "2025-10-27T00:00:00Z",
                "current_score": Decimal(70),
            },
        ],
    )


def rows(warehouse: RawWarehouse, metric: str, day: str = TUESDAY) -> dict[str, str | None]:
    """record -> why it was left out, None where it was counted."""
    found = warehouse.query(f"from metrics.{metric} where occurred_on = ?::date", [day])
    assert all(row["counted"] == (row["reason"] is None) for row in found)
    return {row["record_id"]: row["reason"] for row in found}


def counted(warehouse: RawWarehouse, metric: str, day: str = TUESDAY) -> list[str]:
    return sorted(record for record, reason in rows(warehouse, metric, day).items() if reason is None)


def test_backups_older_than_two_days(warehouse: RawWarehouse) -> None:
    assert rows(warehouse, "failed_backups_48h") == {
        "A1:young": "ok",
        "A1:old": None,
        "A1:week": None,
        "A1:never": None,
        "A1:archived": "archived",
        "A1:paused": "paused",
        "B1:other": None,
        "C1:hidden": "hidden_device",
        "D1:hidden": "placeholder",
        "E1:": "not_loaded",
    }
    # Monday's snapshot is no longer the week's; the week before has its own
    assert rows(warehouse, "failed_backups_48h", MONDAY) == {}
    assert rows(warehouse, "failed_backups_48h", SUNDAY) == {"A1:old": "ok"}


def test_a_backup_says_when_it_last_went_well(warehouse: RawWarehouse) -> None:
    labels = {
        row["record_id"]: row["record_label"] for row in warehouse.query("from metrics.failed_backups_48h")
    }
    assert labels["A1:week"] == "week, Acme, last good backup 21 Oct 2025 06:59"
    assert labels["A1:never"] == "never, Acme, never backed up"
    assert labels["E1:"] == "dark, Acme"


def test_continuity_is_what_the_service_plans_say(warehouse: RawWarehouse) -> None:
    assert counted(warehouse, "failed_continuity_7d") == ["A1:never", "A1:week"]
    found = rows(warehouse, "failed_continuity_7d")
    assert (found["A1:old"], found["B1:other"]) == ("ok", "other_service_plan")


def test_saas_counts_clients_and_lists_their_seats(warehouse: RawWarehouse) -> None:
    assert rows(warehouse, "failed_saas_48h") == {
        "1": None,
        "2": "ok",
        "3": "not_loaded",
        "4": "no_active_services",
        "1:a": "seat_active",
        "1:b": "seat_unprotected",
    }
    labels = warehouse.query("select record_label from metrics.failed_saas_48h where record_id = '1'")
    assert labels == [{"record_label": "Client 1, without backup: Exchange 4 of 20, 2 seats"}]


def test_strictly_more_than_five_patches(warehouse: RawWarehouse) -> None:
    found = rows(warehouse, "devices_missing_5_patches")
    assert counted(warehouse, "devices_missing_5_patches") == ["six"]
    assert {uid: found[uid] for uid in ("five", "policy", "mac", "gone", "deleted", "suspended")} == {
        "five": "ok",
        "policy": "no_patch_data",
        "mac": "no_patch_data",
        "gone": "inactive",
        "deleted": "deleted",
        "suspended": "suspended",
    }
    assert "printer" not in found


def test_windows_versions_of_active_devices(warehouse: RawWarehouse) -> None:
    assert counted(warehouse, "devices_win10") == ["edge", "here", "ten"]
    assert rows(warehouse, "devices_win10")["gone"] == "inactive"
    assert counted(warehouse, "devices_win11") == ["five", "kernel", "policy", "six"]
    # none left: the snapshot itself tells that it is a zero; the week before had one
    assert rows(warehouse, "devices_win7") == {TUESDAY: "snapshot_taken", "nameless": "no_system"}
    assert counted(warehouse, "devices_win7", SUNDAY) == ["six"]


def test_hosted_antivirus_on_every_windows_device(warehouse: RawWarehouse) -> None:
    assert counted(warehouse, "devices_missing_av") == ["eight", "server", "ten"]
    found = rows(warehouse, "devices_missing_av")
    assert (found["six"], found["mac"], found["gone"]) == ("ok", "not_windows", "inactive")


def test_scores_pool_over_the_tenants_of_the_week(warehouse: RawWarehouse) -> None:
    last_week = warehouse.query(
        "from metrics.ms_security_score where occurred_on = date '2025-10-26' order by record_id"
    )
    assert [(row["record_id"], row["numerator"], row["denominator"], row["reason"]) for row in last_week] == [
        ("a", 60, 100, None),
        ("b", 90, 300, None),
        ("c", 5, 0, "no_max_score"),
    ]
    this_week = warehouse.query(
        "from metrics.ms_security_score where occurred_on = date '2025-10-27' order by record_id"
    )
    assert [(row["record_id"], row["reason"]) for row in this_week] == [
        ("a", None),
        ("b", "no_score"),
        ("c", "no_score"),
    ]
    assert last_week[1]["record_label"] == "B, score of 24 Oct 2025"


def test_a_device_of_unknown_system_or_class_is_unknown(warehouse: RawWarehouse) -> None:
    for metric in ("devices_win7", "devices_win10", "devices_win11", "devices_missing_av"):
        assert rows(warehouse, metric)["nameless"] == "no_system", metric
    for metric in ("devices_win10", "devices_missing_av", "devices_missing_5_patches"):
        assert rows(warehouse, metric)["classless"] == "no_device_class", metric

"""Rep activity: calls of two systems counted once, e-mails, entries into stages, new sales; per rep and day
beside their averages."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from foundation.settings import CopperSection
from tests.dbt_project.conftest import PEOPLE, MakeWarehouse
from tests.support.raw_warehouse import RawWarehouse, at

COPPER = CopperSection(
    call_types=["Phone Call"],
    email_types=["Email"],
    stage_a_ids=[1],
    stage_b_ids=[2],
    stage_c_ids=[3],
    sale_type_field_id=70,
    wholesale_option_ids=[701],
    distribution_option_ids=[702],
)
LINES = """\
line_id,section,section_label,sort_order,metric_id,label,owners,people,feed,valid_from,valid_to
reps.calls,reps,Reps,10,phone_call_quantity,,maya,,,2025-06-30,
"""
GOALS = "line_id,valid_from,valid_to,operator,target,target_2,band,reason\n"
METRICS = (
    "email_quantity",
    "phone_call_quantity",
    "talk_time_minutes",
    "lead_progression_a",
    "lead_progression_b",
    "lead_progression_c",
)
SALES = ("new_sales_wholesale", "new_sales_distribution")
MAYA, ZOE, LEFT = 11, 12, 19
CALL, EMAIL, NOTE = (100, "user"), (6, "system"), (0, "user")


def logged(
    id: int, when: str, kind: tuple[int, str] = CALL, user: int | None = MAYA, **more: Any
) -> dict[str, Any]:
    instant = at(when)
    names = {"id": id, "type_id": kind[0], "type_category": kind[1], "user_id": user}
    return names | {"activity_date": instant, "date_created": instant, "date_modified": instant} | more


def phoned(
    id: int,
    when: str,
    number: str = "13125550001",
    agent: int | None = 31,
    talk: int | None = 90,
    **more: Any,
) -> dict[str, Any]:
    kind = "answered" if talk else "unanswered"
    row = {
        "id": id,
        "called_at": at(when),
        "contact_number": number,
        "agent_id": agent,
        "conversation_time": talk,
        "type": kind,
    }
    return row | {"direction": "Outgoing", "agent_email": "maya@justcall.example" if agent else None} | more


def chance(
    id: int, stage: int, entered: str, status: str = "Open", assignee: int | None = MAYA, **more: Any
) -> dict[str, Any]:
    row = {
        "id": id,
        "name": f"Order {id}",
        "assignee_id": assignee,
        "pipeline_id": 7,
        "pipeline_stage_id": stage,
        "status": status,
    }
    days = {
        "date_created": at("2025-08-01T12:00:00"),
        "date_stage_changed": at(entered),
        "date_modified": at(entered),
    }
    return row | days | {"monetary_value": 100, "monetary_unit": "USD", "custom_fields": '{"70": 701}'} | more


def stood(day: str, id: int, stage: int) -> dict[str, Any]:
    return {
        "snapshot_date": day,
        "opportunity_id": id,
        "pipeline_id": 7,
        "pipeline_stage_id": stage,
        "status": "Open",
        "assignee_id": MAYA,
    }


@pytest.fixture(scope="module")
def warehouse(make_warehouse: MakeWarehouse) -> RawWarehouse:
    """Monday 2025-10-27, 07:00 in Chicago: the 90 finished days are 29 July to 26 October."""
    # her address differs in both tools, by columns that the other tests' files lack
    first, *others = PEOPLE.splitlines()
    people = "\n".join(
        [f"{first},copper_email,justcall_email", f"{others[0]},Maya@copper.example,maya@justcall.example"]
        + [f"{row},," for row in others[1:]]
    )
    made = make_warehouse(
        "2025-10-27T12:00:00", seeds={"people": people, "scorecard_lines": LINES, "goals": GOALS}
    )
    made.company = made.company.model_copy(update={"copper": COPPER})
    made.prepare()
    made.add(
        "copper.users",
        [
            {"id": MAYA, "name": "Maya", "email": "MAYA@copper.example"},
            {"id": ZOE, "name": "Zoe", "email": "zoe@x.example"},
        ],
    )
    made.add("justcall.users", [{"id": 31, "name": "Maya", "email": "maya@justcall.example"}])
    types = (
        ("user", 100, "Phone Call"),
        ("user", 0, "Note"),
        ("system", 6, "Email"),
        ("system", 100, "Property Changed"),
    )
    made.add(
        "copper.activity_types",
        [{"category": category, "id": id, "name": name} for category, id, name in types],
    )
    made.add(
        "copper.pipelines",
        [{"id": 7, "name": "Resale", "is_revenue": True}, {"id": 8, "name": "Hiring", "is_revenue": False}],
    )
    made.add(
        "copper.pipeline_stages", [{"id": id, "pipeline_id": 7, "name": f"Stage {id}"} for id in (1, 2, 3, 4)]
    )
    made.add(
        "justcall.calls",
        [
            phoned(1, "2025-10-21T15:00:00"),
            phoned(2, "2025-10-27T02:00:00", talk=31),  # Sunday evening in Chicago
            phoned(3, "2025-10-21T16:00:00", talk=None),
            phoned(4, "2025-10-21T17:00:00", talk=None, type="answered"),
            phoned(5, "2025-10-21T18:00:00", agent=None, talk=None),
        ],
    )
    made.add(
        "copper.activities",
        [
            logged(1, "2025-10-21T15:00:08", phone_number="3125550001"),  # the first call of the phone system
            logged(2, "2025-10-21T15:10:00", phone_number="3125550001"),  # ten minutes later: another one
            logged(3, "2025-10-21T15:00:00", NOTE),
            logged(4, "2025-10-21T15:00:00", (100, "system")),  # another type with the same number
            logged(5, "2025-10-22T15:00:00", user=ZOE),
            logged(6, "2025-10-22T15:00:00", user=LEFT),
            logged(7, "2025-10-22T15:00:00", deleted_at=at("2025-10-23T15:00:00")),
            logged(20, "2025-10-21T15:00:00", EMAIL, None, sender_email="Maya@copper.example"),
            logged(21, "2025-10-21T15:00:00", EMAIL, MAYA, sender_email="buyer@client.example"),
            logged(22, "2025-10-21T15:00:00", EMAIL, MAYA),
            logged(23, "2025-10-21T15:00:00", EMAIL, None),
        ],
    )
    made.add(
        "copper.opportunities",
        [
            chance(50, 1, "2025-10-20T12:00:00"),
            # walked from A to C: Copper dates only C, the snapshots saw A and B
            chance(51, 3, "2025-10-24T12:00:00"),
            # stood in B when the snapshots began and still does: entered long before
            chance(52, 2, "2025-08-05T12:00:00", assignee=None),
            chance(53, 4, "2025-10-20T12:00:00", "Won", close_date="2025-10-21"),
            chance(54, 4, "2025-10-20T12:00:00", "Won", close_date="2025-10-22", custom_fields='{"70": 702}'),
            chance(55, 4, "2025-10-20T12:00:00", "Won", custom_fields=None),
            chance(
                56, 4, "2025-10-23T12:00:00", "Won", assignee=None
            ),  # no close date: the day of its last stage
            chance(57, 4, "2025-10-20T12:00:00", "Won", close_date="2025-10-21", monetary_unit="EUR"),
            chance(58, 4, "2025-10-20T12:00:00", "Won", close_date="2025-10-21", monetary_value=None),
            # Copper converts into the account's currency
            chance(
                62,
                4,
                "2025-10-20T12:00:00",
                "Won",
                close_date="2025-10-20",
                monetary_unit="EUR",
                converted_value=110,
                converted_unit="USD",
            ),
            chance(59, 4, "2025-10-20T12:00:00", "Won", close_date="2025-10-21", pipeline_id=8),
            chance(60, 4, "2025-10-20T12:00:00", "Lost", close_date="2025-10-21"),
            chance(
                61,
                4,
                "2025-10-20T12:00:00",
                "Won",
                close_date="2025-10-21",
                deleted_at=at("2025-10-22T12:00:00"),
            ),
        ],
    )
    made.add(
        "copper.opportunity_stages",
        [
            *(stood("2025-10-13", id, 2) for id in (52,)),
            *(stood("2025-10-14", id, stage) for id, stage in ((51, 1), (52, 2))),
            *(stood("2025-10-20", id, stage) for id, stage in ((50, 1), (51, 2), (52, 2))),
            *(stood("2025-10-25", id, stage) for id, stage in ((50, 1), (51, 3), (52, 2))),
        ],
    )
    for source in ("copper", "justcall"):
        made.loaded(source, through=at("2025-10-27T11:55:00"))
    selected = [
        f"+{name}" for name in (*METRICS, *SALES, "fct_rep_activity_daily", "fct_rep_activity_reconciliation")
    ]
    made.build("--select", *selected, "--exclude", "test_type:singular")
    return made


def rows(warehouse: RawWarehouse, metric: str) -> list[dict[str, Any]]:
    return warehouse.query(f"select * from metrics.{metric} order by occurred_on, source, record_id")


def test_a_call_of_both_systems_counts_once(warehouse: RawWarehouse) -> None:
    found = {
        (row["source"], row["record_id"]): row["reason"] for row in rows(warehouse, "phone_call_quantity")
    }
    assert found == {
        ("justcall", "1"): None,
        ("justcall", "2"): None,
        ("justcall", "3"): None,
        ("justcall", "4"): None,
        ("justcall", "5"): "no_rep",
        ("copper", "1"): "duplicate_call",
        ("copper", "2"): None,
        ("copper", "5"): None,
        ("copper", "6"): None,  # a rep who left counts as well
        ("copper", "7"): "deleted",
    }
    assert {
        row["occurred_on"] for row in rows(warehouse, "phone_call_quantity") if row["record_id"] == "2"
    } >= {date(2025, 10, 26)}


def test_talk_time_is_added_in_seconds(warehouse: RawWarehouse) -> None:
    found = {
        row["record_id"]: (row["numerator"], row["reason"]) for row in rows(warehouse, "talk_time_minutes")
    }
    assert {key: reason for key, (_, reason) in found.items()} == {
        "1": None,
        "2": None,
        "3": None,
        "4": "no_duration",
        "5": "no_rep",
    }
    assert sum(float(found[key][0]) for key in "123") == pytest.approx(121 / 60)
    unknown = warehouse.query(
        "select calls_without_duration as calls from marts.fct_rep_activity_daily where calls_without_duration > 0"
    )
    assert unknown == [{"calls": 1}]


def test_mails_are_the_senders(warehouse: RawWarehouse) -> None:
    found = {
        row["record_id"]: (row["person_key"], row["reason"]) for row in rows(warehouse, "email_quantity")
    }
    assert found == {
        "20": ("maya", None),
        "21": (None, "incoming"),
        "22": ("maya", "no_direction"),
        "23": (None, "no_rep"),
    }


def test_entries_into_stages_not_how_many_stand_there(warehouse: RawWarehouse) -> None:
    days = {
        letter: [
            (row["record_id"], row["occurred_on"]) for row in rows(warehouse, f"lead_progression_{letter}")
        ]
        for letter in "abc"
    }
    assert days == {
        "a": [("51:1", date(2025, 10, 14)), ("50:1", date(2025, 10, 20))],
        "b": [("52:2", date(2025, 8, 5)), ("51:2", date(2025, 10, 20))],
        "c": [("51:3", date(2025, 10, 24))],
    }


def test_new_sales_by_kind(warehouse: RawWarehouse) -> None:
    found = {
        row["record_id"]: (row["reason"], row["occurred_on"].day)
        for row in rows(warehouse, "new_sales_wholesale")
    }
    assert found == {
        "53": (None, 21),
        "54": ("other_sale_type", 22),
        "55": ("no_sale_type", 20),
        "56": (None, 23),
        "57": ("other_currency", 21),
        "58": ("no_amount", 21),
        "59": ("other_pipeline", 21),
        "61": ("deleted", 21),
        "62": (None, 20),
    }
    (converted,) = (row for row in rows(warehouse, "new_sales_wholesale") if row["record_id"] == "62")
    assert converted["numerator"] == 110
    assert [row["record_id"] for row in rows(warehouse, "new_sales_distribution") if row["counted"]] == ["54"]


def test_one_row_per_rep_and_day(warehouse: RawWarehouse) -> None:
    found = warehouse.query(
        "select rep_key, count(*) as days, min(day) as first, max(day) as last from"
        " marts.fct_rep_activity_daily group by all"
    )
    assert {row["rep_key"] for row in found} == {"maya", "zoe@x.example", "copper user 19", "nobody"}
    assert {(row["days"], row["first"], row["last"]) for row in found} == {
        (90, date(2025, 7, 29), date(2025, 10, 26))
    }
    tuesday = warehouse.query(
        "from marts.fct_rep_activity_daily where rep_key = 'maya' and day = '2025-10-21'"
    )[0]
    counts = (
        "emails",
        "calls",
        "calls_in_justcall",
        "calls_in_copper",
        "calls_in_both",
        "talk_seconds",
        "new_sales_wholesale",
    )
    assert [tuesday[name] for name in counts] == [1, 4, 3, 2, 1, 90, 100]
    sunday = warehouse.query(
        "from marts.fct_rep_activity_daily where rep_key = 'maya' and day = '2025-10-26'"
    )[0]
    assert (sunday["is_working_day"], sunday["calls"], sunday["talk_seconds"]) == (False, 1, 31)
    # before it: four calls on one of twenty working days
    assert sunday["calls_own_average"] == Decimal("0.2") and tuesday["calls_own_average"] == 0
    # seven calls of three reps with 63 working days each (Labor Day is none)
    assert abs(sunday["calls_team_average"] - Decimal(7) / (3 * 63)) < Decimal("1e-8")


def test_both_systems_are_accounted_for(warehouse: RawWarehouse) -> None:
    found = {
        (row["source"], row["measure"]): row
        for row in warehouse.query("from marts.fct_rep_activity_reconciliation")
    }
    told = {key: [row[name] for name in ("held", "counted", "duplicates", "deleted", "without_rep", "incoming", "difference")]
            for key, row in found.items()}  # fmt: skip
    assert told == {
        ("justcall", "calls"): [5, 4, 0, 0, 1, 0, 0],
        ("copper", "calls"): [5, 3, 1, 1, 0, 0, 0],
        ("justcall", "talk_seconds"): [121, 121, 0, 0, 0, 0, 0],
        ("copper", "emails"): [4, 1, 0, 0, 1, 2, 0],
    }


def test_the_page_tells_what_the_lines_tell_and_odd_numbers_warn(warehouse: RawWarehouse) -> None:
    ran = warehouse.dbt("test", "--select", "rep_activity_adds_up", "rep_activity_is_plausible")
    assert ran.returncode == 0, ran.stdout
    # two e-mails of three reps in ninety days
    assert "WARN 1 rep_activity_is_plausible" in ran.stdout and "PASS rep_activity_adds_up" in ran.stdout


def test_a_day_that_was_not_read_to_its_end_is_no_day_without_work(warehouse: RawWarehouse) -> None:
    # the last test of this warehouse: both systems have been down since Monday morning
    warehouse.turn_clock("2025-10-30T12:00:00")
    warehouse.build(
        "--select", "int_sources__states", "fct_rep_activity_daily", "--exclude", "test_type:singular"
    )
    assert warehouse.query(
        "select max(day) as last, count(distinct day) as days from marts.fct_rep_activity_daily"
    ) == [{"last": date(2025, 10, 26), "days": 90}]
    # nobody read a call of theirs: neither calls nor talk are known
    with duckdb.connect(str(warehouse.settings.warehouse_path)) as connection:
        connection.execute(
            "delete from ledger.loads where source = 'justcall' or table_name = 'activity_types'"
        )
    warehouse.build(
        "--select",
        "int_sources__tables",
        "int_sources__states",
        "fct_rep_activity_daily",
        "--exclude-resource-type",
        "test",
    )
    assert warehouse.query(
        "select count(calls) as calls, count(talk_seconds) as talk, count(*) > 0 as rows from"
        " marts.fct_rep_activity_daily"
    ) == [{"calls": 0, "talk": 0, "rows": True}]

"""Warehouses, each built once per session by a real `dbt build`: the invented team below, one in Auckland
over a year's edge with a week 53, and one where nothing is connected (with the project's own seeds)."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from foundation.settings import Settings, load_company
from tests.support import progress as progress_rows
from tests.support.raw_warehouse import RawWarehouse, at
from tests.support.rows import fill_auckland, fill_chicago

COMPANY = """
[company]
name = "Test & Co"
time_zone = "{zone}"
currency = "USD"
[calendar]
business_day_start = "08:00"
business_day_end = "17:00"
[hubspot]
pipelines = ["default"]
connected_outcomes = ["connected", "live-message"]
decision_maker_values = ["DECISION_MAKER", "BUDGET_HOLDER"]
first_appointment_types = ["First appointment"]
coi_meeting_types = ["COI meeting"]
renewal_deal_types = ["renewal"]
warm_list = "Warm 250"
[autotask]
reactive_queue_ids = [10]
complete_status_ids = [5]
time_off_codes = ["Paid Time Off"]
[mail]
from = "a@test.example"
operator = "o@test.example"
"""
PEOPLE = """\
person_key,full_name,email,hubspot_email,autotask_email,team,weekly_hours,active_from,active_to
maya,Maya Torres,Maya@test.example,,,inside,40,2024-01-01,
victor,Victor Lang,victor@test.example,v.lang@crm.example,,outside,40,2024-01-01,
noor,Noor Haddad,noor@test.example,,,hybrid,40,2024-01-01,
sam,Sam Okafor,sam@test.example,,sam.o@desk.example,ops,40,2025-10-06,
tom,Tom Reyes,tom@test.example,,,ops,24,2025-10-06,2025-10-21
"""
LINES = """\
line_id,section,section_label,sort_order,metric_id,label,owners,people,feed,valid_from,valid_to
inside.dials,inside,Inside,10,dials,,maya,maya,,2024-07-01,
inside.conversations,inside,Inside,20,conversations_dm,,maya,maya,,2025-09-29,
inside.ftas_set,inside,Inside,30,ftas_set,,maya,maya,,2025-09-29,
inside.leads,inside,Inside,40,leads_generated,,maya,,,2025-09-29,
outside.ftas_attended,outside,Outside,50,ftas_attended,,maya;victor,maya; victor,,2025-10-06,
outside.coi_attended,outside,Outside,55,coi_attended,,maya;victor,maya;victor,,2025-09-29,
outside.coi_created,outside,Outside,56,coi_created,,victor,victor,,2025-09-29,
outside.events,outside,Outside,60,networking_events,,maya;victor,maya;victor,,2025-09-29,
outside.mrr,outside,Outside,70,mrr_closed,,victor,victor,,2025-09-29,
hybrid.events,hybrid,Hybrid,80,networking_events,,noor,noor,,2025-09-29,
warm.dials,warm,Warm,90,w250_dials,,victor,victor,,2025-09-29,
warm.conversations,warm,Warm,91,w250_conversations_dm,,victor,victor,,2025-09-29,
warm.ftas_set,warm,Warm,92,w250_ftas_set,,victor,victor,,2025-09-29,
ops.opened,ops,Ops,100,reactive_tickets_opened,,sam,,,2025-09-29,
ops.closed,ops,Ops,110,reactive_tickets_closed,,sam,,,2025-09-29,
ops.same_day,ops,Ops,120,same_day_close_rate,,sam,,,2025-09-29,
ops.same_business_day,ops,Ops,130,same_day_close_rate_business,,sam,,,2025-09-29,
ops.utilization,ops,Ops,140,utilization,,sam,,,2025-09-29,
ops.utilization_available,ops,Ops,150,utilization_available,,sam,,,2025-09-29,
ops.billable,ops,Ops,160,billable_hours,,sam,,,2025-09-29,
ops.non_billable,ops,Ops,170,non_billable_hours,,sam,,,2025-09-29,
ops.total,ops,Ops,180,total_hours,,sam,,,2025-09-29,
hand.dials,hand,By hand,190,dials,Dials by hand,maya,,manual,2025-09-29,
hand.social,hand,By hand,200,social_engagement,,maya,,,2025-09-29,
ended.dials,ended,Ended,210,dials,,maya,maya,,2025-07-01,2025-10-08
quarter.deals,quarter,Quarter,300,deals_total,,maya,,,2025-06-30,
quarter.value,quarter,Quarter,310,deals_total_value,,maya,,,2025-06-30,
quarter.won,quarter,Quarter,320,deals_won,,maya,,,2025-06-30,
quarter.lost,quarter,Quarter,330,deals_lost,,maya,,,2025-06-30,
quarter.open,quarter,Quarter,340,deals_in_progress,,maya,,,2025-06-30,
quarter.contacts,quarter,Quarter,350,contacts_recent,,maya,,,2025-06-30,
"""
GOALS = """\
line_id,valid_from,valid_to,operator,target,target_2,band,reason
inside.dials,2024-07-01,2025-10-12,>=,2,,0.10,first
inside.dials,2025-10-13,,>=,3,,0.10,raised
ops.same_day,2025-01-01,,>=,0.70,,0.10,first
ops.utilization,2025-01-01,,>=,0.60,,0.10,first
quarter.won,2025-01-01,,>=,2,,0.10,first
"""
SEEDS = {"people": PEOPLE, "scorecard_lines": LINES, "goals": GOALS}

MakeWarehouse = Callable[..., RawWarehouse]


@pytest.fixture(scope="session")
def new_warehouse(tmp_path_factory: pytest.TempPathFactory) -> MakeWarehouse:
    """A function (as_of, zone, seeds, views) -> RawWarehouse in a folder of its own, not yet built."""

    def make(
        as_of: str,
        zone: str = "America/Chicago",
        seeds: dict[str, str] | None = None,
        views: Path | None = None,
    ) -> RawWarehouse:
        home: Path = tmp_path_factory.mktemp("dbt")
        company_file = home / "company.toml"
        company_file.write_text(COMPANY.format(zone=zone), encoding="utf-8")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SCORELINE_ENV_FILE", os.devnull)
            patch.delenv("AUTOTASK_ROC_BOARD_ID", raising=False)
            places: dict[str, Any] = {
                "SCORELINE_HOME": home,
                "SCORELINE_COMPANY_FILE": company_file,
                "SCORELINE_AS_OF": at(as_of),
            }
            settings = Settings(**places)
            return RawWarehouse(settings, load_company(settings), dict(seeds or {}), views=views)

    return make


@pytest.fixture(scope="session")
def empty(new_warehouse: MakeWarehouse) -> RawWarehouse:
    """Empty raw tables and an empty ledger, with the seeds of the project: every model built, nothing tested."""
    warehouse = new_warehouse("2025-10-27T12:00:00")
    warehouse.artifacts = True
    warehouse.build("--exclude-resource-type", "test", "unit_test")
    return warehouse


@pytest.fixture(scope="session")
def make_warehouse(
    request: pytest.FixtureRequest, new_warehouse: MakeWarehouse, tmp_path_factory: pytest.TempPathFactory
) -> MakeWarehouse:
    """`new_warehouse` with the views of `empty`. `whole`: its build makes them too."""

    @functools.cache
    def views() -> Path:
        empty: RawWarehouse = request.getfixturevalue("empty")
        return empty.keep_views(tmp_path_factory.mktemp("views") / "views.duckdb")

    def make(as_of: str, *given: Any, whole: bool = False, **named: Any) -> RawWarehouse:
        return new_warehouse(as_of, *given, **named, views=None if whole else views())

    return make


@pytest.fixture(scope="session")
def chicago(make_warehouse: MakeWarehouse) -> RawWarehouse:
    """Monday 2025-10-27, 07:00 in Chicago. HubSpot loaded five minutes ago, Autotask last on Wednesday 22
    October."""
    warehouse = make_warehouse("2025-10-27T12:00:00", seeds=SEEDS)
    fill_chicago(warehouse)
    warehouse.artifacts = True
    warehouse.build()
    return warehouse


@pytest.fixture(scope="session")
def auckland(make_warehouse: MakeWarehouse) -> RawWarehouse:
    """Wednesday 2027-01-06 in Auckland: 2026 has a week 53."""
    warehouse = make_warehouse("2027-01-05T20:00:00", zone="Pacific/Auckland", seeds=SEEDS)
    fill_auckland(warehouse)
    warehouse.build()
    return warehouse


@pytest.fixture(scope="session")
def unconnected(empty: RawWarehouse) -> RawWarehouse:
    """`empty`, which passes all of dbt's tests; the unit tests bring their own rows."""
    empty.unit_tests = True
    ran = empty.dbt("test")
    assert ran.returncode == 0, ran.stdout
    return empty


@pytest.fixture(scope="session")
def progress(make_warehouse: MakeWarehouse) -> RawWarehouse:
    """Wednesday 2025-12-03, 12:30 in Chicago, the week after Thanksgiving: goals, pace and movements."""
    return progress_rows.build(make_warehouse)

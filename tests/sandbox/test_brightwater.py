"""The sales company: its totals and golden figures at the demo's clock, and that it agrees with its
settings."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import pytest

from foundation.settings import PROJECT_ROOT, Settings, load_company
from sandbox import running_sandbox
from sandbox.companies import build
from sandbox.companies.account import STAGES
from sandbox.companies.base import DAY, DEMO_CLOCK
from sandbox.companies.brightwater.calendar import HOLIDAYS, ZONE
from sandbox.companies.brightwater.contacts import LIFECYCLE
from sandbox.companies.brightwater.crm import OWNERS, VOLUME
from sandbox.companies.brightwater.deals import OPEN_DEALS
from sandbox.companies.cedar_ridge.deals import DISQUALIFIED, LOST, WON
from sandbox.engine.store import ARCHIVED, Row, Store, View, parse_ms
from tests.sandbox.conftest import DEMO_CLOCK as CLOCK

FOLDER = PROJECT_ROOT / "sandbox" / "companies" / "brightwater"
QUIET = DEMO_CLOCK - 31 * DAY


@pytest.fixture(scope="module")
def store() -> Store:
    return build(1, "sales")


@pytest.fixture(scope="module")
def now(store: Store) -> View:
    return View(store, DEMO_CLOCK)


@pytest.fixture(scope="module")
def closed(now: View) -> list[Row]:
    return [row for row in now.table("hubspot.deals") if row.props["dealstage"] in (WON, LOST, DISQUALIFIED)]


def day(text: str) -> str:
    """The company's day of an instant."""
    return datetime.fromisoformat(text).astimezone(ZONE).date().isoformat()


def seeds(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / "seeds" / f"{name}.csv").open(encoding="utf-8") as file:
        yield from csv.DictReader(file)


@pytest.mark.slow  # that of the other company always runs
def test_the_same_seed_gives_the_same_company(store: Store) -> None:
    assert build(1, "sales").tables == store.tables


def test_the_volume_holds_at_the_clock_and_after_and_one_percent_changes_a_day(
    store: Store, now: View
) -> None:
    tomorrow = View(store, DEMO_CLOCK + DAY)
    for view in (now, tomorrow):
        assert {name: len(view.table(f"hubspot.{name}")) for name in VOLUME} == VOLUME
        assert not any(len(view.table(f"hubspot.{name}", ARCHIVED)) for name in (*VOLUME, "owners"))
    assert sum(VOLUME[kind] for kind in ("calls", "meetings", "tasks", "notes")) == 11_787
    assert len(now.table("hubspot.owners")) == 9
    [pipeline] = now.table("hubspot.pipelines")
    assert [stage["metadata"]["probability"] for stage in pipeline.props["stages"]] == [
        chance for _, _, chance, _ in STAGES
    ]
    assert sum(row.changed > DEMO_CLOCK for row in tomorrow.table("hubspot.contacts")) == 446


def test_the_golden_figures(closed: list[Row]) -> None:
    year = [
        row
        for row in closed
        if "2024-10-27" <= day(row.props["closedate"]) <= "2025-10-26"
        and row.props["dealstage"] != DISQUALIFIED
    ]
    assert all(day(row.props["closedate"]) >= "2025-01-01" for row in year)
    won = [row.props for row in year if row.props["dealstage"] == WON]
    assert (len(won), len(year)) == (7, 26)
    assert sum(Decimal(props["amount"]) for props in won) == Decimal("110019.00")
    days = sorted(
        (
            datetime.fromisoformat(day(props["closedate"])) - datetime.fromisoformat(day(props["createdate"]))
        ).days
        for props in won
    )
    assert (sum(days), days[3]) == (733, 98)
    assert {day(row.props["closedate"])[:7] for row in closed}.isdisjoint({"2024-11", "2024-12"})
    assert {row.props["deal_currency_code"] for row in closed} == {"GBP"}


def test_the_open_deals_show_every_case(store: Store, now: View, closed: list[Row]) -> None:
    done = {row.id for row in closed}
    found = [row for row in now.table("hubspot.deals") if row.id not in done]
    assert {row.props["dealstage"] for row in found} == {
        stage for stage, _, _, is_closed in STAGES if not is_closed
    }
    assert sum(row.props["amount"] is None for row in found) == 2
    assert sum(day(row.props["closedate"]) < "2025-10-27" for row in found) == 4
    plans = [
        [
            v.props["closedate"]
            for v in store.versions("hubspot.deals", row.id, DEMO_CLOCK)
            if "closedate" in v.props
        ]
        for row in found
    ]
    assert [len(plan) - 1 for plan in plans] == [pushes for *_, pushes, _ in OPEN_DEALS]
    assert all(plan == sorted(plan) for plan in plans)
    contacts = {row.id: set(row.links["hubspot.contacts"]) for row in found}
    last = {row.id: parse_ms(row.props["hs_v2_date_entered_current_stage"]) for row in found}
    ahead = set()
    for kind in ("calls", "meetings", "tasks", "notes", "emails"):
        for activity in now.table(f"hubspot.{kind}"):
            touched = set(activity.links.get("hubspot.deals", ())) | {
                deal for deal, people in contacts.items() if people & set(activity.links["hubspot.contacts"])
            }
            when = parse_ms(activity.props["hs_timestamp"])
            for deal in touched & last.keys():
                if kind == "meetings" and when > DEMO_CLOCK:
                    ahead.add(deal)
                else:
                    last[deal] = max(last[deal], activity.changed, when)
    quiet = {deal for deal, when in last.items() if when < QUIET}
    assert (len(quiet), len(quiet & ahead)) == (6, 1)


def test_leads_thin_out_and_a_skipped_stage_has_no_date(now: View) -> None:
    contacts = [row.props for row in now.table("hubspot.contacts")]
    stages = [f"hs_v2_date_entered_{stage}" for stage in LIFECYCLE]
    entered = [sum(stage in props for props in contacts) for stage in stages]
    assert entered[0] == 44_602
    for count, about in zip(entered[1:], (6_000, 1_400, 250, 90), strict=True):
        assert about * 0.8 < count < about * 1.2
    furthest = [max(number for number, stage in enumerate(stages) if stage in props) for props in contacts]
    assert all(props["lifecyclestage"] == LIFECYCLE[at] for props, at in zip(contacts, furthest, strict=True))
    skipped = sum(at > 1 and stages[1] not in props for props, at in zip(contacts, furthest, strict=True))
    assert 200 < skipped < 700
    alone = sum(props["hubspot_owner_id"] is None for props in contacts) / len(contacts)
    assert 0.55 < alone < 0.65
    rare = [
        props["createdate"][:4]
        for props in contacts
        if props["hs_analytics_source"] in ("PAID_SOCIAL", "AI_REFERRALS")
    ]
    assert max(rare.count(year) for year in set(rare)) < 20


def test_its_settings_agree_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCORELINE_COMPANY_FILE", str(FOLDER / "company.toml"))
    company = load_company(Settings())
    assert (company.zone, company.company.currency) == (ZONE, "GBP")
    assert company.hubspot.disqualified_stages == [DISQUALIFIED]
    people = list(seeds("people"))
    assert {(row["email"], row["active_from"]) for row in people} == {
        (o.email, str(o.joined)) for o in OWNERS
    }
    assert {row["holiday"] for row in seeds("holidays")} == {str(holiday) for holiday in HOLIDAYS}
    lines = {row["line_id"]: row["people"] for row in seeds("scorecard_lines")}
    assert {row["line_id"] for row in seeds("goals")} <= lines.keys()
    assert set(filter(None, lines.values())) == {";".join(row["person_key"] for row in people)}


def test_only_hubspot_is_connected() -> None:
    with running_sandbox(CLOCK, company="sales") as sandbox:
        assert (sandbox.about()["company"], sandbox.about()["vendors"]) == ("sales", ["hubspot"])
        assert set(sandbox.environment) == {"HUBSPOT_API_KEY", "SANDBOX_URL"}

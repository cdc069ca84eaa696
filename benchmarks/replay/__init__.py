"""Replay 90 days of deals and calls with a load and a build per day, and list every published number that
changed. `make replay` runs it.

The account is a sandbox of its own. Deals move between pipelines and stages, change owners, are won and lost
with dates typed in ahead and back, reopened, merged, deleted and corrected. Calls are logged late, moved and
deleted. A diary records what happened to each record, and a list says for each kind of entry which metrics it
may restate. A restatement is explained if its cause is its records and each of them has such an entry since
the number was published. Also, the pipeline of every Monday must equal what the diary says of that Monday.

Exits with 1 if a restatement has no explanation or a Monday has another value.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import uvicorn
from dbt.cli.main import dbtRunner, dbtRunnerResult

from dlt_pipelines.core.load import ensure_tables, load
from dlt_pipelines.sources import hubspot as hubspot_source
from foundation.dbt_files import project_dir
from foundation.settings import PROJECT_ROOT, Company, Settings, load_company
from foundation.warehouse import Warehouse
from sandbox.companies import account
from sandbox.companies.base import DAY, HOUR, MAYA, VICTOR, Book, Owner, add, archive, at, edit, vanish
from sandbox.engine.formats import hubspot_time
from sandbox.engine.server import HOST, bind, make_app
from sandbox.engine.store import LIVE, View, from_ms, parse_ms, to_ms
from sandbox.engine.world import Clock, Limits, World
from sandbox.vendors import hubspot

BEGINS, DAYS = date(2025, 9, 1), 90
SALES, ELSEWHERE = "default", account.RENEWALS
OPEN, WON, LOST = "qualifiedtobuy", "closedwon", "closedlost"

MONDAYS = frozenset({"pipeline_value", "open_deals", "stale_deals"})
QUARTERS = frozenset({"deals_total", "deals_total_value", "deals_won", "deals_lost", "deals_in_progress"})
CLOSINGS = frozenset(
    {
        "mrr_closed",
        "mrr_deals_closed",
        "revenue_target_attainment",
        "win_rate",
        "avg_deal_size",
        "sales_cycle_days",
    },
)
CALLS = frozenset({"dials", "calls_by_rep"})
METRICS = (*sorted(MONDAYS), *sorted(QUARTERS), *sorted(CLOSINGS), *sorted(CALLS))

MAY_CHANGE: dict[str, frozenset[str]] = {
    "call logged late": CALLS | {"stale_deals"},
    "call moved to another day": CALLS | {"stale_deals"},
    "call deleted": CALLS | {"stale_deals"},
    "deal deleted": MONDAYS | QUARTERS | CLOSINGS,
    "deals merged": MONDAYS | QUARTERS | CLOSINGS,
    "deal typed in with an earlier creation": MONDAYS | QUARTERS,
    "deal reopened": CLOSINGS,
    "amount corrected after the close": CLOSINGS | {"deals_total_value"},
}
"""Kind of entry -> the metrics whose published numbers it may change; every other kind may change
none."""


@dataclass(frozen=True)
class Entry:
    """Something that happened: when (milliseconds since 1970), what, and the ids of the records that it
    touches."""

    at: int
    kind: str
    records: frozenset[str]


@dataclass
class Diary:
    """A HubSpot account that is written into a sandbox's store, and what happened in it."""

    book: Book = field(default_factory=lambda: Book(1))
    entries: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        account.write_hubspot(self.book)

    def note(self, when: int, kind: str, *records: int) -> None:
        self.entries.append(Entry(when, kind, frozenset(map(str, records))))

    def deal(
        self,
        when: int,
        amount: int,
        owner: Owner = VICTOR,
        *,
        pipeline: str = SALES,
        stage: str = OPEN,
        made: int | None = None,
    ) -> int:
        """A new deal. `made`: the day of creation that somebody typed in."""
        monthly = amount / 12
        props = {
            "dealname": f"Deal of {amount}",
            "dealtype": "newbusiness",
            "pipeline": pipeline,
            "dealstage": stage,
            "amount": f"{amount}",
            "hs_mrr": f"{monthly:.2f}",
            "deal_currency_code": "USD",
            "hubspot_owner_id": str(owner.id),
            "closedate": hubspot_time(when + 45 * DAY),
            "hs_v2_date_entered_current_stage": hubspot_time(when),
        }
        deal = add(self.book, "deals", when, props)
        if made is not None:
            self.book.store.tables["hubspot.deals"][deal][0].props["createdate"] = hubspot_time(made)
        self.note(when, "deal made" if made is None else "deal typed in with an earlier creation", deal)
        return deal

    def change(self, deal: int, when: int, kind: str, **props: Any) -> None:
        """Properties of a deal change; a new stage is entered at that moment."""
        if "dealstage" in props:
            props["hs_v2_date_entered_current_stage"] = hubspot_time(when)
        edit(self.book, "deals", deal, when, props)
        self.note(when, kind, deal)

    def close(self, deal: int, when: int, stage: str, closedate: int | None = None) -> None:
        """A deal is won or lost. `closedate`: the date that somebody typed in."""
        kind = (
            "deal closed"
            if closedate is None
            else f"deal closed with a date {'ahead' if closedate > when else 'back'}"
        )
        self.change(deal, when, kind, dealstage=stage, closedate=hubspot_time(closedate or when))

    def merge(self, winner: int, loser: int, when: int) -> None:
        edit(self.book, "deals", winner, when, {"hs_merged_object_ids": str(loser)})
        vanish(self.book, "hubspot.deals", loser, when)
        self.note(when, "deals merged", winner, loser)

    def delete(self, deal: int, when: int) -> None:
        archive(self.book, "deals", deal, when)
        self.note(when, "deal deleted", deal)

    def call(self, when: int, logged: int, owner: Owner = MAYA, deals: Sequence[int] = ()) -> int:
        """A call with some of the deals, and when it was logged."""
        props = {
            "hs_timestamp": hubspot_time(when),
            "hs_call_direction": "OUTBOUND",
            "hs_call_duration": "60000",
            "hs_call_status": "COMPLETED",
            "hubspot_owner_id": str(owner.id),
        }
        call = add(self.book, "calls", logged, props, {"deals": list(deals)})
        self.note(logged, "call" if logged - when < HOUR else "call logged late", call, *deals)
        return call

    def open_value(self, end: int, gone: frozenset[int]) -> Decimal:
        """What was open in the sales pipeline at an instant, without the records that are gone today. A deal
        that was typed in later with an earlier creation was there from that day on."""
        value = Decimal()
        for deal, versions in self.book.store.tables.get("hubspot.deals", {}).items():
            props = dict(versions[0].props)
            if deal in gone or parse_ms(props["createdate"]) > end:
                continue
            for version in self.book.store.versions("hubspot.deals", deal, end):
                props |= version.props
            if props["pipeline"] == SALES and props["dealstage"] not in (WON, LOST):
                value += Decimal(props["amount"])
        return value

    def gone(self, now: int) -> frozenset[int]:
        """Ids of the deals that were merged into others or deleted by an instant."""
        rows = View(self.book.store, now).table("hubspot.deals", LIVE).by_id
        return frozenset(self.book.store.tables.get("hubspot.deals", {})) - frozenset(rows)


def write_days(diary: Diary, begins: date, days: int, seed: int = 1) -> None:
    """Every kind of change, at random, on the working days of a span."""
    rng = random.Random(seed)
    first = at(begins, 9)
    alive = [
        diary.deal(
            first - rng.randrange(5, 120) * DAY,
            rng.randrange(5, 60) * 1000,
            rng.choice((MAYA, VICTOR)),
            pipeline=pipeline,
        )
        for pipeline in (SALES,) * 30 + (ELSEWHERE,) * 8
    ]
    closed: list[int] = []
    calls: list[int] = []
    for day in (begins + timedelta(days=number) for number in range(days)):
        if day.weekday() > 4:
            continue

        def when(day: date = day) -> int:
            return at(day, rng.uniform(8, 17))

        if rng.random() < 0.7:
            alive.append(diary.deal(when(), rng.randrange(5, 60) * 1000, rng.choice((MAYA, VICTOR))))
        for chance, act in (
            (0.25, "move"),
            (0.5, "stage"),
            (0.3, "amount"),
            (0.2, "owner"),
            (0.3, "win"),
            (0.3, "lose"),
            (0.12, "back"),
            (0.08, "ahead"),
            (0.15, "reopen"),
            (0.08, "merge"),
            (0.06, "delete"),
            (0.08, "typed"),
            (0.1, "correct"),
        ):
            if rng.random() >= chance:
                continue
            moment = when()
            if act == "typed":
                alive.append(
                    diary.deal(moment, rng.randrange(5, 60) * 1000, made=moment - rng.randrange(10, 40) * DAY)
                )
                continue
            among = closed if act in ("reopen", "correct") else alive
            if len(among) < 6:
                continue
            deal = rng.choice(among)
            _act(diary, rng, act, deal, moment, alive, closed)
        for _ in range(rng.randrange(4, 12)):
            logged = when()
            late = rng.random() < 0.1
            happened = logged - rng.randrange(2, 12) * DAY if late else logged
            calls.append(diary.call(happened, logged, rng.choice((MAYA, VICTOR)), rng.sample(alive, 1)))
        if rng.random() < 0.15:
            _touch(diary, rng, calls, when())


def _act(
    diary: Diary, rng: random.Random, act: str, deal: int, when: int, alive: list[int], closed: list[int]
) -> None:
    now = {}
    for version in diary.book.store.versions("hubspot.deals", deal, when):
        now |= version.props
    if act == "move":
        there = ELSEWHERE if now["pipeline"] == SALES else SALES
        diary.change(
            deal, when, "deal moved", pipeline=there, dealstage="8842101" if there == ELSEWHERE else OPEN
        )
    elif act == "stage" and now["pipeline"] == SALES:
        diary.change(
            deal, when, "stage changed", dealstage=rng.choice(("presentationscheduled", "contractsent"))
        )
    elif act == "amount":
        diary.change(deal, when, "amount changed", amount=str(rng.randrange(5, 60) * 1000))
    elif act == "owner":
        diary.change(deal, when, "owner changed", hubspot_owner_id=str(rng.choice((MAYA, VICTOR)).id))
    elif act in ("win", "lose", "back", "ahead") and now["pipeline"] == SALES:
        shift = {"back": -rng.randrange(8, 25) * DAY, "ahead": rng.randrange(8, 60) * DAY}.get(act)
        diary.close(deal, when, LOST if act == "lose" else WON, shift and when + shift)
        alive.remove(deal)
        closed.append(deal)
    elif act == "reopen":
        diary.change(deal, when, "deal reopened", dealstage=OPEN, closedate=hubspot_time(when + 40 * DAY))
        closed.remove(deal)
        alive.append(deal)
    elif act == "correct":
        amount = rng.randrange(5, 60) * 1000
        diary.change(
            deal, when, "amount corrected after the close", amount=str(amount), hs_mrr=f"{amount / 12:.2f}"
        )
    elif act == "merge":
        other = rng.choice([one for one in alive if one != deal])
        diary.merge(deal, other, when)
        alive.remove(other)
    elif act == "delete":
        diary.delete(deal, when)
        alive.remove(deal)


def _touch(diary: Diary, rng: random.Random, calls: list[int], when: int) -> None:
    """A call of before is moved to another day, or deleted."""
    call = calls.pop(rng.randrange(max(0, len(calls) - 60), len(calls)))
    deals = diary.book.store.tables["hubspot.calls"][call][0].links or {}
    if rng.random() < 0.5:
        archive(diary.book, "calls", call, when)
        diary.note(when, "call deleted", call, *deals.get("hubspot.deals", ()))
    else:
        edit(
            diary.book, "calls", call, when, {"hs_timestamp": hubspot_time(when - rng.randrange(1, 20) * DAY)}
        )
        diary.note(when, "call moved to another day", call, *deals.get("hubspot.deals", ()))


# ------------------------------------------------------------------ the company that looks at it

COMPANY = """
[company]
name = "Replay"
time_zone = "America/Chicago"
currency = "USD"
[calendar]
business_day_start = "08:00"
business_day_end = "17:00"
[hubspot]
pipelines = ["default"]
mrr_property = "hs_mrr"
connected_outcomes = []
renewal_deal_types = ["renewal"]
[mail]
from = "a@replay.example"
operator = "o@replay.example"
"""
PEOPLE = """\
person_key,full_name,email,hubspot_email,autotask_email,team,weekly_hours,active_from,active_to
{people}"""
LINES = """\
line_id,section,section_label,sort_order,metric_id,label,owners,people,feed,valid_from,valid_to
{lines}"""
GOALS = "line_id,valid_from,valid_to,operator,target,target_2,band,reason,per,kind,tolerance\n"

MARTS = ("+fct_restatements", "+fct_restatement_records", "+scoreline.marts.sales")
_NOT_CONNECTED = (
    "accounting",
    "devices",
    "figures",
    "finance",
    "manual",
    "marketing",
    "outreach",
    "service",
    "support",
)
ONCE = (
    "resource_type:seed",
    "scoreline.staging",
    "scoreline.metrics",
    *(f"scoreline.intermediate.{room}" for room in _NOT_CONNECTED),
)
"""What the first build made and no day changes: seeds, views, and what stands on sources that are not
connected."""


@dataclass
class Replay:
    """A company that loads and builds from a diary's account, day by day."""

    diary: Diary
    home: Path
    world: World
    url: str
    begins: date
    marts: Sequence[str] = MARTS
    manifest: Any = None
    seconds: Counter[str] = field(default_factory=Counter)

    def settings(self) -> Settings:
        return Settings()

    def company(self) -> Company:
        return load_company(self.settings())

    def write_company(self) -> None:
        """company.toml and the seeds: a line per metric and person."""
        (self.home / "company.toml").write_text(COMPANY, encoding="utf-8")
        seeds = self.home / "seeds"
        seeds.mkdir()
        people = {"maya": MAYA, "victor": VICTOR}
        rows = "".join(
            f"{key},{who.first} {who.last},{who.email},,,sales,40,2024-01-01,\n"
            for key, who in people.items()
        )
        (seeds / "people.csv").write_text(PEOPLE.format(people=rows), encoding="utf-8")
        since = self.begins - timedelta(days=70)
        lines = "".join(
            f"{key}.{metric},{key},{key.title()},{number},{metric},,{key},{key},,{since},\n"
            for key in people
            for number, metric in enumerate(METRICS, 1)
        )
        (seeds / "scorecard_lines.csv").write_text(LINES.format(lines=lines), encoding="utf-8")
        (seeds / "goals.csv").write_text(GOALS, encoding="utf-8")
        for name in ("holidays", "approved_offers"):
            own = PROJECT_ROOT / "dbt_project" / "seeds" / f"{name}.csv"
            (seeds / own.name).write_text(own.read_text(encoding="utf-8"), encoding="utf-8")

    def day(self, morning: datetime, *, build: bool = True) -> None:
        """The clock is turned, what changed is loaded, and what stands on it is built."""
        os.environ["SCORELINE_AS_OF"] = morning.isoformat()
        self.world.clock.as_of = morning
        settings, company = self.settings(), self.company()
        began = time.process_time()
        load("hubspot", settings, company)
        loaded = time.process_time()
        self.seconds["load"] += loaded - began
        if build:
            ensure_tables(settings, company)
            self._build(settings)
            self.seconds["build"] += time.process_time() - loaded

    def _build(self, settings: Settings) -> None:
        where = [
            "--project-dir",
            str(project_dir(settings)),
            "--profiles-dir",
            str(settings.dbt_dir),
            "--log-level-file",
            "none",
            "--quiet",
        ]
        where += ["--target-path", str(self.home / "dbt_target")]
        leave = ["--exclude", *ONCE] if self.manifest else []
        with Warehouse(settings).write_lock("replay"):
            self.manifest = self.manifest or self._dbt("parse", *where).result
            self._dbt(
                "build",
                "--select",
                *self.marts,
                *leave,
                "--exclude-resource-type",
                "test",
                "unit_test",
                *where,
            )

    def _dbt(self, *arguments: str) -> dbtRunnerResult:
        ran = dbtRunner(manifest=self.manifest).invoke(list(arguments))
        if not ran.success:
            failed = [
                f"{result.node.name}: {result.message}"
                for result in ran.result or ()
                if result.status == "error"
            ]
            raise RuntimeError(f"dbt {arguments[0]}: {ran.exception or failed}")
        return ran

    def query(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        with contextlib.closing(Warehouse(self.settings()).connect()) as connection:
            connection.execute("set TimeZone = 'UTC'")
            cursor = connection.execute(sql, list(values))
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def restatements(self, since: datetime) -> list[Restatement]:
        """Every published number that changed at `since` or later, with what the diary says about its
        records."""
        rows = self.query(
            "select * from marts.fct_restatements where changed_at >= ? order by changed_at, line_id,"
            " period_start",
            since,
        )
        records = self.query(
            "select line_id, period_start, changed_at, record_id from marts.fct_restatement_records where"
            " changed_at >= ?",
            since,
        )
        differing: dict[tuple[Any, ...], list[str]] = {}
        for row in records:
            differing.setdefault((row["line_id"], row["period_start"], row["changed_at"]), []).append(
                row["record_id"]
            )
        return [
            self._explained(row, differing.get((row["line_id"], row["period_start"], row["changed_at"]), []))
            for row in rows
        ]

    def _explained(self, row: dict[str, Any], records: Iterable[str]) -> Restatement:
        since, until = to_ms(row["published_at"]), to_ms(row["changed_at"])
        causes: dict[str, tuple[str, ...]] = {}
        for record in records:
            kinds = {
                entry.kind
                for entry in self.diary.entries
                if since < entry.at <= until and record in entry.records
            }
            causes[record] = tuple(
                sorted(kind for kind in kinds if row["metric_id"] in MAY_CHANGE.get(kind, ()))
            )
        return Restatement(row, causes)

    def mondays(self) -> list[Monday]:
        """The pipeline of each finished week, as published now and as the diary has it."""
        found = self.query(
            "select week_start, sum(value) as value from marts.fct_scorecard_weekly "
            "where metric_id = 'pipeline_value' and is_finished and week_start >= ? group by 1 order by 1",
            self.begins,
        )
        now = to_ms(self.world.clock.now())
        gone = self.diary.gone(now)
        return [
            Monday(
                row["week_start"],
                row["value"],
                self.diary.open_value(at(row["week_start"] + timedelta(days=7), 0) - 1, gone),
            )
            for row in found
        ]


@dataclass(frozen=True)
class Restatement:
    """A published number that changed: its row of fct_restatements, and per record the entries that explain
    it."""

    row: dict[str, Any]
    causes: dict[str, tuple[str, ...]]

    @property
    def is_explained(self) -> bool:
        return self.row["cause"] == "records" and bool(self.causes) and all(self.causes.values())

    def __str__(self) -> str:
        kinds = sorted({kind for found in self.causes.values() for kind in found}) or ["NOTHING"]
        bare = [record for record, found in self.causes.items() if not found]
        return (
            f"{self.row['changed_at']:%Y-%m-%d}  {self.row['line_id']:<34} {self.row['period_label']:<9}"
            f" {_number(self.row['value_was']):>12} -> {_number(self.row['value_now']):>12} "
            f" {self.row['cause']}: {', '.join(kinds)}"
            + (f"; nothing happened to {', '.join(bare)}" if bare else "")
        )


@dataclass(frozen=True)
class Monday:
    """The pipeline at the end of a week: as published, and as it was."""

    week_start: date
    published: Decimal
    was: Decimal


def _number(value: Any) -> str:
    return "none" if value is None else f"{value:,.2f}"


@contextlib.contextmanager
def replaying(diary: Diary, home: Path, begins: date) -> Iterator[Replay]:
    """Serve the diary's account on loopback while the block runs, with the settings of the replay in the
    environment."""
    world = World(
        diary.book.store,
        Clock(datetime.combine(begins, datetime.min.time(), UTC)),
        1,
        "cedar",
        Limits(enforced=False),
    )
    place = bind(0)
    server = uvicorn.Server(
        uvicorn.Config(make_app(world), access_log=False, log_level="warning", lifespan="off")
    )
    thread = threading.Thread(target=server.run, args=([place],), daemon=True)
    thread.start()
    replay = Replay(diary, home, world, f"http://{HOST}:{place.getsockname()[1]}", begins)
    replay.write_company()
    places = {
        "SCORELINE_HOME": str(home),
        "SCORELINE_COMPANY_FILE": str(home / "company.toml"),
        "SCORELINE_SEEDS_DIR": str(home / "seeds"),
        "SCORELINE_ENV_FILE": os.devnull,
        "SCORELINE_WAREHOUSE": str(home / "warehouse.duckdb"),
        "SANDBOX_URL": replay.url,
        **hubspot.CREDENTIALS,
    }
    before = dict(os.environ)
    limits = hubspot_source.BURST, hubspot_source.SEARCHES
    os.environ.update(places)
    hubspot_source.BURST, hubspot_source.SEARCHES = (1_000_000, 10.0), (1_000_000, 1.0)
    try:
        yield replay
    finally:
        hubspot_source.BURST, hubspot_source.SEARCHES = limits
        os.environ.clear()
        os.environ.update(before)
        server.should_exit = True
        thread.join()


def mornings(begins: date, days: int) -> Iterator[datetime]:
    """07:00 of the company's days, the first of them `begins`."""
    return (from_ms(at(begins + timedelta(days=number), 7)) for number in range(days))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--days", type=int, default=DAYS, help=f"days to replay (default {DAYS})")
    parser.add_argument("--seed", type=int, default=1, help="seed of the invented account (default 1)")
    options = parser.parse_args()
    diary = Diary()
    write_days(diary, BEGINS, options.days, options.seed)
    happened = Counter(entry.kind for entry in diary.entries)
    print(
        "What happens: " + ", ".join(f"{kind} {count}" for kind, count in sorted(happened.items())),
        flush=True,
    )
    restatements: list[Restatement] = []
    with tempfile.TemporaryDirectory() as folder, replaying(diary, Path(folder), BEGINS) as replay:
        for morning in mornings(BEGINS, options.days):
            replay.day(morning)
            print(f"{morning:%Y-%m-%d}", end="\r", file=sys.stderr)
            found = replay.restatements(morning)
            restatements += found
            for restatement in found:
                print(restatement, flush=True)
        mondays = replay.mondays()
    for monday in mondays:
        mark = "" if monday.published == monday.was else "  WRONG"
        print(
            f"{monday.week_start}  pipeline {_number(monday.published):>14}, was"
            f" {_number(monday.was):>14}{mark}"
        )
    bare = [restatement for restatement in restatements if not restatement.is_explained]
    wrong = [monday for monday in mondays if monday.published != monday.was]
    print(
        f"{options.days} days: {len(restatements)} restatements, {len(bare)} of them unexplained; "
        f"{len(mondays)} Mondays, {len(wrong)} wrong; "
        f"{replay.seconds['load']:.0f} CPU seconds of loading, {replay.seconds['build']:.0f} of building"
    )
    sys.exit(bool(bare or wrong))


if __name__ == "__main__":
    main()

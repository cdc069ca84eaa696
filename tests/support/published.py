"""A published database of the contract's shape, made without dbt: golden weeks W40 to W43 of 2025 and thirty
made-up weeks before.

Every fact is added up from the records that are written beside it, so that receipts can be held against
facts. Some records carry hostile texts. `PublishedFile` lets a test say what shall be broken.
"""

from __future__ import annotations

import csv
import functools
import io
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import yaml

from benchmarks import false_alarms
from foundation.calendar import quarter_label, week_label
from foundation.settings import PROJECT_ROOT
from tests.support.models import statement

ZONE = "America/Chicago"
CLOCK = datetime(2025, 10, 27, 12, tzinfo=UTC)
W42, W43 = date(2025, 10, 13), date(2025, 10, 20)
LATE = date(2025, 10, 6)
"""From here on (W41) outside and hybrid sales are kept."""

SCRIPT = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
TEMPLATE = "{{ 7*7 }} {% for x in y %} **bold** [l](javascript:alert(1)) | cell | `code` \\\n# heading"
SQL = "'; drop table marts.fct_contributions; --"
MOVED = f"Up 31: {SCRIPT} +24, Victor Lang +7."
LONG = "Lorem ipsum dolor sit amet " * 371
RTL = "\u202eevil\u202c مرحبا بالعالم"
EMOJI = "Deal 🎉👩‍💻 «ünïcödé»"
HOSTILE = (SCRIPT, TEMPLATE, SQL, LONG, RTL, EMOJI)

_LINES = """\
section|section_label|metric|label|unit|aggregation|owners|sources|first_week|target|values
inside_sales|Inside sales|dials|Dials|count|sum|Maya Torres|hubspot||125|95 78 70 101
inside_sales|Inside sales|conversations_dm|Conversations with decision makers|count|sum|Maya Torres|hubspot||13|9 12 16 21
inside_sales|Inside sales|ftas_set|First appointments set|count|sum|Maya Torres|hubspot||1|1 0 1 0
outside_sales|Outside sales|ftas_attended|First appointments attended|count|sum|Maya Torres, Victor Lang|hubspot|W41|1|- 0 1 1
outside_sales|Outside sales|coi_attended|COI meetings attended|count|sum|Maya Torres, Victor Lang|hubspot|W41|1|- 2 3 2
outside_sales|Outside sales|networking_events|Networking events|count|sum|Maya Torres, Victor Lang|manual|W41|1|- 2 7 3
outside_sales|Outside sales|mrr_closed|MRR closed|money|sum|Maya Torres, Victor Lang|hubspot|W41|500|- 0 0 0
hybrid_sales|Hybrid sales|coi_created|COIs created|count|sum|Noor Haddad|hubspot|W41|2|- 1 2 0
hybrid_sales|Hybrid sales|coi_attended|COI meetings attended|count|sum|Noor Haddad|hubspot|W41|2|- 2 1 0
hybrid_sales|Hybrid sales|networking_events|Networking events|count|sum|Noor Haddad|manual|W41|3|- - - 0
warm_250|Warm 250|w250_dials|Warm 250 dials|count|sum|Victor Lang|hubspot||25|22 26 19 14
warm_250|Warm 250|w250_conversations_dm|Warm 250 conversations|count|sum|Victor Lang|hubspot||6|6 7 3 4
warm_250|Warm 250|w250_ftas_set|Warm 250 appointments set|count|sum|Victor Lang|hubspot||1|0 1 0 1
reactive_ops|Reactive operations|reactive_tickets_opened|Reactive tickets opened|count|sum|Sam Okafor|autotask|||80 79 78 69
reactive_ops|Reactive operations|reactive_tickets_closed|Reactive tickets closed|count|sum|Sam Okafor|autotask|||84 82 59 79
reactive_ops|Reactive operations|same_day_close_rate|Same-day close rate|percent|ratio|Sam Okafor|autotask||0.70|53/84 53/82 29/59 42/79
reactive_ops|Reactive operations|utilization|Utilization|percent|ratio|Sam Okafor|autotask||0.60|118/200 118/200 110/200 125.5/199.2
reactive_ops|Reactive operations|billable_hours|Billable hours|hours|sum|Sam Okafor|autotask|||118 118 110 125.5
marketing|Marketing|website_traffic|Website traffic|count|sum|Dana Whitfield|manual|W41||- - - -
"""
"""The values are those of the golden weeks; `-` is blank."""

_MONTHS = """\
revenue|Revenue|money|sum|81200 79950.25 84100 90310.5 20000
profit_margin|Profit margin|percent|ratio|8120/81200 7900/79950.25 8410/84100 9031/90310.5 1000/20000
"""
"""Monthly lines of finance: June to September 2025, and October so far."""

_BALANCES = (Decimal(501_000), Decimal("498250.75"), Decimal(512_000), Decimal(480_500), Decimal(523_400))
"""Cash position on the last day of W40 to W43 and now; a goal of 500,000 only from W44 on."""

_PEOPLE = {
    "maya_torres": "Maya Torres",
    "victor_lang": "Victor Lang",
    "noor_haddad": "Noor Haddad",
    "sam_okafor": "Sam Okafor",
    "dana_whitfield": "Dana Whitfield",
}

_QUARTER = """\
deals_total|Deals|count|18
deals_total_value|Value of all deals|money|97743.96
deals_won|Deals won|count|2
deals_lost|Deals lost|count|13
deals_in_progress|Deals in progress|count|3
contacts_recent|New contacts|count|57
"""


_SHELF = tempfile.TemporaryDirectory(prefix="scoreline-published-")
_MADE: dict[str, Path] = {}
"""The content of a file -> its path."""


@dataclass
class PublishedFile:
    """What the file shall say; `write()` makes it."""

    path: Path
    as_of: datetime = CLOCK
    hostile: bool = True
    stale: set[str] = field(default_factory=set)
    """Lines whose newest week is only partly covered."""
    missing: set[str] = field(default_factory=set)
    """Lines that have no number in the newest week."""
    newest: dict[str, str] = field(default_factory=dict)
    """line -> its value in the newest week, written as in `_LINES`."""
    people: dict[str, str] = field(default_factory=dict)
    """line -> `people` of dim_lines; what is typed in is always Maya's."""
    left: dict[str, date] = field(default_factory=dict)
    """person -> their last day in the company."""
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    """source -> columns of dim_sources that differ."""
    gaps: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """line -> the source that refuses what it needs, what that is, and in whose words."""
    partial: dict[str, str] = field(default_factory=dict)
    """line -> what its newest week leaves out because nobody knows whether it counts."""
    rejected: list[tuple[str, int, str, str]] = field(default_factory=list)
    totals: list[tuple[str, str, int, int]] = field(default_factory=list)
    """(source, table, what the vendor says, what is held); 3 records may differ."""
    running: bool = True
    last_week: date = W43
    left_out: int = 3
    """Records left out of each line in the newest week."""
    earlier: int = 30
    """Made-up weeks before W40."""
    changes: int = 6
    """How many weeks of Dials have been judged again; 0: nothing that was published has changed."""

    @property
    def first(self) -> date:
        return W43 - timedelta(weeks=3 + self.earlier)

    def write(self) -> Path:
        """Make the file, or copy what was made for another test that says the same."""
        says = repr(replace(self, path=Path()))
        if says not in _MADE:
            _MADE[says] = Path(_SHELF.name) / f"{len(_MADE)}.duckdb"
            self._make(_MADE[says])
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)
        return shutil.copyfile(_MADE[says], self.path)

    def _make(self, path: Path) -> None:
        # more threads would wait for each other
        with duckdb.connect(str(path), config={"threads": 1}) as connection:
            connection.execute("begin")  # or each row would wait for the disk
            connection.execute(_DDL)
            for statement in _other_marts():
                connection.execute(statement)
            self._write(connection)
            connection.execute("commit")

    def _write(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(
            "insert into marts.dim_build values (?, ?, 'Cedar Ridge IT', ?, 'USD')",
            [self.as_of, self.last_week, ZONE],
        )
        labels = {"hubspot": "HubSpot", "autotask": "Autotask", "manual": "Typed-in numbers"}
        for source, label in labels.items():
            values = {
                "source": source, "label": label, "kind": "files" if source == "manual" else "system",
                "freshness_hours": 30.0, "state": "ok", "refused": None, "unread": None,
                "complete_through": self.as_of - timedelta(hours=2), "last_success_at": self.as_of - timedelta(hours=2),
                "last_attempt_at": self.as_of - timedelta(hours=2), "last_error": None, "newest_record": self.as_of - timedelta(hours=9),
                "rows_total": 1000, "rows_loaded": 10, "requests": 5, "waited_seconds": 0.1, "access_ends": None,
            } | self.sources.get(source, {})  # fmt: skip
            connection.execute(
                f"insert into marts.dim_sources values ({', '.join('?' * len(values))})",
                list(values.values()),
            )
        for key, name in _PEOPLE.items():
            connection.execute(
                "insert into marts.dim_people values (?, ?, ?, '', null, ?)",
                [key, name, f"{key.replace('_', '.')}@cedar-ridge.example", self.left.get(key)],
            )
        connection.execute(_REASONS)
        for source, table, says, held in self.totals:
            connection.execute(
                "insert into marts.fct_reconciliations values (?, ?, ?, ?, ?, ?, ?, 3, ?)",
                [source, labels[source], table, self.as_of, says, held, held - says, abs(held - says) > 3],
            )
        for rejected in self.rejected:
            connection.execute("insert into marts.fct_manual_rejected values (?, ?, ?, ?)", list(rejected))
        facts: list[list[Any]] = []
        records: list[list[Any]] = []
        for order, row in enumerate(csv.DictReader(io.StringIO(_LINES), delimiter="|")):
            self._line(connection, order, row, facts, records)
        quarterly = [
            self._quarter_line(connection, order, text, records)
            for order, text in enumerate(_QUARTER.splitlines())
        ]
        monthly = [
            fact
            for order, text in enumerate(_MONTHS.splitlines())
            for fact in self._month_line(connection, order, text, records)
        ]
        if self.running and self.last_week == W43:
            self._balances(connection, facts, records)
        for line_id, (source, gap, words) in self.gaps.items():
            connection.execute(
                "update marts.dim_lines set refusing = ?, gap = ?, gap_in_full = ? where line_id = ?",
                [source, gap, f"{gap}: {words}", line_id],
            )
        _insert(connection, "fct_scorecard_weekly", facts)
        _insert(connection, "fct_scorecard_monthly", monthly)
        _insert(connection, "fct_scorecard_quarterly", quarterly)
        _insert(connection, "fct_contributions", records)
        self._progress(connection)
        connection.execute(_POINTS)
        connection.execute(f"insert into marts.fct_signals by name {false_alarms.statement()}")
        lines = {"int_scorecard__lines": "(select *, false as is_signed from marts.dim_lines)"}
        spans = statement("marts/scorecard/fct_spans", lines, "marts.")
        connection.execute(f"insert into marts.fct_spans by name {spans}")
        if self.changes:
            self._changes(connection)

    def _progress(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Why dials moved in W43, with a member's name as a vendor might give it, what was defined otherwise,
        the state of three lines."""
        for table in ("weekly", "monthly", "quarterly"):
            for column in (
                "goal_note text",
                "n_unknown bigint",
                "partial_note text",
                "tolerance decimal(18, 6)",
            ):
                connection.execute(f"alter table marts.fct_scorecard_{table} add column {column}")
        for line_id, note in self.partial.items():
            connection.execute(
                "update marts.fct_scorecard_weekly set n_unknown = 1, partial_note = ? where line_id = ? and"
                " week_start = ?",
                [note, line_id, self.last_week],
            )
        connection.execute(
            "insert into marts.fct_movements values ('inside_sales.dials', ?, ?)", [W43, MOVED]
        )
        _insert(connection, "fct_definition_changes", [
            ["inside_sales.dials", W42, W42, "goal", "goal ≥ 100 → ≥ 125", SCRIPT, f"Goal ≥ 100 → ≥ 125 from 13 Oct 2025: {SCRIPT}."],
            ["inside_sales.dials", W43, W43, "settings", "settings changed", None, "Settings changed on 20 Oct 2025."],
            ["reactive_ops.same_day_close_rate", date(2025, 10, 21), W43, "sql", "SQL changed", None, "SQL changed on 21 Oct 2025."],
            ["finance.revenue", date(2025, 8, 1), date(2025, 8, 1), "sql", "SQL changed", None, "SQL changed on 1 Aug 2025."],
        ])  # fmt: skip
        if self.running and self.last_week == W43:
            week, quarter = W43 + timedelta(weeks=1), date(2025, 9, 29)
            _insert(connection, "fct_pace", [
                [line, "quarter", quarter, date(2025, 12, 28), "2025-Q4", value, ">=", target, None, share, 62, 42, even, None, needed,
                 "week", 9, pace, None, 4, 4, self.as_of]
                for line, value, target, share, even, needed, pace in (
                    ("inside_sales.dials", 344, 1625, Decimal("0.32"), 500, Decimal("142.334"), "behind"),
                    ("inside_sales.conversations_dm", 58, 169, Decimal("0.32"), 52, Decimal("12.334"), "ahead"),
                )
            ] + [
                ["inside_sales.dials", "week", week, week + timedelta(days=6), week_label(week), 0, ">=", 125, None, 0, 5, 5, 0, None, 25,
                 "working_day", 5, "too_early", None, 1, 1, self.as_of],
            ])  # fmt: skip

    def _changes(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Dials of W43 went up and down again, a deal of W42 lost its MRR, a ticket is gone, W41 was filled
        in, a goal was changed."""
        dials, tickets = "inside_sales.dials", "reactive_ops.same_day_close_rate"
        up, down = self.as_of - timedelta(hours=6), self.as_of - timedelta(hours=1)
        tuesday = datetime(2025, 10, 21, 11, tzinfo=UTC)
        week = timedelta(days=7)
        rows = [
            [dials, W43, up, "restated", "records", 100, 102, None, None, (2, 0, 0)],
            [dials, W43, down, "restated", "records", 102, 101, None, None, (0, 1, 0)],
            [
                "outside_sales.mrr_closed",
                W43 - week,
                tuesday,
                "restated",
                "records",
                500,
                0,
                None,
                None,
                (0, 0, 1),
            ],
            [tickets, W43 - week, tuesday, "restated", "definition", 30, 29, 60, 59, (0, 1, 0)],
            [
                "outside_sales.networking_events",
                LATE,
                tuesday,
                "filled",
                "records",
                None,
                2,
                None,
                None,
                (1, 0, 0),
            ],
            *(
                [dials, W43 - (4 + i) * week, tuesday, "rejudged", "goal", 90, 90, None, None, (0, 0, 0)]
                for i in range(self.changes)
            ),
        ]
        labels = {
            row[0]: row[1:]
            for row in connection.execute(
                "select line_id, section, metric_id, label from marts.dim_lines"
            ).fetchall()
        }
        goals = {
            dials: 125,
            tickets: Decimal("0.7"),
            "outside_sales.mrr_closed": 500,
            "outside_sales.networking_events": 1,
        }
        changed = []
        for line, start, at, kind, cause, was, now, below_was, below_now, counts in rows:
            section, metric, label = labels[line]
            parts = [Decimal(n) if n is not None else None for n in (was, now)]
            bottoms = [Decimal(b) if b else Decimal(1) for b in (below_was, below_now)]
            values = [
                part / bottom if part is not None else None
                for part, bottom in zip(parts, bottoms, strict=True)
            ]
            target = Decimal(goals[line])
            old = Decimal(100) if kind == "rejudged" else target
            changed.append([
                line, section, metric, label, "week", start, week_label(start), at, at - timedelta(days=3), kind, cause, *values,
                *parts, *bottoms, ">=", ">=", old, target, None, None, _status(values[0], old), _status(values[1], target),
                "missing" if was is None else "live", "live", *counts,
            ])  # fmt: skip
        _insert(connection, "fct_restatements", changed)
        records = []
        for line, start, at, change, reason, other, name, url in (
            (dials, W43, up, "added", None, None, SCRIPT, "javascript:alert(1)"),
            (dials, W43, up, "added", None, date(2025, 10, 17), RTL, "https://ok.example/a?b=1&c='\"<x>"),
            (dials, W43, down, "removed", "wrong_queue", None, TEMPLATE, None),
            ("outside_sales.mrr_closed", W43 - week, tuesday, "changed", None, None, LONG, None),
            (tickets, W43 - week, tuesday, "removed", None, None, SQL, None),
        ):
            was_counted, is_counted = (
                (None, 1) if change == "added" else (1, None) if change == "removed" else (500, 0)
            )
            records.append([
                line, start, at, change, reason, reason is not None, other, start, "Maya Torres", was_counted, is_counted, was_counted,
                is_counted, "hubspot", "record", f"{line}-{name[:9]}", url, name,
            ])  # fmt: skip
        _insert(connection, "fct_restatement_records", records)

    def _weeks(self) -> list[date]:
        last = self.last_week + timedelta(weeks=int(self.running))
        return [self.first + timedelta(weeks=i) for i in range((last - self.first).days // 7 + 1)]

    def _line(
        self,
        connection: duckdb.DuckDBPyConnection,
        order: int,
        row: dict[str, str],
        facts: list[list[Any]],
        records: list[list[Any]],
    ) -> None:
        line_id = f"{row['section']}.{row['metric']}"
        since = LATE if row["first_week"] else self.first
        _dimension(connection, line_id, row, order * 10, "week", since, self.people.get(line_id))
        target = Decimal(row["target"]) if row["target"] else None
        golden = row["values"].split()
        weeks = [week for week in self._weeks() if week >= since]
        pooled: dict[str, list[tuple[Decimal, Decimal]]] = {}
        expected: dict[str, int] = {}
        streak = 0
        previous = None
        for week in weeks:
            back = (W43 - week).days // 7
            finished = week <= self.last_week
            text = golden[3 - back] if 0 <= back < 4 else _made_up(row, back)
            newest = week == self.last_week
            parts = (
                _parts(self.newest.get(line_id, text) if newest else text, row["aggregation"])
                if finished
                else None
            )
            if not finished and row["sources"] != "manual":
                parts = (Decimal(0), Decimal(1 if row["aggregation"] == "sum" else 0))
            if newest and line_id in self.missing:
                parts = None
            if parts is not None:
                records += self._records(line_id, row, week, parts)
            value = None if parts is None or not parts[1] else parts[0] / parts[1]
            stale = newest and line_id in self.stale
            status = (
                "not_applicable"
                if parts is not None and not parts[1]
                else _status(None if stale else value, target)
            )
            quarter = quarter_label(week)
            if stale:
                streak = 0  # not whole: neither judged, nor pooled, nor expected
            elif finished:
                expected[quarter] = expected.get(quarter, 0) + 1
                if value is not None and parts is not None:
                    pooled.setdefault(quarter, []).append(parts)
                streak = streak + 1 if status == "below" else 0
            tops = pooled.get(quarter, [])
            bottom = sum((b for _, b in tops), Decimal(0))
            mean = sum((a for a, _ in tops), Decimal(0)) / bottom if bottom else None
            state = "provisional" if not finished else "manual" if row["sources"] == "manual" else "live"
            if value is None and status != "not_applicable":
                state = "missing"
            if stale:
                state = "stale"
            reach = self.as_of - timedelta(days=4) if stale else self.as_of - timedelta(hours=2)
            facts.append([
                line_id, row["section"], row["metric"], week, week_label(week), finished, value, *(parts or (None, None)),
                0 if parts is None else int(parts[0]), ">=" if target is not None else None, target, None,
                Decimal("0.1") if target is not None else None, status, previous, quarter, mean, len(tops), expected.get(quarter, 0),
                _status(mean, target), mean, streak if finished else 0, state, None if state == "missing" else reach,
            ])  # fmt: skip
            previous = value

    def _records(
        self, line_id: str, row: dict[str, str], week: date, parts: tuple[Decimal, Decimal]
    ) -> list[list[Any]]:
        """Records that add up to `parts`, and a few that are left out."""
        top, bottom = parts
        made: list[tuple[Decimal, Decimal, bool, str | None]] = []
        if row["aggregation"] == "ratio" and row["metric"] == "utilization":
            rest = bottom - top
            made = [(a, b, True, None) for a, b in ((top, top), (Decimal(0), rest)) if b]
        elif row["aggregation"] == "ratio":
            made = [(Decimal(i < top), Decimal(1), True, None) for i in range(int(bottom))]
        elif row["unit"] == "count" and row["sources"] != "manual":
            made = [(Decimal(1), Decimal(1), True, None)] * int(top)
        elif top or row["sources"] == "manual":
            made = [(top, Decimal(1), True, None)]
        left = 3 if week < self.last_week else self.left_out
        if row["sources"] != "manual":
            made += [
                (Decimal(1), Decimal(1), False, ("deleted", "wrong_queue", "counted_for_victor_lang")[i % 3])
                for i in range(left)
            ]
        out = []
        for i, (numerator, denominator, counted, reason) in enumerate(made):
            label = f"{row['label']} {i + 1}"
            url: str | None = f"https://app.vendor.example/record/{line_id}/{week}/{i}"
            if self.hostile and week == self.last_week and i < len(HOSTILE):
                label = HOSTILE[i]
                url = (
                    "javascript:alert(1)",
                    "data:text/html,x",
                    "https://ok.example/a?b=1&c='\"<x>",
                    "//no.example",
                    "HTTPS://ok.example/",
                    None,
                )[i]
            out.append([
                line_id, week, week, week_label(week), row["metric"], "maya_torres", "Maya Torres", week + timedelta(days=i % 7), numerator,
                denominator, counted, reason, row["sources"], "record", f"{line_id}-{week}-{i}", url, label,
            ])  # fmt: skip
        return out

    def _quarter_line(
        self, connection: duckdb.DuckDBPyConnection, order: int, text: str, records: list[list[Any]]
    ) -> list[Any]:
        metric, label, unit, shown = text.split("|")
        line_id = f"quarter_summary.{metric}"
        row = {
            "section": "quarter_summary", "section_label": "Quarter summary", "metric": metric, "label": label, "unit": unit,
            "aggregation": "sum", "owners": "Dana Whitfield", "sources": "hubspot",
        }  # fmt: skip
        _dimension(connection, line_id, row, 900 + order, "quarter", self.first)
        start, end = date(2025, 9, 29), date(2025, 12, 28)
        value = Decimal(shown)
        single = unit == "money"
        for i in range(1 if single else int(value)):
            week = start + timedelta(weeks=i % 4)
            records.append([
                line_id, start, week, week_label(week), metric, None, None, week, value if single else Decimal(1), Decimal(1), True, None,
                "hubspot", "deal", f"{metric}-{i}", f"https://app.vendor.example/deal/{i}", f"Deal {i}",
            ])  # fmt: skip
        return [
            line_id, "quarter_summary", metric, "2025-Q4", start, end, False, value, 1, None, None, None, "no_goal", "provisional",
            self.as_of,
        ]  # fmt: skip

    def _month_line(
        self, connection: duckdb.DuckDBPyConnection, order: int, text: str, records: list[list[Any]]
    ) -> list[list[Any]]:
        metric, label, unit, aggregation, shown = text.split("|")
        line_id = f"finance.{metric}"
        row = {
            "section": "finance", "section_label": "Finance", "metric": metric, "label": label, "unit": unit,
            "aggregation": aggregation, "parts": "{money} of {money}" if aggregation == "ratio" else None, "owners": "Dana Whitfield",
            "sources": "hubspot",
        }  # fmt: skip
        _dimension(connection, line_id, row, 700 + order, "month", date(2025, 6, 1))
        facts: list[list[Any]] = []
        previous = None
        quarter: list[tuple[Decimal, Decimal]] = []
        for i, month in enumerate(shown.split()):
            start = date(2025, 6 + i, 1)
            end = date(2025, 7 + i, 1) - timedelta(days=1)
            parts = _parts(month, aggregation)
            assert parts is not None
            finished = i < 4
            if start.month in (7, 10):
                quarter = []
            if finished:
                quarter.append(parts)
            bottom = sum((b for _, b in quarter), Decimal(0)) if aggregation == "ratio" else Decimal(1)
            value = parts[0] / parts[1]
            facts.append([
                line_id, "finance", metric, start, end, f"{start:%Y-%m}", finished, value, *parts, 1, None, None, None, None, "no_goal",
                previous, f"Q{(start.month - 1) // 3 + 1} 2025", sum((a for a, _ in quarter), Decimal(0)) / bottom if quarter else None,
                len(quarter), len(quarter), "live" if finished else "provisional", self.as_of,
            ])  # fmt: skip
            previous = value
            monday = start - timedelta(days=start.weekday())
            records.append([
                line_id, start, monday, week_label(monday), metric, None, None, start, *parts, True, None, "hubspot", "report",
                f"{metric}-{i}", None, f"Profit and loss {start:%Y-%m}",
            ])  # fmt: skip
        return facts

    def _balances(
        self, connection: duckdb.DuckDBPyConnection, facts: list[list[Any]], records: list[list[Any]]
    ) -> None:
        line_id = "finance.cash_position"
        row = {
            "section": "finance", "section_label": "Finance", "metric": "cash_position", "label": "Cash position", "unit": "money",
            "aggregation": "last", "owners": "Dana Whitfield", "sources": "hubspot",
        }  # fmt: skip
        _dimension(connection, line_id, row, 750, "week", LATE - timedelta(days=7))
        for i, balance in enumerate(_BALANCES):
            week = W43 + timedelta(weeks=i - 3)
            finished = i < 4
            target = None if finished else Decimal(500_000)
            facts.append([
                line_id, "finance", "cash_position", week, week_label(week), finished, balance, balance, Decimal(1), 1,
                None if finished else ">=", target, None, None if finished else Decimal("0.1"), _status(balance, target),
                _BALANCES[i - 1] if i else None, "2025-Q4", sum(_BALANCES[: min(i, 3) + 1]) / Decimal(min(i, 3) + 1), min(i, 3) + 1,
                min(i, 3) + 1, "no_goal", balance, 0, "live" if finished else "provisional", self.as_of,
            ])  # fmt: skip
            day = week if not finished else week + timedelta(days=6)
            records.append([
                line_id, week, week, week_label(week), "cash_position", None, None, day, balance, Decimal(1), True, None, "hubspot",
                "balance", f"{day}", None, "Operating Checking",
            ])  # fmt: skip


def _dimension(
    connection: duckdb.DuckDBPyConnection,
    line_id: str,
    row: dict[str, str],
    order: int,
    cadence: str,
    since: date,
    people: str | None = None,
) -> None:
    connection.execute(
        "insert into marts.dim_lines values (?, ?, ?, ?, ?, ?, ?, ?, 'up', ?, ?, ?, ?, null, ?, null, null, null, ?, null)",
        [line_id, row["section"], row["section_label"], order, row["metric"], row["label"], row["unit"], row["aggregation"], cadence,
         row["owners"], row["owners"].lower().replace(", ", ";").replace(" ", "_"), people, row["sources"], since],
    )  # fmt: skip
    known = connection.execute(
        "select count(*) from marts.dim_metrics where metric_id = ?", [row["metric"]]
    ).fetchone()
    if known and not known[0]:
        connection.execute(
            "insert into marts.dim_metrics values (?, ?, ?, ?, ?, 'up', ?, ?, ?, ?, ?, ?, ?, 'models/x.sql', 'select 1', false)",
            [row["metric"], row["label"], row["unit"], row["aggregation"], row.get("parts"), cadence, row["sources"],
             f"What {row['label']} means.", "It shows early whether the week went well.", "Counted by local day.", "None that fits.", "A blank is no zero."],
        )  # fmt: skip


def _made_up(row: dict[str, str], back: int) -> str:
    """A plausible older week: the golden weeks' middle, with a wave in it; now and then a blank."""
    if row["sources"] == "manual" and back % 5 == 0:
        return "-"
    base = row["values"].split()[1 + back % 3]
    if base == "-":
        return base
    if "/" in base:
        top, bottom = base.split("/")
        return f"{Decimal(top) - back % 4}/{bottom}"
    return str(max(Decimal(0), Decimal(base) + (back * 7) % 5 - 2))


def _parts(text: str, aggregation: str) -> tuple[Decimal, Decimal] | None:
    if text == "-":
        return None
    top, _, bottom = text.partition("/")
    return Decimal(top), Decimal(bottom) if aggregation == "ratio" else Decimal(1)


def _status(value: Decimal | None, target: Decimal | None) -> str:
    if target is None:
        return "no_goal"
    if value is None:
        return "no_data"
    if value >= target:
        return "met"
    return "near" if value >= target * Decimal("0.9") else "below"


@functools.cache
def _other_marts() -> tuple[str, ...]:
    """The marts that only some pages read, empty, with the columns of their contracts."""
    models = [
        model
        for path in sorted((PROJECT_ROOT / "dbt_project/models/marts").rglob("*.yml"))
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", [])
    ]
    return tuple(
        f"create table if not exists marts.{model['name']} ("
        + ", ".join(f"{column['name']} {column['data_type']}" for column in model["columns"])
        + ")"
        for model in models
    )


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[list[Any]]) -> None:
    """Many rows at once: thousands of bound parameters would take seconds, and so would pandas. As text, whose
    types are those of the table."""
    if rows:
        columns = [
            [cell if cell is None or isinstance(cell, list) else str(cell) for cell in column]
            for column in zip(*rows, strict=True)
        ]
        inserted = pa.table(columns, [f"column_{i}" for i in range(len(columns))])
        connection.register("inserted", inserted)
        connection.execute(f"insert into marts.{table} from inserted")
        connection.unregister("inserted")


_POINTS = """
create temp view int_signals__points as
select line_id, week_start, value::double as value, unit, false as is_signed, 0 as base, 0 as stretch
from marts.fct_scorecard_weekly join marts.dim_lines using (line_id)
where is_finished and value is not null and state in ('live', 'manual') and partial_note is null
"""

_REASONS = """
insert into marts.dim_reasons values ('deleted', 'Deleted or archived in the source', false),
    ('wrong_queue', 'In a queue that does not count', false), ('counted_for_victor_lang', 'Counted already for Victor Lang', false)
"""

_DDL = """
create schema marts;
create table marts.dim_build (as_of timestamptz, finished_week date,
    company_name text, time_zone text, currency text);
create table marts.dim_lines (
    line_id text, section text, section_label text, sort_order int, metric_id text, label text, unit text, aggregation text,
    direction text, cadence text, owner_names text, owners text, people text, feed text, sources text, refusing text,
    gap text, gap_in_full text, valid_from date, valid_to date
);
create table marts.dim_metrics (
    metric_id text, label text, unit text, aggregation text, parts text, direction text, cadence text, sources text,
    definition text, why text, calculation text, benchmark text, edge_cases text, model_path text, model_sql text, any_source boolean
);
create table marts.dim_sources (
    source text, label text, kind text, freshness_hours double, state text, refused text,
    unread text, complete_through timestamptz, last_success_at timestamptz,
    last_attempt_at timestamptz, last_error text, newest_record timestamptz, rows_total bigint, rows_loaded bigint, requests bigint,
    waited_seconds double, access_ends timestamptz
);
create table marts.fct_reconciliations (
    source text, source_label text, table_name text, counted_at timestamptz, vendor_total bigint, records_held bigint, difference bigint,
    tolerance bigint, is_off boolean
);
create table marts.dim_people (person_key text, full_name text, email text, team text, active_from date, active_to date);
create table marts.fct_manual_rejected (file text, line bigint, reason text, content text);
create table marts.fct_scorecard_weekly (
    line_id text, section text, metric_id text, week_start date, week_label text, is_finished boolean, value decimal(28, 12),
    numerator decimal(28, 9), denominator decimal(28, 9), n bigint, operator text, target decimal(28, 9), target_2 decimal(28, 9),
    band decimal(9, 4), status text, previous_value decimal(28, 12), quarter_label text, quarter_value decimal(28, 12), quarter_weeks int,
    quarter_weeks_expected int, quarter_status text, trailing_13_value decimal(28, 12), weeks_off_track int, state text, as_of timestamptz
);
create table marts.fct_scorecard_monthly (
    line_id text, section text, metric_id text, month_start date, month_end date, month_label text, is_finished boolean,
    value decimal(28, 12), numerator decimal(28, 9), denominator decimal(28, 9), n bigint, operator text, target decimal(28, 9),
    target_2 decimal(28, 9), band decimal(9, 4), status text, previous_value decimal(28, 12), quarter_label text,
    quarter_value decimal(28, 12), quarter_months int, quarter_months_expected int, state text, as_of timestamptz
);
create table marts.fct_scorecard_quarterly (
    line_id text, section text, metric_id text, quarter_label text, quarter_start date, quarter_end date, is_finished boolean,
    value decimal(28, 12), n bigint, operator text, target decimal(28, 9), target_2 decimal(28, 9), status text, state text,
    as_of timestamptz
);
create table marts.fct_movements (line_id text, period_start date, sentence text);
create table marts.fct_pace (
    line_id text, span text, period_start date, period_end date, period_label text, value decimal(28, 9), operator text,
    target decimal(28, 9), target_2 decimal(28, 9), elapsed_share decimal(9, 6), working_days int, working_days_left decimal(9, 3),
    expected_so_far decimal(28, 9), projected decimal(28, 9), needed decimal(28, 9), needed_per text, units_left decimal(9, 3), pace text,
    status text, periods_with_number int, periods_begun int, as_of timestamptz
);
create table marts.fct_restatements (
    line_id text, section text, metric_id text, label text, cadence text, period_start date, period_label text, changed_at timestamptz,
    published_at timestamptz, kind text, cause text, value_was decimal(28, 12), value_now decimal(28, 12), numerator_was decimal(28, 9),
    numerator_now decimal(28, 9), denominator_was decimal(28, 9), denominator_now decimal(28, 9), operator_was text, operator_now text,
    target_was decimal(28, 9), target_now decimal(28, 9), target_2_was decimal(28, 9), target_2_now decimal(28, 9), status_was text,
    status_now text, state_was text, state_now text, n_added int, n_removed int, n_changed int
);
create table marts.fct_restatement_records (
    line_id text, period_start date, changed_at timestamptz, change text, reason text, is_known_on_both_sides boolean, other_day date,
    occurred_on date, person_name text, numerator_was decimal(28, 9), numerator_now decimal(28, 9), denominator_was decimal(28, 9),
    denominator_now decimal(28, 9), source text, record_type text, record_id text, record_url text, record_label text
);
create table marts.fct_contributions (
    line_id text, period_start date, week_start date, week_label text, metric_id text, person_key text, person_name text,
    occurred_on date, numerator decimal(28, 9), denominator decimal(28, 9), counted boolean, reason text, source text,
    record_type text, record_id text, record_url text, record_label text
);
"""

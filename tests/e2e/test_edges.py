"""Rules at the edges, worked out once more in plain Python from the raw tables of the demo: who counts as a
lead, which mails were sent, how long contacts waited, and how weeks pool."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from foundation.settings import HubSpotSection
from tests.e2e.conftest import MONDAY, Install

pytestmark = pytest.mark.e2e

CHICAGO = ZoneInfo("America/Chicago")
WAIT = timedelta(days=14)
NOT_SENT = {"BOUNCED", "FAILED", "SCHEDULED", "SENDING"}
OURS = {"EMAIL": True, "FORWARDED_EMAIL": True, "INCOMING_EMAIL": False}


def raw(install: Install, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(install.home / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def monday_of(instant: datetime) -> date:
    day = instant.astimezone(CHICAGO).date()
    return day - timedelta(days=day.weekday())


def weekly(install: Install, line: str) -> dict[date, Decimal]:
    return dict(
        install.query(
            f"select week_start, value from marts.fct_scorecard_weekly where line_id = '{line}' and value > 0"
        )
    )


def test_a_lead_came_to_the_stage_lead_or_further(monday: Install) -> None:
    stages = HubSpotSection().lifecycle_stages
    from_lead_on = set(stages[stages.index("lead") :])
    expected: dict[date, int] = defaultdict(int)
    subscribers = 0
    for stage, became_lead, created in raw(
        monday,
        "select lower(lifecyclestage), became_lead_at, created_at from raw_hubspot.contacts where not archived",
    ):
        if became_lead or stage in from_lead_on:
            expected[monday_of(became_lead or created)] += 1
        else:
            subscribers += 1
    shown = weekly(monday, "marketing.leads_generated")
    assert shown == {week: count for week, count in expected.items() if week >= min(shown)}
    assert subscribers > 50 and shown[date(2025, 10, 6)] == 9


def test_a_mail_that_was_sent_is_one_on_every_page(monday: Install) -> None:
    expected: dict[str, int] = defaultdict(int)
    for owner, direction, status in raw(
        monday,
        "select o.email, upper(e.hs_email_direction), upper(e.hs_email_status) from raw_hubspot.emails as e"
        " left join raw_hubspot.owners as o on o.id = e.hubspot_owner_id where not e.archived"
        f" and e.hs_timestamp between '2025-01-01 06:00:00+00' and '{MONDAY.isoformat()}'",
    ):
        if OURS.get(direction) and status not in NOT_SENT:
            expected[(owner or "").lower().split("@")[0].replace(".", "_")] += 1
    tiles = dict(
        monday.query(
            "select owner_key, value from marts.fct_sales_kpis where measure = 'emails' and period_key = 'ytd'"
        )
    )
    lines = dict(
        monday.query(
            "select person_key, count(*) from marts.fct_contributions where metric_id = 'emails_by_rep' and"
            " counted and occurred_on >= '2025-01-01' group by 1"
        )
    )
    assert tiles["all"] == sum(expected.values()) > 500
    assert len(lines) == 3
    assert lines == {rep: expected[rep] for rep in lines} == {rep: tiles[rep] for rep in lines}


def test_contacts_wait_for_the_first_word_of_ours(monday: Install) -> None:
    """What a contact says after fourteen days unheard is another question."""
    (connected,) = HubSpotSection().connected_outcomes
    said: dict[tuple[str, str], tuple[datetime, bool]] = {}
    """(kind, id) of a message -> when, and whether it is ours."""
    for id, at, direction, status in raw(
        monday,
        "select id, hs_timestamp, upper(hs_email_direction), upper(hs_email_status) from raw_hubspot.emails"
        " where not archived",
    ):
        if direction in OURS and status not in NOT_SENT and at <= MONDAY:
            said["email", id] = (at, OURS[direction])
    for id, at, direction, outcome in raw(
        monday,
        "select id, hs_timestamp, hs_call_direction, hs_call_disposition from raw_hubspot.calls where not archived",
    ):
        if (outcome == connected or direction) and at <= MONDAY:
            said["call", id] = (at, outcome == connected or direction == "OUTBOUND")
    winner = {
        loser: id
        for id, losers in raw(
            monday,
            "select id, hs_merged_object_ids from raw_hubspot.contacts where hs_merged_object_ids is not null",
        )
        for loser in losers.split(";")
    }
    of_contact: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for kind, id, contact in raw(
        monday,
        "select from_type, from_id, to_id from raw_hubspot.associations where to_type = 'contact' and to_id is"
        " not null and from_type in ('email', 'call')",
    ):
        if (kind, id) in said:
            of_contact[winner.get(contact, contact)].add((kind, id))
    expected: dict[tuple[str, str], timedelta] = {}
    for messages in of_contact.values():
        waiting: list[tuple[str, str]] = []
        for message in sorted(messages, key=lambda key: (said[key][0], key[1])):
            at, ours = said[message]
            if not ours:
                if not waiting or at > said[waiting[-1]][0] + WAIT:
                    waiting.append(message)
                continue
            for asked in waiting:
                if (took := at - said[asked][0]) <= WAIT:
                    expected[asked] = min(took, expected.get(asked, WAIT))
            waiting = []
    shown = {
        (kind, id): hours
        for kind, id, hours in raw(
            monday,
            "select record_type, record_id, numerator from metrics.activity_response_time where counted",
        )
    }
    assert shown.keys() == expected.keys() and len(shown) > 400
    assert max(abs(float(shown[key]) - expected[key].total_seconds() / 3600) for key in shown) < 0.001


def pooled(weeks: Iterable[tuple[Any, ...]]) -> Decimal | None:
    """The quarter's value of weeks as `WEEKS` gives them, all of one line and quarter."""
    top = bottom = Decimal(0)
    for aggregation, numerator, denominator, state, is_finished in weeks:
        if not is_finished or state == "stale" or numerator is None or denominator is None:
            continue
        if aggregation == "last_ratio" and not denominator:
            continue
        top, bottom = top + numerator, bottom + denominator
    return top / bottom if bottom else None


WEEKS = """
select f.line_id, f.quarter_label, f.quarter_value, l.aggregation, f.numerator, f.denominator, f.state, f.is_finished
from marts.fct_scorecard_weekly as f join marts.dim_lines as l using (line_id)
where l.aggregation <> 'median' order by f.line_id, f.week_start
"""


def quarters(install: Install) -> dict[tuple[str, str], list[tuple[Any, ...]]]:
    found: dict[tuple[str, str], list[tuple[Any, ...]]] = defaultdict(list)
    for line, quarter, *week in install.query(WEEKS):
        found[line, quarter].append(tuple(week))
    return found


def test_every_quarter_pools_its_weeks_by_one_rule(monday: Install) -> None:
    """Money of a week without a new lead stays in the quarter, a velocity that is none is not 0."""
    told = quarters(monday)
    empty = 0
    for key, weeks in told.items():
        for number in range(1, len(weeks) + 1):
            expected = pooled(week[1:] for week in weeks[:number])
            shown = weeks[number - 1][0]
            assert (shown is None) == (expected is None), key
            assert expected is None or abs(shown - expected) < Decimal("1e-6") * (1 + abs(expected)), key
        empty += any(week[3] == 0 for week in weeks)
    assert len(told) > 200 and empty > 3
    (attended,) = monday.query(
        "select round(quarter_value, 2), quarter_weeks, quarter_weeks_expected from marts.fct_scorecard_weekly"
        " where line_id = 'outside_sales.ftas_attended' and week_label = '2025-W43'"
    )
    assert attended == (Decimal("0.67"), 3, 3), "the line began a week after the quarter"

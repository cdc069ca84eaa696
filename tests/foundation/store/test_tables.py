"""What the store keeps: entries, goals, audit, links, sessions, tokens and choices, on SQLite and Postgres."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from foundation.settings import Settings
from foundation.store import begin, read, sign_in
from foundation.store.audit import audit_records, record
from foundation.store.entries import Entry, add_entry, all_entries, entries_of, standing_entry
from foundation.store.goals import add_goal, stored_goals
from foundation.store.rows import KeyUsed
from foundation.store.schema import metadata
from foundation.store.subscriptions import (
    choose_subscription,
    subscription_choice_of,
    subscription_choices_for,
)

NOW = datetime(2025, 10, 27, 12, tzinfo=UTC)
DIALS = ("inside_sales.dials", "maya_torres", "2025-W43")


def typed(connection: sa.Connection, value: str, key: str, **more: Any) -> Entry:
    metric, person, period = DIALS
    fields = {"metric": metric, "person": person, "period": period, "entered_at": NOW, "entered_by": "maya"}
    return add_entry(
        connection, **{**fields, "value": Decimal(value), "idempotency_key": key, **more}
    )  # fmt: skip


def test_the_tables_are_those_of_the_schema(store: Settings) -> None:
    with read(store) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_number_is_kept_as_typed_and_its_correction_names_it(store: Settings) -> None:
    with begin(store) as connection:
        first = typed(connection, "1250.50", "a", note="two shows")
        second = typed(connection, "1260.50", "b", reason="one was missing")
        typed(connection, "3", "c", person=None)
    with read(store) as connection:
        trail = entries_of(connection, *DIALS)
        assert [str(one.value) for one in trail] == ["1250.50", "1260.50"]
        assert second.corrects == first.sequence and first.corrects is None
        assert standing_entry(connection, *DIALS) == second
        assert standing_entry(connection, DIALS[0], None, DIALS[2]) == all_entries(connection)[-1]
        assert standing_entry(connection, DIALS[0], "noor_haddad", DIALS[2]) is None


def test_the_same_request_twice_is_one_entry(store: Settings) -> None:
    with begin(store) as connection:
        first = typed(connection, "7", "a")
    with begin(store) as connection:
        assert typed(connection, "7.0", "a", entered_at=NOW + timedelta(minutes=1)) == first
        with pytest.raises(KeyUsed, match="'a' was used before"):
            typed(connection, "8", "a")
    with read(store) as connection:
        assert len(all_entries(connection)) == 1


def test_what_raises_leaves_nothing(store: Settings) -> None:
    with pytest.raises(RuntimeError), begin(store) as connection:
        typed(connection, "7", "a")
        raise RuntimeError
    with read(store) as connection:
        assert all_entries(connection) == []


def test_a_goal_is_kept_exactly(store: Settings) -> None:
    fields: dict[str, Any] = {
        "line_id": "inside_sales.dials", "valid_from": date(2025, 10, 27), "operator": ">=", "target": Decimal("130.0"),
        "band": Decimal("0.10"), "reason": "new list", "entered_at": NOW, "entered_by": "dana",
    }  # fmt: skip
    with begin(store) as connection:
        goal = add_goal(connection, **fields, idempotency_key="a")
        assert add_goal(connection, **fields, idempotency_key="a") == goal
        with pytest.raises(KeyUsed):
            add_goal(connection, **{**fields, "target": Decimal(131)}, idempotency_key="a")
    with read(store) as connection:
        assert stored_goals(connection, "inside_sales.dials") == [goal] and str(goal.target) == "130.0"
        assert stored_goals(connection, "inside_sales.ftas_set") == []


def test_the_audit_tells_the_newest_first(store: Settings) -> None:
    with begin(store) as connection:
        for action in ("signed_in", "typed", "set_goal"):
            record(connection, at=NOW, who="maya", action=action, details={"value": "7"})
    with read(store) as connection:
        newest, *_ = found = audit_records(connection, most=2)
        assert [one.action for one in found] == ["set_goal", "typed"] and newest.details == {"value": "7"}
        assert [one.action for one in audit_records(connection, before=found[-1].sequence)] == ["signed_in"]


def ask(store: Settings, now: datetime = NOW, client: str = "10.0.0.1", **more: Any) -> str | None:
    fields = {"address": "Maya@x.example", "client": client, "known": True, "now": now, **more}
    with begin(store) as connection:
        return sign_in.ask_for_link(connection, **fields)


def test_a_link_works_once_and_for_15_minutes(store: Settings) -> None:
    secret, late = ask(store), ask(store)
    assert secret and late
    with begin(store) as connection:
        assert sign_in.link_address(connection, secret, NOW) == "maya@x.example"
        assert sign_in.use_link(connection, secret, NOW) == "maya@x.example"
        assert sign_in.use_link(connection, secret, NOW) is None
        assert sign_in.link_address(connection, secret, NOW) is None
        assert sign_in.use_link(connection, late, NOW + timedelta(minutes=15)) is None
        assert sign_in.use_link(connection, late, NOW - timedelta(seconds=1)) is None
        hashes = connection.execute(sa.text("select hash from sign_in_links")).scalars().all()
    assert secret not in hashes and len(set(hashes)) == 2


def test_five_links_an_hour_per_address_and_twenty_per_client(store: Settings) -> None:
    assert all(ask(store) for _ in range(5)) and ask(store) is None
    assert ask(store, NOW + timedelta(minutes=61))
    # who asks for strangers runs out too, and learns nothing
    asked = [ask(store, client="10.0.0.2", address=f"{i}@x.example", known=False) for i in range(20)]
    assert asked == [None] * 20 and ask(store, client="10.0.0.2", address="sam@x.example") is None
    assert ask(store, client="10.0.0.3", address="sam@x.example")


def test_a_session_ends_when_idle_old_or_signed_out(store: Settings) -> None:
    with begin(store) as connection:
        one, two, other = (
            sign_in.start_session(connection, address=who, method="mail", now=NOW)
            for who in ("Maya@x.example", "maya@x.example", "sam@x.example")
        )
        session = sign_in.session_of(connection, one, NOW + timedelta(hours=11))
        assert session and session.address == "maya@x.example"
        assert sign_in.session_of(connection, one, NOW + timedelta(hours=12)) is None
        for day in range(1, 61):
            sign_in.see_session(connection, session, NOW + timedelta(days=day / 2))
        assert sign_in.session_of(connection, one, NOW + timedelta(days=29.9))
        assert sign_in.session_of(connection, one, NOW + timedelta(days=30)) is None
        assert sign_in.session_of(connection, session.hash, NOW) is None, "what is stored opens nothing"
        sign_in.end_session(connection, other, NOW)
        assert sign_in.session_of(connection, other, NOW) is None and sign_in.session_of(connection, two, NOW)
        sign_in.end_sessions_of(connection, "MAYA@x.example", NOW)
        assert sign_in.session_of(connection, two, NOW) is None
        sign_in.clear_old_sign_ins(connection, NOW + timedelta(days=40))
        assert connection.execute(sa.text("select count(*) from sessions")).scalar() == 0


def test_a_token_is_shown_once_and_can_be_revoked(store: Settings) -> None:
    with begin(store) as connection:
        token, secret = sign_in.create_token(
            connection, name="bi", role="leadership", created_by="dana", now=NOW
        )
        assert sign_in.token_of(connection, secret) == token and sign_in.token_of(connection, "x") is None
        sign_in.use_token(connection, token, NOW)
        assert [one.used_at for one in sign_in.all_tokens(connection)] == [NOW]
        assert sign_in.revoke_token(connection, token.token_id, by="dana", now=NOW)
        assert not sign_in.revoke_token(connection, token.token_id, by="dana", now=NOW)
        assert sign_in.token_of(connection, secret) is None
        stored = connection.execute(sa.text("select * from tokens")).one()
    assert secret not in map(str, stored)


def test_the_last_choice_of_a_subscription_counts(store: Settings) -> None:
    with begin(store) as connection:
        for wanted in (True, False):
            choose_subscription(
                connection,
                address="Maya@x.example",
                report="weekly_scorecard",
                wanted=wanted,
                weekday=1,
                chosen_at=NOW,
            )
    with read(store) as connection:
        assert not subscription_choice_of(connection, "maya@x.example")["weekly_scorecard"].wanted
        assert list(subscription_choices_for(connection, "weekly_scorecard")) == ["maya@x.example"]

"""Mails that are due arrive: after a weekend without a daemon, after a gate that held them, after a server
that puts them off."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from foundation.settings import Settings, load_company
from reports.post.due import due
from tests.support.daemon import Daemon, daemon
from tests.support.smtp import Server, free_port, running

DANA, SAM, MAYA = (f"{name}@cedar-ridge.example" for name in ("dana.whitfield", "sam.okafor", "maya.torres"))
OPERATOR = "ops@cedar-ridge.example"
FRIDAY = datetime(2025, 10, 24, 20, tzinfo=UTC)
MONDAY = datetime(2025, 10, 27, 12, tzinfo=UTC)
"""07:00 where the company is."""
MINUTE = timedelta(minutes=1)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with running() as server:
        monkeypatch.setenv("SMTP_URL", server.url)  # type: ignore[attr-defined]
        yield server


@pytest.fixture
def on(home: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    """A daemon that ran until Friday afternoon, and what was built then."""
    monkeypatch.setenv("SCORELINE_AS_OF", FRIDAY.isoformat())
    with daemon(home) as on:
        on.turn(FRIDAY)
        on.build(FRIDAY, Settings())
        yield on


def _subjects(server: Server, to: str) -> list[str]:
    return [
        str(message_from_bytes(content, policy=policy.default)["Subject"])
        for who, content in server.got
        if who == to
    ]


def test_after_a_weekend_without_a_daemon_mails_wait_for_the_build_and_go_out_once(
    on: Daemon, server: Server
) -> None:
    late = MONDAY + timedelta(hours=2, minutes=3)
    assert on.turn(late) == [], "last week's data says nothing of the week"
    for name in ("weekly_mail", "daily_digest_mail"):
        assert "after the next successful build" in (on.skipped(name) or "")
    on.build(late + 5 * MINUTE, Settings())
    assert on.turn(late + 6 * MINUTE) == [
        "weekly_scorecard 2025-10-20 SUCCESS",
        "daily_digest 2025-10-27 SUCCESS",
    ]
    mailed = sorted([DANA, SAM, MAYA, DANA, SAM])
    assert server.to() == mailed, "nobody was told that anything is held"
    on.build(late + 60 * MINUTE, Settings())
    on.turn(late + 61 * MINUTE)
    assert server.to() == mailed


def test_a_held_mail_goes_out_after_the_build_and_the_operator_knew_it_would(
    on: Daemon, server: Server
) -> None:
    assert on.turn(MONDAY) == ["weekly_scorecard 2025-10-20 SUCCESS"]
    assert server.to() == [OPERATOR] and _subjects(server, OPERATOR) == [
        "Scoreline held the weekly scorecard 2025-W43"
    ]
    text = message_from_bytes(server.got[0][1], policy=policy.default).get_content()
    assert "goes out by itself after the next successful build" in " ".join(text.split())
    assert on.turn(MONDAY + 2 * MINUTE) == [], "nothing has changed since"
    on.build(MONDAY + 20 * MINUTE, Settings())
    assert on.turn(MONDAY + 21 * MINUTE) == ["weekly_scorecard 2025-10-20 SUCCESS"]
    assert server.to() == sorted([DANA, SAM, MAYA, OPERATOR, OPERATOR])
    assert _subjects(server, OPERATOR)[1].startswith("Scoreline, over: ")


def test_greylisted_mails_are_tried_again_with_growing_pauses_and_arrive_once(
    on: Daemon, server: Server
) -> None:
    server.greylist = 3
    on.build(MONDAY - 60 * MINUTE, Settings())
    tries = []
    for minutes in (0, 1, 2, 3, 6, 7, 8):
        tries += [minutes] * len(on.turn(MONDAY + minutes * MINUTE))
    assert tries == [0, 1, 3, 7]
    assert server.to() == sorted([DANA, SAM, MAYA]) and server.asked[DANA] == 4


def test_whoever_is_refused_for_good_is_not_asked_again_with_those_who_wait(
    on: Daemon, server: Server
) -> None:
    server.greylist, server.refuse = 1, {SAM}
    on.build(MONDAY - 60 * MINUTE, Settings())
    assert on.turn(MONDAY) == ["weekly_scorecard 2025-10-20 FAILURE"]
    on.turn(MONDAY + MINUTE)
    assert server.asked[SAM] == 1 and sorted(set(server.to())) == sorted([DANA, MAYA, OPERATOR])
    assert _subjects(server, OPERATOR) == [
        f"Scoreline alert: {SAM} did not get the weekly scorecard 2025-W43"
    ], "once, by one way"
    server.refuse = set()
    on.build(MONDAY + timedelta(days=1), Settings())
    on.turn(MONDAY + timedelta(days=1, minutes=1))
    assert server.to().count(SAM) == server.to().count(DANA) == 1


@pytest.mark.slow  # many turns; test_delivery also covers the end of a day
def test_no_server_for_a_day(on: Daemon, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is red that the operator can't be told; when the server is back, everything is told, and nothing is
    sent too late."""
    url = f"smtp://127.0.0.1:{free_port()}"
    monkeypatch.setenv("SMTP_URL", url)
    on.build(MONDAY - 60 * MINUTE, Settings())
    assert on.turn(MONDAY) == ["weekly_scorecard 2025-10-20 SUCCESS"]
    ran = [run for hour in (1, 2, 24, 25) for run in on.turn(MONDAY + timedelta(hours=hour))]
    assert "weekly_scorecard 2025-10-20 FAILURE" in ran, (
        "waiting for over an hour is an alert, and nobody can be told"
    )
    assert "operator_alerts FAILURE" in ran
    monkeypatch.setenv("SMTP_URL", server.url)  # type: ignore[attr-defined]
    back = MONDAY + timedelta(hours=32)
    assert "operator_alerts SUCCESS" in on.turn(back)
    told = _subjects(server, OPERATOR)
    assert [
        sum(f"{who} did not get the weekly scorecard" in text for text in told) for who in (DANA, SAM, MAYA)
    ] == [1, 1, 1]
    assert server.to().count(DANA) == 0
    on.turn(back + MINUTE)
    assert _subjects(server, OPERATOR) == told


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("2025-10-27T06:59:00-05:00", ["weekly_scorecard 2025-W42"]),
        ("2025-10-27T07:00:00-05:00", ["weekly_scorecard 2025-W43"]),
        ("2025-10-27T07:30:00-05:00", ["weekly_scorecard 2025-W43", "daily_digest 2025-10-27"]),
        (
            "2025-10-31T12:00:00-05:00",
            ["weekly_scorecard 2025-W43", "daily_digest 2025-10-31", "friday_preview 2025-W44"],
        ),
        ("2025-11-02T23:59:00-06:00", ["weekly_scorecard 2025-W43", "friday_preview 2025-W44"]),
        (
            "2025-11-27T12:00:00-06:00",
            ["weekly_scorecard 2025-W47", "friday_preview 2025-W48"],
        ),  # Thanksgiving
    ],
)
def test_what_is_due(home: Path, monkeypatch: pytest.MonkeyPatch, clock: str, expected: list[str]) -> None:
    monkeypatch.setenv("SCORELINE_AS_OF", clock)
    settings = Settings()
    assert [f"{one.report} {one.period}" for one in due(settings, load_company(settings))] == expected

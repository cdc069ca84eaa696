"""A clock that is ahead hides nothing: runs use the vendor's, and cursors in the future are read again."""

from __future__ import annotations

import email.utils
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dlt_pipelines.core.clocks import instant_of_run, without_future
from dlt_pipelines.core.load import load
from dlt_pipelines.core.run import Run
from dlt_pipelines.doctor.checks import diagnose
from dlt_pipelines.registry import SOURCES
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connection import Connection
from dlt_pipelines.wire.messages import sent_at
from dlt_pipelines.wire.vendor import Vendor as Description
from foundation.settings import Company, Settings
from sandbox import Sandbox
from tests.dlt_pipelines.conftest import Vendor, answer, at, query
from tests.support.cases import DATABASES
from tests.support.homes import FIRST, SECOND, contents, home_of, plant_strangers, undisturbed

AHEAD = "2025-11-02T12:00:00Z"
NOW = datetime.fromisoformat(FIRST)
ASKED = [name for name, entry in SOURCES.items() if entry.kind == "system" and name not in DATABASES]
"""Sources whose vendors have a clock of their own."""
CHEAP = ("autotask", "zendesk", "simplefin")
SOME = [name if name in CHEAP else pytest.param(name, marks=pytest.mark.slow) for name in ASKED]

pytestmark = pytest.mark.usefixtures("unhurried", "recent")


def first_load(
    source: str, sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch, home: Path
) -> list[str]:
    """The first load of a source on a machine whose clock is four days ahead; its warnings."""
    monkeypatch.setenv("SCORELINE_HOME", str(home))
    sandbox.set_clock(FIRST)
    monkeypatch.setenv("SCORELINE_AS_OF", AHEAD)
    warnings = load(source, Settings(), company).warnings
    plant_strangers(Settings(), source)
    return warnings


@pytest.mark.parametrize("source", SOME)
def test_a_run_goes_by_the_vendors_clock(
    source: str,
    pairs: Path,
    sandbox: Sandbox,
    company: Company,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    _, expected = undisturbed(source, pairs, sandbox, company, monkeypatch)
    warnings = first_load(source, sandbox, company, monkeypatch, tmp_path / "ahead")
    assert any("this machine's clock is 4 days, 0:00:00 ahead" in text for text in warnings)
    assert query(
        Settings(), "select max(complete_through) <= cast(? as timestamptz) from ledger.loads", FIRST
    ) == [(True,)]
    report = load(source, at(monkeypatch, sandbox, SECOND), company)
    assert contents(Settings(), source) == contents(expected, source)
    assert not any("clock" in text for text in report.warnings)


@pytest.mark.parametrize("source", SOME)
def test_cursors_in_the_future_are_refused_and_read_again(
    source: str,
    pairs: Path,
    sandbox: Sandbox,
    company: Company,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """What an older version has written, or a run whose vendor did not tell the time."""
    first, expected = undisturbed(source, pairs, sandbox, company, monkeypatch)
    client = SOURCES[source].source.connect(Settings(), company)
    with monkeypatch.context() as patch:
        patch.setattr(type(client), "clock", lambda self: None)
        first_load(source, sandbox, company, monkeypatch, tmp_path / "ahead")
    settings = at(monkeypatch, sandbox, SECOND)
    assert query(
        settings, "select max(complete_through) > cast(? as timestamptz) from ledger.loads", SECOND
    ) == [(True,)]
    report = load(source, settings, company)
    assert any("cursors are later than" in text and "NTP" in text for text in report.warnings)
    assert query(
        settings, "select max(complete_through) <= cast(? as timestamptz) from ledger.loads", SECOND
    ) == [(True,)]
    found, before, after = (
        contents(one, source, when_gone=False) for one in (settings, home_of(first), expected)
    )
    for table, rows in after.items():
        new = set(rows) - set(before[table])
        assert new <= set(found[table]), table
    assert any(set(after[table]) - set(before[table]) for table in after)
    again = load(source, settings, company)
    assert not any("clock" in text for text in again.warnings)


def test_the_earlier_of_two_clocks_counts() -> None:
    second = timedelta(seconds=1)
    assert instant_of_run(NOW, None) == NOW
    assert instant_of_run(NOW, NOW + 5 * second) == NOW
    assert instant_of_run(NOW + 0.9 * second, NOW) == NOW + 0.9 * second  # the header holds whole seconds
    assert instant_of_run(NOW + timedelta(days=3), NOW) == NOW


def test_instants_of_the_state_that_are_to_come_are_dropped() -> None:
    state = {
        "origin": "account: portal 1",
        "tables": {
            "calls": {"pulled_at": "2025-11-02T12:00:00+00:00", "swept_at": "2025-10-20T12:00:00+00:00"}
        },
        "seats_read_on": "2025-10-30",
        "read_on": "2025-11-02",
        "cursor": "29991231",
        "soon": "2025-10-29T12:09:00+00:00",
        "count": 7,
    }
    kept, dropped = without_future(state, NOW)
    assert dropped == ["tables.calls.pulled_at", "read_on"]
    assert kept["tables"] == {"calls": {"swept_at": "2025-10-20T12:00:00+00:00"}}
    assert set(kept) == {"origin", "tables", "seats_read_on", "cursor", "soon", "count"}


def test_what_an_answer_says_of_the_time() -> None:
    assert sent_at({"date": "Wed, 29 Oct 2025 12:00:00 GMT"}) == NOW
    assert sent_at({"date": "Wed, 29 Oct 2025 12:00:00 GMT", "age": "3600"}) == NOW + timedelta(hours=1)
    assert sent_at({"date": "yesterday"}) is sent_at({}) is None


def test_a_client_asks_its_host_for_the_time_without_credentials(vendor: Vendor) -> None:
    client = Client(Description("X", f"{vendor.url}/v1", headers={"Authorization": "secret"}))
    told = client.clock()
    assert told is not None and abs(datetime.now(UTC) - told) < timedelta(minutes=1)
    assert vendor.seen == []  # the test's server knows GET and POST only, and answers 501
    nobody = Client(Description("X", "http://127.0.0.1:9"))
    assert nobody.clock() is None


def test_the_first_answer_tells_the_time(vendor: Vendor) -> None:
    vendor.reply = lambda handler, number: answer(handler, 200, b"{}", Age=str(3600 * number))
    client = Client(Description("X", vendor.url))
    client.get("/a")
    first = client.clock()
    client.get("/b")
    assert client.clock() == first
    later = client.again().clock()
    assert first and later and later < first, "another run asks for the time again"


def test_the_sandbox_tells_its_own_time(sandbox: Sandbox) -> None:
    import urllib.request

    sandbox.set_clock(FIRST)
    with urllib.request.urlopen(f"{sandbox.url}/_sandbox") as response:
        assert response.headers.get_all("Date") == [email.utils.format_datetime(NOW, usegmt=True)]


@pytest.mark.parametrize(
    ("last", "now", "days", "due"),
    [
        (None, "2025-10-27T10:30:00Z", 7, True),
        ("2025-10-21T10:30:00+00:00", "2025-10-27T04:59:00Z", 7, False),  # Sunday night in Chicago
        ("2025-10-21T10:30:00+00:00", "2025-10-27T05:01:00Z", 7, True),  # Monday has begun
        ("2025-10-27T05:01:00+00:00", "2025-10-27T10:30:00Z", 7, False),
        ("2025-10-26T10:30:00+00:00", "2025-10-27T10:30:00Z", 7, True),  # by hand on Sunday
        ("2025-10-01T10:30:00+00:00", "2025-10-26T10:30:00Z", 28, False),
        ("2025-10-01T10:30:00+00:00", "2025-10-27T10:30:00Z", 28, True),
        ("2025-10-26", "2025-10-27T10:30:00Z", 1, True),
        ("2025-10-27", "2025-10-27T10:30:00Z", 1, False),
        ("2025-10-24", "2025-10-27T10:30:00Z", 5, False),
    ],
)
def test_weekly_work_is_due_on_monday(
    last: str | None, now: str, days: int, due: bool, company: Company, settings: Settings
) -> None:
    run = Run(settings, company, datetime.fromisoformat(now), Connection(), None, frozenset())
    assert run.due(last, days) is due


@pytest.mark.parametrize(
    ("own", "says"), [(AHEAD, "4 days, 0:00:00 ahead of Copper's"), (FIRST, ""), ("2025-10-01T12:00:00Z", "")]
)
def test_the_doctor_compares_the_clocks(
    own: str, says: str, sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.set_clock(FIRST)
    monkeypatch.setenv("SCORELINE_AS_OF", own)
    found = [finding for finding in diagnose(Settings(), company, ["copper"]) if finding.check == "clock"]
    assert [finding.level for finding in found] == ["warn"] * bool(says)
    assert all(says in finding.detail for finding in found)

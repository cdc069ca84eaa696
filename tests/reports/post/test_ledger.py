"""The ledger of deliveries in adversity: from before, gone, empty, damaged, on a full disk; and servers that
fail at each moment."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from foundation.settings import Company, Settings
from foundation.store import engine
from foundation.store.schema import deliveries
from reports.mails.weekly_scorecard import send_weekly_scorecard
from reports.post import transport
from reports.post.alerts import tell_operator, tell_untold, untold
from reports.post.delivery import Postman
from reports.post.due import pending, remember_undelivered, unheard_of
from reports.post.ledger import ledger
from reports.post.message import build
from reports.post.new_ledger import new_ledger
from reports.post.outcome import DeliveryFailed, Outcome
from reports.post.troubles import troubles
from tests.support.disks import small_disk
from tests.support.smtp import Server, free_port

W43 = date(2025, 10, 20)
DANA, SAM, MAYA = (f"{name}@cedar-ridge.example" for name in ("dana.whitfield", "sam.okafor", "maya.torres"))
OPERATOR = "ops@cedar-ridge.example"
BEFORE = """
create table deliveries (
    message_id text primary key, report text not null, period text not null, recipient text not null, attempt integer not null,
    state text not null check (state in ('sending', 'sent', 'failed')), transport text not null, noted_at text not null, error text,
    unique (report, period, recipient, attempt)
);
create table alerts (
    scope text not null, key text not null, text text not null, since text not null, told integer not null default 0, ended_at text,
    primary key (scope, key)
);
create table digests (recipient text not null, day text not null, news text, known text not null, primary key (recipient, day));
insert into alerts values ('source', 'hubspot', 'HubSpot is late.', '2025-10-27T05:00:00.000000+00:00', 1, null);
insert into digests values ('dana.whitfield@cedar-ridge.example', '2025-10-24', null, '{}');
"""
"""The ledger as it was before mails could be pending."""


def one(
    settings: Settings,
    company: Company,
    to: str = DANA,
    report: str = "weekly_scorecard",
    period: str = "2025-W43",
) -> Outcome:
    """Deliver one small mail."""

    def make(mid: str) -> EmailMessage:
        return build(
            settings, company, recipient=to, subject="x", message_id=mid, text="line\n.\n..dots\n" * 3
        )

    return Postman(settings, company.mail.sender).deliver(report, period, to, make)


def later(settings: Settings, **by: float) -> Settings:
    return settings.model_copy(update={"as_of": settings.now() + timedelta(**by)})


def row(settings: Settings, to: str = DANA) -> dict[str, Any]:
    query = sa.select(deliveries).where(deliveries.c.recipient == to, deliveries.c.report != "alert")
    with ledger(settings) as connection:
        return dict(connection.execute(query).mappings().one())


def test_a_ledger_from_before_keeps_its_rows_and_sends_nothing_twice(
    smtp: Settings, company: Company, server: Server
) -> None:
    with closing(sqlite3.connect(smtp.deliveries_path)) as connection, connection:
        connection.executescript(BEFORE)
        for who, state in ((DANA, "sent"), (SAM, "sending"), (MAYA, "failed")):
            connection.execute(
                "insert into deliveries values (?, 'weekly_scorecard', '2025-W43', ?, 1, ?, 'smtp',"
                " '2025-10-27T12:00:00Z', null)",
                [f"<{who}>", who, state],
            )
        connection.execute(
            "insert into deliveries values ('<h>', 'friday_preview_held', '2025-W44', ?, 1, 'sent', 'smtp',"
            " '2025-10-31T17:00:00Z', null)",
            [OPERATOR],
        )
    report = send_weekly_scorecard(smtp, company, W43)
    assert (report.already_sent, report.uncertain, report.sent) == ([DANA], [SAM], [MAYA])
    assert server.to() == sorted([MAYA, OPERATOR]), "the operator hears that Sam may not have it"
    with ledger(smtp) as connection:
        kept = (
            "select count(*) from deliveries where report <> 'alert'",
            "select sum(told) from alerts where key in ('hubspot', 'held')",
            "select count(*) from digests",
        )
        assert [connection.execute(sa.text(sql)).scalar() for sql in kept] == [4, 2, 1]
    assert not smtp.deliveries_path.exists()
    assert smtp.deliveries_path.with_name("deliveries.before-store.sqlite").exists()


@pytest.mark.parametrize("gone", [Path.unlink, lambda path: os.truncate(path, 0)], ids=["vanished", "empty"])
@pytest.mark.parametrize("beside", ["outbox", "site"])
def test_a_lost_ledger_is_an_alarm_and_no_beginning(
    settings: Settings, company: Company, server: Any, gone: Callable[[Path], None], beside: str
) -> None:
    if beside == "outbox":
        one(settings, company)
    else:
        settings = settings.model_copy(update={"smtp_url": SecretStr(server.url)})
        one(settings, company)
        settings.site_dir.mkdir()
        (settings.site_dir / "index.html").touch()
    server.got.clear()
    gone(settings.store_path)
    for _ in range(2):
        with pytest.raises(DeliveryFailed, match=r"missing or empty, but .*`scoreline new-ledger`") as caught:
            send_weekly_scorecard(settings, company, W43)
        assert "move it away" not in str(caught.value)
    (trouble,) = troubles(settings)
    assert trouble.what == "Ledger of deliveries" and "new-ledger" in trouble.why
    files = sorted(settings.outbox_dir.glob("*"))
    assert new_ledger(settings, company) == (None, None)
    report = send_weekly_scorecard(settings, company, W43)
    assert sorted(report.uncertain) == sorted([DANA, SAM, MAYA]) and not report.sent
    assert {address for address, _ in server.got} <= {OPERATOR}
    assert [
        file for file in settings.outbox_dir.glob("*") if file not in files and OPERATOR not in file.name
    ] == []
    assert send_weekly_scorecard(settings, company, W43, force=True, only=[SAM]).sent == [SAM]
    with pytest.raises(DeliveryFailed, match="can be read"):
        new_ledger(settings, company)


def test_a_ledger_that_is_only_held_or_closed_is_not_replaced(
    settings: Settings, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    one(settings, company)
    monkeypatch.setattr(engine, "LOCK_TIMEOUT", 0.1)
    with closing(sqlite3.connect(settings.store_path, isolation_level=None)) as other:
        other.execute("begin exclusive")
        for _ in range(2):
            with pytest.raises(DeliveryFailed, match="can be read. There is nothing to replace"):
                new_ledger(settings, company)
        outcome = one(settings, company, SAM)
        assert outcome.state == "failed" and "close it there" in outcome.reason
    assert one(settings, company).state == "already_sent"


def test_a_home_that_was_brought_back_from_a_backup_is_no_beginning(
    settings: Settings, company: Company
) -> None:
    one(settings, company)
    folder = settings.backups_dir / "2025-10-27"
    folder.mkdir(parents=True)
    (folder / "warehouse.duckdb").touch()
    settings.store_path.rename(folder / "store.sqlite")
    shutil.rmtree(settings.outbox_dir)
    with pytest.raises(DeliveryFailed, match=r"the backup .* has one.*`scoreline new-ledger`"):
        one(settings, company)
    new_ledger(settings, company)
    assert one(settings, company).state == "already_sent" and one(settings, company, SAM).state == "uncertain"


def test_what_a_killed_run_could_not_tell_is_told_without_another_try(
    smtp: Settings, company: Company, server: Server
) -> None:
    one(smtp, company)
    one(smtp, company, SAM)
    with ledger(smtp) as connection:
        dana = sa.update(deliveries).where(deliveries.c.recipient == DANA)
        connection.execute(dana.values(state="sending"))
    assert [one.scope for one in unheard_of(smtp, company)] == ["weekly_scorecard:2025-W43"]
    remember_undelivered(smtp, company)
    (message,) = tell_untold(smtp, company)
    assert DANA in message["Subject"] and unheard_of(smtp, company) == []
    assert server.to() == sorted([DANA, SAM, OPERATOR])


def test_without_a_trace_it_begins(settings: Settings, company: Company) -> None:
    settings.store_path.parent.mkdir(exist_ok=True)
    settings.store_path.touch()  # killed while it was made
    assert one(settings, company).state == "sent"


def test_the_newest_backup_s_ledger_doubles_nothing(smtp: Settings, company: Company, server: Server) -> None:
    folder = smtp.backups_dir / "2025-10-26"
    folder.mkdir(parents=True)
    (folder / "warehouse.duckdb").touch()
    server.greylist = 1
    assert one(smtp, company, MAYA, period="2025-W42").state == "pending"
    assert one(smtp, company, SAM).state == "pending" and one(smtp, company, SAM).state == "sent"
    with pytest.raises(DeliveryFailed):
        tell_operator(smtp, company, {"hubspot": "HubSpot is late."}, "source")
    shutil.copy(smtp.store_path, folder / "store.sqlite")
    server.greylist = 0
    assert (
        one(smtp, company, MAYA, period="2025-W42").state == "sent" and len(tell_untold(smtp, company)) == 1
    )
    assert one(smtp, company).state == "sent"
    had = server.to()
    smtp.store_path.write_bytes(b"no database at all, long enough to be read as one" * 50)
    with pytest.raises(DeliveryFailed, match=r"Nothing was sent.*`scoreline new-ledger`"):
        one(smtp, company)
    backup, aside = new_ledger(smtp, company)
    assert backup == folder / "store.sqlite" and aside is not None and aside.exists()
    assert [one(smtp, company, who).state for who in (DANA, SAM, MAYA)] == [
        "uncertain",
        "already_sent",
        "uncertain",
    ]
    assert one(smtp, company, MAYA, period="2025-W42").state == "uncertain" and pending(smtp) == []
    with pytest.raises(DeliveryFailed):
        tell_untold(smtp, company)
    assert server.to() == had and untold(smtp) == []


def test_the_ledger_and_the_outbox_are_their_owner_s(settings: Settings, company: Company) -> None:
    previous = os.umask(0o022)
    try:
        one(settings, company)
    finally:
        os.umask(previous)
    for path in (settings.store_path, *settings.outbox_dir.iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    settings.store_path.chmod(0o644)
    one(settings, company, SAM)
    assert stat.S_IMODE(settings.store_path.stat().st_mode) == 0o600


def test_a_day_of_refusals_is_a_failure_that_is_told(
    smtp: Settings, company: Company, server: Server
) -> None:
    server.greylist = 99
    pauses = []
    clock = smtp
    while one(clock, company).state == "pending":
        next_try = datetime.fromisoformat(row(clock)["next_try_at"])
        pauses.append(int((next_try - clock.now()).total_seconds() // 60))
        clock = clock.model_copy(update={"as_of": next_try})
    assert pauses[:8] == [1, 2, 4, 8, 16, 32, 60, 60] and clock.now() - smtp.now() >= timedelta(days=1)
    assert row(clock)["state"] == "failed" and "451 4.7.1" in row(clock)["error"]
    server.greylist = 0
    assert one(clock, company).state == "sent", "by hand, or after the next build"


def test_a_mail_whose_time_is_over_is_given_up_and_told(
    smtp: Settings, company: Company, server: Server
) -> None:
    server.greylist = 1
    day = smtp.now().date().isoformat()
    assert one(smtp, company, report="daily_digest", period=day).state == "pending"
    remember_undelivered(later(smtp, hours=10), company)
    assert row(smtp)["state"] == "pending"
    server.greylist = 0
    morning = later(smtp, hours=20)
    remember_undelivered(morning, company)
    assert row(smtp)["state"] == "failed" and pending(smtp) == []
    (message,) = tell_untold(morning, company)
    assert message["Subject"] == f"Scoreline alert: {DANA} did not get the daily digest of {day}"


def test_an_alert_that_was_refused_for_good_is_tried_again_until_it_is_told(
    smtp: Settings, company: Company, server: Server
) -> None:
    server.refuse = {OPERATOR}
    with pytest.raises(DeliveryFailed, match="550") as caught:
        tell_operator(smtp, company, {"hubspot": "HubSpot is late."}, "source")
    assert caught.value.remembered
    (waiting,) = untold(smtp)
    assert waiting.next_try_at == smtp.now() + timedelta(hours=6) and "550" in waiting.why
    (trouble,) = troubles(later(smtp, days=30))
    assert trouble.what == "Untold alert" and "HubSpot is late." in trouble.about
    server.refuse = set()
    assert len(tell_untold(smtp, company)) == 1 and troubles(smtp) == []


def test_the_server_hangs_up_before_the_message(smtp: Settings, company: Company, server: Server) -> None:
    server.data = "hang up before"
    assert one(smtp, company).state == "pending"
    server.data = "250 taken"
    assert one(smtp, company).state == "sent" and server.to() == [DANA]
    assert server.got[0][1].count(b"..dots") == 3, "dots at the start of a line arrive as they were"


@contextmanager
def _silent_after(answers: list[bytes]) -> Iterator[int]:
    """A server that answers so often and then says nothing any more."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            peer, _ = listening.accept()
            with peer:
                for answer in answers:
                    peer.sendall(answer)
                    peer.recv(65536)
                while peer.recv(65536):
                    pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ([], "pending"),
        (["220 hi", "250 me", "250 ok"], "pending"),
        (["220 hi", "250 me", "250 ok", "250 ok", "354 go"], "uncertain"),
    ],
    ids=["no greeting", "at the recipient", "after the last byte"],
)
def test_a_server_that_falls_silent(
    settings: Settings, company: Company, monkeypatch: pytest.MonkeyPatch, answers: list[str], state: str
) -> None:
    monkeypatch.setattr(transport, "SMTP_TIMEOUT", 0.3)
    with _silent_after([f"{answer}\r\n".encode() for answer in answers]) as port:
        silent = settings.model_copy(update={"smtp_url": SecretStr(f"smtp://127.0.0.1:{port}")})
        outcome = one(silent, company)
    assert outcome.state == state and "timed out" in outcome.reason
    assert row(settings)["state"] == state


def test_no_server_and_a_wrong_password(settings: Settings, company: Company, server: Any) -> None:
    closed = settings.model_copy(update={"smtp_url": SecretStr(f"smtp://127.0.0.1:{free_port()}")})
    assert one(closed, company).state == "pending"
    wrong = settings.model_copy(update={"smtp_url": SecretStr(server.secret_url.replace("canary", "wrong"))})
    assert one(wrong, company).state == "failed"


@pytest.fixture(name="small_disk")
def _small_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", "1m") as place:
        yield place


def _fill(place: Path) -> None:
    for size in (65536, 4096, 1):
        try:
            with (place / f"filler{size}").open("wb", buffering=0) as file:
                while file.write(b"x" * size):
                    pass
        except OSError:
            pass


@pytest.mark.parametrize(
    ("when", "first", "then", "said"),
    [
        ("before the mail", "failed", "sent", "was not sent"),
        ("while it is taken", "uncertain", "uncertain", "may have been sent"),
        ("while it is taken, with room in the log", "sent", "already_sent", ""),
    ],
)
def test_the_disk_fills(
    settings: Settings,
    company: Company,
    server: Any,
    small_disk: Path,
    when: str,
    first: str,
    then: str,
    said: str,
) -> None:
    """Never a second mail, and the text says what may have happened and that room is needed."""
    full = settings.model_copy(update={"home": small_disk, "smtp_url": SecretStr(server.url)})
    one(full, company, MAYA)
    server.got.clear()

    reader = sqlite3.connect(full.store_path, isolation_level=None)
    if "room" not in when:
        # what somebody still reads can't be written over
        reader.execute("begin")
        reader.execute("select count(*) from deliveries").fetchone()

    setattr(server, "on_rcpt" if "before" in when else "on_data", lambda: _fill(small_disk))
    outcome = one(full, company)
    assert (
        outcome.state == first and said in outcome.reason and ("Make room" in outcome.reason) == bool(said)
    ), outcome
    server.on_rcpt = server.on_data = lambda: None
    reader.close()
    for filler in small_disk.glob("filler*"):
        filler.unlink()
    assert one(full, company).state == then
    assert server.to() == [DANA]

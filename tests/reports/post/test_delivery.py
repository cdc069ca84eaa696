"""Each mail leaves once: the ledger, the outbox, a real SMTP server on loopback, refusals, kills and two runs
at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from foundation.settings import PROJECT_ROOT, Company, Settings
from foundation.store import begin
from foundation.store.schema import deliveries
from foundation.store.subscriptions import choose_subscription
from reports.mails.weekly_scorecard import send_weekly_scorecard
from reports.post.delivery import Postman
from reports.post.due import to_send
from reports.post.ledger import ledger
from reports.post.outcome import DeliveryFailed
from reports.post.transport import Smtp, transport
from tests.support.smtp import Server, free_port

W43 = date(2025, 10, 20)
DANA, SAM, MAYA = (f"{name}@cedar-ridge.example" for name in ("dana.whitfield", "sam.okafor", "maya.torres"))
OPERATOR = "ops@cedar-ridge.example"


def rows(settings: Settings) -> list[tuple[Any, ...]]:
    columns = [deliveries.c[name] for name in ("report", "period", "recipient", "attempt", "state")]
    with ledger(settings) as connection:
        found = connection.execute(sa.select(*columns)).tuples()
        return sorted(found, key=lambda row: (row[0], row[2], row[3]))


def test_into_the_outbox_once(settings: Settings, company: Company) -> None:
    report = send_weekly_scorecard(settings, company, W43)
    assert sorted(report.sent) == sorted([DANA, SAM, MAYA]) and report.gate.decision == "amber"
    files = sorted(file.name for file in settings.outbox_dir.iterdir())
    assert files == sorted(f"weekly_scorecard-2025-W43-{who}.eml" for who in (DANA, SAM, MAYA))
    message = message_from_bytes((settings.outbox_dir / files[0]).read_bytes(), policy=default)
    assert message["To"] == DANA
    before = {file: file.stat().st_mtime_ns for file in settings.outbox_dir.iterdir()}
    again = send_weekly_scorecard(settings, company, W43)
    assert not again.sent and sorted(again.already_sent) == sorted([DANA, SAM, MAYA])
    assert again.summary() == "gate amber, sent to 0, 3 had it already"
    assert {file: file.stat().st_mtime_ns for file in settings.outbox_dir.iterdir()} == before


def test_any_day_of_the_week_is_the_week(settings: Settings, company: Company) -> None:
    send_weekly_scorecard(settings, company, W43 + timedelta(days=6), only=[DANA])
    assert send_weekly_scorecard(settings, company, W43, only=[DANA]).already_sent == [DANA]


def test_force_sends_again_as_a_new_mail(settings: Settings, company: Company) -> None:
    send_weekly_scorecard(settings, company, W43, only=[DANA])
    send_weekly_scorecard(settings, company, W43, only=[DANA.upper()], force=True)
    files = sorted(settings.outbox_dir.iterdir())
    assert [file.name for file in files] == [
        f"weekly_scorecard-2025-W43-{DANA}-2.eml",
        f"weekly_scorecard-2025-W43-{DANA}.eml",
    ]
    ids = {message_from_bytes(file.read_bytes())["Message-ID"] for file in files}
    assert len(ids) == 2 and all(str(one).endswith("@cedar-ridge.example>") for one in ids)
    assert send_weekly_scorecard(settings, company, W43, only=[DANA]).already_sent == [DANA]


def test_the_message_id_belongs_to_report_period_and_recipient(
    settings: Settings, company: Company, tmp_path: Path
) -> None:
    ids = set()
    for home in ("one", "two"):
        other = settings.model_copy(update={"home": tmp_path / home})
        other.published_path.parent.mkdir(parents=True)
        os.link(settings.published_path, other.published_path)
        send_weekly_scorecard(other, company, W43, only=[DANA])
        (file,) = other.outbox_dir.iterdir()
        ids.add(message_from_bytes(file.read_bytes())["Message-ID"])
    assert len(ids) == 1


def test_only_subscribers(settings: Settings, company: Company) -> None:
    with pytest.raises(DeliveryFailed, match=r"stranger@x.example: has not subscribed to weekly_scorecard"):
        send_weekly_scorecard(settings, company, W43, only=["stranger@x.example", DANA])
    assert [row[2] for row in rows(settings)] == [DANA]


def test_through_a_real_server(smtp: Settings, company: Company, server: Server) -> None:
    report = send_weekly_scorecard(smtp, company, W43)
    assert len(report.sent) == 3 and server.to() == sorted([DANA, SAM, MAYA])
    assert not smtp.outbox_dir.exists()
    message = message_from_bytes(server.got[0][1], policy=default)
    assert [part.get_content_type() for part in message.walk()][0] == "multipart/alternative"
    assert len(list(message.walk())) == 5
    send_weekly_scorecard(smtp, company, W43)
    assert len(server.got) == 3


def test_a_refused_recipient_does_not_stop_the_others(
    smtp: Settings, company: Company, server: Server
) -> None:
    server.refuse = {SAM}
    with pytest.raises(DeliveryFailed) as caught:
        send_weekly_scorecard(smtp, company, W43)
    assert (
        str(caught.value)
        == f"weekly_scorecard 2025-W43: 1 mail could not be sent. {SAM}: the mail server refused: 550 5.1.1"
        " nobody here"
    )
    assert caught.value.report is not None and sorted(caught.value.report.sent) == sorted([DANA, MAYA])
    assert server.to() == sorted([DANA, MAYA, OPERATOR]), "the operator hears of it"
    server.refuse = set()
    report = send_weekly_scorecard(smtp, company, W43)
    assert report.sent == [SAM] and len(report.already_sent) == 2
    assert server.to() == sorted([DANA, MAYA, SAM, OPERATOR, OPERATOR]), "and that it is over"


def test_a_bad_address_is_named(settings: Settings, company: Company) -> None:
    bad = company.mail.subscriptions[0].model_copy(
        update={"to": ["dana", DANA, "x@y.example\nBcc: z@y.example"]}
    )
    changed = company.model_copy(update={"mail": company.mail.model_copy(update={"subscriptions": [bad]})})
    with pytest.raises(
        DeliveryFailed,
        match="2 mails could not be sent. dana: 'dana' is not a valid mail address; correct it in company.toml",
    ):
        send_weekly_scorecard(settings, changed, W43)
    sent = [file.name for file in settings.outbox_dir.iterdir() if not file.name.startswith("alert-")]
    assert sent == [f"weekly_scorecard-2025-W43-{DANA}.eml"]


def test_an_answer_of_no_after_the_message_is_tried_again(
    smtp: Settings, company: Company, server: Server
) -> None:
    server.data = "452 mailbox is full"
    assert send_weekly_scorecard(smtp, company, W43, only=[DANA]).pending == {
        DANA: "the mail server refused: 452 mailbox is full"
    }
    server.data = "250 taken"
    assert send_weekly_scorecard(smtp, company, W43, only=[DANA]).sent == [DANA]


def test_a_connection_that_breaks_after_the_message_is_uncertain(
    smtp: Settings, company: Company, server: Server
) -> None:
    server.data = "hang up"
    with pytest.raises(
        DeliveryFailed, match=f"2 mails may or may not have arrived.*{DANA}: uncertain: the connection broke"
    ) as caught:
        send_weekly_scorecard(smtp, company, W43, only=[DANA])
    assert caught.value.report is not None and caught.value.report.uncertain == [DANA]
    assert ("weekly_scorecard", "2025-W43", DANA, 1, "uncertain") in rows(smtp)


def test_without_a_server_mails_wait(settings: Settings, company: Company) -> None:
    closed = settings.model_copy(
        update={"smtp_url": SecretStr(f"smtp://scoreline:canary-pw@127.0.0.1:{free_port()}")}
    )
    report = send_weekly_scorecard(closed, company, W43)
    assert (
        list(report.pending) == [DANA, SAM, MAYA]
        and report.summary() == "gate amber, sent to 0, 3 pending (tried again for a day)"
    )
    assert "refused" in report.pending[DANA] and "canary-pw" not in str(report.pending)
    assert send_weekly_scorecard(settings, company, W43).sent == [DANA, SAM, MAYA]


def test_login_and_a_secret_that_stays_one(settings: Settings, company: Company, server: Any) -> None:
    right = settings.model_copy(update={"smtp_url": SecretStr(server.secret_url)})
    assert send_weekly_scorecard(right, company, W43, only=[DANA]).sent == [DANA]
    wrong = settings.model_copy(
        update={"smtp_url": SecretStr(server.secret_url.replace("canary", "canary-wrong"))}
    )
    with pytest.raises(DeliveryFailed) as caught:
        send_weekly_scorecard(wrong, company, W43, only=[SAM])
    assert (
        "535" in str(caught.value)
        and "canary" not in str(caught.value)
        and "scoreline:" not in str(caught.value)
    )
    assert b"canary" not in settings.store_path.read_bytes()


@pytest.mark.parametrize(
    "url",
    [
        "mail.example:25",
        "http://mail.example",
        "smtp://",
        "smtp://user:canary-pw@host:port",
        "smtp://[canary-pw",
    ],
)
def test_an_address_of_the_server_that_is_none(settings: Settings, company: Company, url: str) -> None:
    with pytest.raises(DeliveryFailed, match="SMTP_URL: expected smtp://") as caught:
        send_weekly_scorecard(settings.model_copy(update={"smtp_url": SecretStr(url)}), company, W43)
    assert "canary-pw" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "tls", "port"),
    [
        ("smtp://user:pw@mail.example", "starttls", 587),
        ("smtp://user:pw@mail.example:2525", "starttls", 2525),
        ("smtp://mail.example", "", 25),
        ("smtp://mail.example?starttls=1", "starttls", 587),
        ("smtp://user:pw@127.0.0.1:2525", "", 2525),
        ("smtps://user:pw@mail.example", "tls", 465),
    ],
)
def test_a_password_travels_encrypted(settings: Settings, url: str, tls: str, port: int) -> None:
    found = transport(settings.model_copy(update={"smtp_url": SecretStr(url)}))
    assert isinstance(found, Smtp) and (found.tls, found.port) == (tls, port)


def test_a_password_without_encryption_is_refused(settings: Settings) -> None:
    url = "smtp://user:canary-pw@mail.example?starttls=0"
    with pytest.raises(DeliveryFailed, match="would travel unencrypted") as caught:
        transport(settings.model_copy(update={"smtp_url": SecretStr(url)}))
    assert "canary-pw" not in str(caught.value)


def test_a_server_without_tls_is_not_used_where_tls_is_asked_for(
    settings: Settings, company: Company, server: Any
) -> None:
    asked = settings.model_copy(update={"smtp_url": SecretStr(server.url + "/?starttls=1")})
    with pytest.raises(DeliveryFailed, match="STARTTLS"):
        send_weekly_scorecard(asked, company, W43, only=[DANA])
    assert not server.got


_SENDER = """
import sys
from datetime import date
from foundation.settings import Settings, load_company
from reports.mails.weekly_scorecard import send_weekly_scorecard
settings = Settings()
print(send_weekly_scorecard(settings, load_company(settings), date(2025, 10, 20), only=sys.argv[1:] or None).summary(), flush=True)
"""


def _process(settings: Settings, *only: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "SCORELINE_HOME": str(settings.home),
        "SCORELINE_AS_OF": "2025-10-27T12:00:00Z",
        "SCORELINE_ENV_FILE": os.devnull,
        "PYTHONPATH": str(PROJECT_ROOT),
    }
    if settings.smtp_url:
        environment["SMTP_URL"] = settings.smtp_url.get_secret_value()
    if settings.store_url:
        environment["STORE_URL"] = settings.store_url.get_secret_value()
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(_SENDER), *only],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_killed_while_the_server_takes_the_mail(smtp: Settings, company: Company, server: Server) -> None:
    """Nobody can know whether it arrived: it is not sent again automatically, the operator gets one alert,
    force sends it."""
    server.pause = 60
    process = _process(smtp, DANA)
    give_up = time.monotonic() + 60
    while not server.got and time.monotonic() < give_up:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert rows(smtp) == [("weekly_scorecard", "2025-W43", DANA, 1, "sending")]
    server.pause = 0
    server.got.clear()

    report = send_weekly_scorecard(smtp, company, W43)
    assert report.uncertain == [DANA] and sorted(report.sent) == sorted([SAM, MAYA])
    assert server.to() == sorted([SAM, MAYA, OPERATOR])
    alert = message_from_bytes(next(content for to, content in server.got if to == OPERATOR), policy=default)
    assert DANA in alert[
        "Subject"
    ] and f"scoreline send --week 2025-W43 --force --only {DANA}" in alert.get_content().replace("\r\n", " ")
    send_weekly_scorecard(smtp, company, W43)
    assert len(server.got) == 3, "told once"

    assert send_weekly_scorecard(smtp, company, W43, force=True, only=[DANA]).sent == [DANA]
    assert send_weekly_scorecard(smtp, company, W43).already_sent == [DANA, SAM, MAYA]
    assert server.to() == sorted([SAM, MAYA, OPERATOR, OPERATOR, DANA]), "that it is over is told once"


def test_killed_before_the_outbox_file_was_there(settings: Settings, company: Company) -> None:
    """Writing the same file again makes no second mail, so the next run completes it."""
    send_weekly_scorecard(settings, company, W43)
    with ledger(settings) as connection:
        dana = sa.update(deliveries).where(deliveries.c.recipient == DANA)
        connection.execute(dana.values(state="sending"))
    (settings.outbox_dir / f"weekly_scorecard-2025-W43-{DANA}.eml").unlink()
    assert send_weekly_scorecard(settings, company, W43).sent == [DANA]
    assert len(list(settings.outbox_dir.iterdir())) == 3


def test_two_runs_at_once_send_once(smtp: Settings, company: Company, server: Server) -> None:
    server.pause = 0.3
    processes = [_process(smtp) for _ in range(2)]
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert all(process.returncode == 0 for process in processes), outputs
    assert server.to() == sorted([DANA, SAM, MAYA])


def test_two_threads_at_once_send_once(settings: Settings, company: Company) -> None:
    from reports.post.message import build

    sent = []

    def one(_: int) -> str:
        postman = Postman(settings, company.mail.sender)

        def make(mid: str) -> Any:
            sent.append(mid)
            return build(settings, company, recipient=DANA, subject="x", message_id=mid, text="x")

        return postman.deliver("r", "p", DANA, make).state

    with ThreadPoolExecutor(4) as pool:
        states = sorted(pool.map(one, range(4)))
    assert states == ["already_sent"] * 3 + ["sent"] and len(sent) == 1


def test_held_tells_the_operator_once_and_nobody_else(settings: Settings, company: Company) -> None:
    empty = settings.model_copy(update={"home": settings.home / "empty"})
    for _ in range(2):
        report = send_weekly_scorecard(empty, company, W43)
        assert (
            report.gate.decision == "held"
            and sorted(report.held) == sorted([DANA, SAM, MAYA])
            and not report.sent
        )
    (file,) = empty.outbox_dir.iterdir()
    message = message_from_bytes(file.read_bytes(), policy=default)
    assert message["To"] == OPERATOR and message["Subject"] == "Scoreline held the weekly scorecard 2025-W43"
    assert "Nothing has been published yet" in message.get_content() and DANA in message.get_content()
    send_weekly_scorecard(empty, company, W43 - timedelta(days=7))
    assert len(list(empty.outbox_dir.iterdir())) == 2, "another week is held on its own"


def test_changes_are_told_from_the_recipient_s_last_mail_on(settings: Settings, company: Company) -> None:
    """Sam had the mail before on Monday, Dana on Thursday, Maya never: from her week's Monday on."""
    for day, address in (("2025-10-20T12:00:00Z", SAM), ("2025-10-23T12:00:00Z", DANA)):
        then = Settings(
            **{
                "SCORELINE_HOME": settings.home,
                "SCORELINE_AS_OF": day,
                "SCORELINE_COMPANY_FILE": settings.company_file,
            }
        )
        assert send_weekly_scorecard(then, company, W43 - timedelta(days=7), only=[address]).sent == [address]
    send_weekly_scorecard(settings, company, W43)
    said = {}
    for file in settings.outbox_dir.glob("*W43*.eml"):
        message = message_from_bytes(file.read_bytes(), policy=default)
        body = message.get_body(("plain",))
        assert body is not None
        said[str(message["To"])] = body.get_content()
    tuesday = {address: "Same-day close rate, week of 13 October:" in text for address, text in said.items()}
    assert tuesday == {SAM: True, DANA: False, MAYA: True}
    assert "Dials, week of 20 October: 101" in said[DANA]


def test_a_ledger_that_cannot_be_read_stops_everything(settings: Settings, company: Company) -> None:
    settings.store_path.write_text("this is not a database, and long enough to be read as one" * 40)
    with pytest.raises(DeliveryFailed, match=r"store.sqlite: .*Nothing was sent"):
        send_weekly_scorecard(settings, company, W43)
    assert not settings.outbox_dir.exists()


def test_an_outbox_that_cannot_be_written_is_a_failure(settings: Settings, company: Company) -> None:
    settings.outbox_dir.write_text("in the way")
    with pytest.raises(DeliveryFailed, match="3 mails could not be sent"):
        send_weekly_scorecard(settings, company, W43)
    settings.outbox_dir.unlink()
    assert len(send_weekly_scorecard(settings, company, W43).sent) == 3


def test_whoever_turned_a_mail_off_or_chose_another_day_gets_it_so(
    settings: Settings, company: Company
) -> None:
    def choose(address: str, wanted: bool, weekday: int | None) -> None:
        with begin(settings) as connection:
            choose_subscription(
                connection,
                address=address,
                report="weekly_scorecard",
                wanted=wanted,
                weekday=weekday,
                chosen_at=settings.now(),
            )

    def asked(now: Settings) -> set[str]:
        return set(to_send(now, company, "weekly_scorecard", "2025-W43", untried=True, failed=True))

    choose(DANA, False, None)
    choose(SAM, True, 2)
    assert send_weekly_scorecard(settings, company, W43).sent == [MAYA]
    assert asked(settings) == set()
    wednesday = settings.model_copy(update={"as_of": settings.now() + timedelta(days=2)})
    assert asked(wednesday) == {SAM}
    assert send_weekly_scorecard(wednesday, company, W43).sent == [SAM]
    assert send_weekly_scorecard(wednesday, company, W43, only=[DANA]).sent == [DANA], "by hand, by name"

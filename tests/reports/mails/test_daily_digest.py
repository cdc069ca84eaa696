"""The daily digest: what is new, once, to whom it concerns; and nothing that the data does not carry."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pydantic import SecretStr

from foundation.settings import PROJECT_ROOT, Company, Settings, Subscription, load_company
from reports.mails.daily_digest import send_daily_digest
from reports.post.message import HTML_LIMIT, message_id
from reports.post.outcome import DeliveryFailed, DeliveryReport
from tests.reports.conftest import settings_for
from tests.support.published import SCRIPT, PublishedFile
from tests.support.reading import text_of
from tests.support.smtp import Server

MON, TUE, WED, THU = (date(2025, 10, 27) + timedelta(days=i) for i in range(4))
DANA, SAM = "dana.whitfield@cedar-ridge.example", "sam.okafor@cedar-ridge.example"
OPERATOR = "ops@cedar-ridge.example"
LATE = {"hubspot": {"state": "late", "complete_through": datetime(2025, 10, 25, 12, tzinfo=UTC)}}
FAILING = {"hubspot": {"state": "failing", "complete_through": datetime(2025, 10, 25, 12, tzinfo=UTC)}}
DIALS = "inside_sales.dials"
EVENTS = "outside_sales.networking_events"

Morning = Callable[..., Settings]


def company_of(*subscriptions: Subscription) -> Company:
    company = load_company(settings_for(PROJECT_ROOT))
    return company.model_copy(
        update={"mail": company.mail.model_copy(update={"subscriptions": list(subscriptions)})}
    )


def to(*addresses: str, sections: tuple[str, ...] = ()) -> Subscription:
    return Subscription(report="daily_digest", to=list(addresses), sections=list(sections))


ONE = company_of(to(DANA))


@pytest.fixture
def morning(tmp_path: Path) -> Morning:
    """07:30 of a day, with what was published at 07:00: `morning(TUE, newest={DIALS: "130"})`."""

    def make(day: date, **values: Any) -> Settings:
        clock = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        settings = settings_for(
            tmp_path / "home", SCORELINE_AS_OF=(clock + timedelta(minutes=30)).isoformat()
        )
        PublishedFile(
            settings.published_path,
            **{"earlier": 0, "left_out": 0, "hostile": False, "as_of": clock, **values},
        ).write()
        return settings

    return make


def read(settings: Settings, day: date, address: str = DANA, attempt: int = 1) -> EmailMessage:
    name = f"daily_digest-{day}-{address}" + (f"-{attempt}" if attempt > 1 else "")
    parsed = message_from_bytes((settings.outbox_dir / f"{name}.eml").read_bytes(), policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def told(settings: Settings, day: date, company: Company = ONE) -> str:
    """The mail's text after its head, or what the report says where there is none."""
    report = send_daily_digest(settings, company, day)
    return (
        part(read(settings, day), "plain").partition("\n\n")[2] if DANA in report.sent else report.summary()
    )


NOTHING = "gate green, sent to 0, 1 nothing to say"


def test_the_first_digest_is_what_changed_against_the_weeks_before(morning: Morning) -> None:
    settings = morning(MON)
    report = send_daily_digest(settings, ONE, MON)
    assert report.sent == [DANA] and report.summary() == "gate green, sent to 1"
    message = read(settings, MON)
    assert (
        message["Subject"]
        == "Digest Mon 27 Oct: 3 newly off track, 1 back on track, 1 not typed in - Networking events (Hybrid"
        " sales) 0 (goal 3)"
    )
    text = part(message, "plain")
    assert text.startswith(
        "Cedar Ridge IT daily digest Mon 27 Oct 2025\nYour first digest: lines are compared with the weeks"
        " before. The newest finished week is Mon 20 Oct to Sun 26 Oct 2025.\n"
    )
    assert "▼ First appointments set: 0, goal 1, 1 short\n    Maya Torres, 1 the week before\n" in text
    assert (
        "▼ Networking events (Hybrid sales): 0, goal 3, 3 short\n    Noor Haddad, no number the week before, typed in"
        " 27 Oct, 05:00\n" in text
    )
    assert (
        "BACK ON TRACK\n● Warm 250 appointments set: 1, goal 1\n    Victor Lang, 0 the week before\n" in text
    )
    assert "\n\nYOUR LINES\n○ Website traffic\n    still to be typed in\n\nNEWLY OFF TRACK\n" in text
    assert "Dials: 101" not in text, "it was below before"
    assert "Same-day" not in text and "SOURCES" not in text
    assert "file:" not in text and "http" not in text, "nobody serves the site"


def test_how_the_mail_is_made(morning: Morning) -> None:
    settings = morning(MON, sources=LATE)
    send_daily_digest(settings, ONE, MON)
    message = read(settings, MON)
    assert [p.get_content_type() for p in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert message["To"] == DANA and message["Date"] == "Mon, 27 Oct 2025 07:30:00 -0500"
    assert str(message["List-Unsubscribe"]).startswith(
        "<mailto:ops@cedar-ridge.example?subject=Stop%20daily_digest"
    )
    assert str(message["Message-ID"]) == message_id(
        f"daily_digest\n2025-10-27\n{DANA}\n1", "a@cedar-ridge.example"
    )
    html, text = part(message, "html"), part(message, "plain")
    assert len(html.encode()) < HTML_LIMIT
    assert not re.search(r"<svg|<script|<link|<img|data:|url\(|var\(--|@import|javascript:", html, re.I)
    for status, sign in (("met", "●"), ("below", "▼"), ("near", "◆"), ("no_data", "○")):
        assert re.search(rf'class="st {status}"[^>]*>{sign} \w', html), (
            "a status needs its word, shape and colour"
        )
    found = {n.rstrip(".,") for n in re.findall(r"\d[\d.,]*", text_of(html))}
    assert len(found) > 12 and found <= {n.rstrip(".,") for n in re.findall(r"\d[\d.,]*", text)}
    hidden = text_of(re.search(r"<body[^>]*>(<div.*?</div>)", html, re.S)[1])  # type: ignore[index]
    assert hidden.startswith("Needs you: COIs created 0 (goal 2), Noor Haddad; First appointments set")


def test_nothing_is_told_twice(morning: Morning) -> None:
    told(morning(MON, sources=LATE), MON)
    settings = morning(TUE, sources=LATE)
    assert told(settings, TUE) == NOTHING and told(settings, TUE) == NOTHING
    assert len(list(settings.outbox_dir.iterdir())) == 1
    assert told(morning(TUE), TUE) == NOTHING, "the day is settled"
    assert "HubSpot: recovered" in told(morning(WED), WED)


def test_off_track_and_back_within_a_week(morning: Morning) -> None:
    """A number that late records change; near its goal is on track."""
    told(morning(MON, newest={DIALS: "130"}), MON)
    assert told(morning(TUE, newest={DIALS: "101"}), TUE).startswith(
        "▼ 1 newly off track\n\nNEWLY OFF TRACK\n▼ Dials: 101, goal 125, 24 short\n    Maya Torres, 70 the week"
        " before\n\nAs of "
    )
    assert told(morning(WED, newest={DIALS: "99"}), WED) == NOTHING
    message = told(morning(THU, newest={DIALS: "113"}), THU)
    assert message.startswith("● 1 back on track\n\nBACK ON TRACK\n◆ Dials: 113, goal 125, 12 short\n")


def test_the_next_week_is_compared_with_what_was_told_of_this_one(morning: Morning) -> None:
    told(morning(MON), MON)
    monday = MON + timedelta(days=7)
    text = told(morning(monday, last_week=MON, newest={DIALS: "90", "inside_sales.ftas_set": "1"}), monday)
    assert "BACK ON TRACK\n● First appointments set: 1, goal 1\n    Maya Torres, 0 the week before\n" in text
    assert "Dials" not in text.replace("Warm 250 dials", ""), "below as before"
    assert "YOUR LINES\n○ Website traffic\n    still to be typed in\n" in text


@pytest.mark.parametrize("gap", [{"stale": {DIALS}, "newest": {DIALS: "130"}}, {"missing": {DIALS}}])
def test_a_number_that_is_not_complete_is_neither_off_nor_back(morning: Morning, gap: dict[str, Any]) -> None:
    told(morning(MON), MON)
    assert told(morning(TUE, **gap), TUE) == NOTHING
    assert told(morning(WED), WED) == NOTHING, "off track before the gap and after it"
    assert told(morning(THU, newest={DIALS: "130"}), THU).startswith("● 1 back on track")


def test_a_source_is_told_when_it_goes_and_when_it_is_back(morning: Morning) -> None:
    told(morning(MON), MON)
    assert told(morning(TUE, sources=LATE, stale={DIALS}), TUE).startswith(
        "◆ HubSpot late\n\nSOURCES\n◆ HubSpot: late\n    Its data is complete to Sat 25 Oct 2025, 07:00 CDT. "
        "Until then 1 line of the week of 20 October can't be complete.\n"
    )
    assert told(morning(WED, sources=FAILING), WED) == NOTHING, "late, then failing: still the same thing"
    back = told(morning(THU), THU)
    assert back.startswith(
        "● HubSpot recovered\n\nSOURCES\n● HubSpot: recovered\n    Its data is complete to Thu 30 Oct 2025,"
        " 05:00 CDT.\n"
    )
    unconnected = {"hubspot": {"state": "not_connected", "complete_through": None}}
    friday = THU + timedelta(days=1)
    assert told(morning(friday, sources=unconnected), friday) == NOTHING, (
        "what nobody has connected raises no alarm"
    )


def test_many_sources_are_counted_in_the_subject(morning: Morning) -> None:
    told(morning(MON), MON)
    settings = morning(
        TUE, sources={name: {"state": "failing"} for name in ("hubspot", "autotask", "manual")}
    )
    send_daily_digest(settings, ONE, TUE)
    assert read(settings, TUE)["Subject"] == "Digest Tue 28 Oct: 3 sources failing"


def test_a_scorecard_that_is_not_built_any_more_says_so(morning: Morning) -> None:
    told(morning(MON), MON)
    old = {"as_of": datetime(2025, 10, 27, 12, tzinfo=UTC)}
    assert told(morning(TUE, **old), TUE).startswith(
        "▼ The scorecard not built today\n\nSOURCES\n▼ The scorecard: not built today\n    It was last built"
        " Mon 27 Oct 2025, 07:00 CDT;"
    )
    assert told(morning(WED, **old), WED) == NOTHING
    assert "The scorecard: built again" in told(morning(THU), THU)


def test_who_owes_a_number(morning: Morning) -> None:
    """Each of a line's people types in their part. Until all have, the sum is not judged."""
    told(morning(MON, people={EVENTS: "maya_torres"}), MON)
    both = {"people": {EVENTS: "maya_torres; victor_lang"}, "newest": {EVENTS: "0"}}
    assert told(morning(TUE, **both), TUE).startswith(
        "○ 1 not typed in\n\nNOT TYPED IN YET FOR THE WEEK OF 20 OCTOBER\n○ Networking events (Outside sales)\n    not typed"
        " in by Victor Lang\n"
    )
    assert told(morning(WED, **both), WED) == NOTHING
    # Victor has left: Maya's part is all there is
    assert told(morning(THU, **both, left={"victor_lang": date(2025, 10, 19)}), THU).startswith(
        "▼ 1 newly off track"
    )


def test_nobody_owes_what_was_never_read(morning: Morning) -> None:
    assert "NOT TYPED" not in told(morning(MON, sources={"manual": {"state": "failing"}}), MON)
    text = told(morning(TUE), TUE)
    assert "Typed-in numbers: recovered" in text and "○ Website traffic\n    still to be typed in" in text


def test_who_comes_later_gets_a_first_digest_and_the_others_nothing(morning: Morning) -> None:
    told(morning(MON, sources=LATE), MON)
    settings = morning(TUE, sources=LATE)
    report = send_daily_digest(settings, company_of(to(DANA, SAM)), TUE)
    assert report.sent == [SAM] and report.nothing == [DANA]
    text = part(read(settings, TUE, SAM), "plain")
    assert (
        "Your first digest" in text
        and "HubSpot: late" in text
        and "3 newly off track" in text
        and "Dials: 101" not in text
    )


def test_only_the_sections_of_a_recipient(morning: Morning) -> None:
    company = company_of(to(DANA, sections=("reactive_ops",)), to(SAM, sections=("inside_sales",)))
    settings = morning(MON, sources=LATE, newest={"reactive_ops.utilization": "80/200"})
    assert sorted(send_daily_digest(settings, company, MON).sent) == [DANA, SAM]
    ops, sales = (part(read(settings, MON, who), "plain") for who in (DANA, SAM))
    assert (
        "▼ Utilization: 40% (80 of 200), goal 60%" in ops
        and "HubSpot" not in ops
        and "Website" not in ops
        and "First app" not in ops
    )
    assert (
        "First appointments set" in sales
        and "HubSpot: late" in sales
        and "Utilization" not in sales
        and "Warm" not in sales
    )


def test_sections_that_do_not_exist_are_held_and_the_operator_hears_once(morning: Morning) -> None:
    company = company_of(to(DANA, sections=("reactive_opps",)), to(SAM))
    for day in (MON, TUE):
        report = send_daily_digest(morning(day), company, day)
        assert (
            report.held == [DANA]
            and report.gate.decision == "amber"
            and "in reactive_opps." in report.gate.reasons[0]
        )
    settings = morning(WED)
    assert [f.name for f in settings.outbox_dir.glob("alert-*")] != []
    assert len(list(settings.outbox_dir.glob("alert-*"))) == 1
    send_daily_digest(settings, company_of(to(DANA, SAM)), WED)
    assert len(list(settings.outbox_dir.glob("recovery-*"))) == 1 and "Your first digest" in part(
        read(settings, WED), "plain"
    )


@pytest.mark.parametrize("broken", ["nothing", "marts.dim_build", "marts.fct_scorecard_weekly"])
def test_without_facts_it_is_held(morning: Morning, broken: str) -> None:
    settings = morning(MON)
    if broken == "nothing":
        settings.published_path.unlink()
    else:
        with duckdb.connect(str(settings.published_path)) as connection:
            connection.execute(f"drop table {broken}")
    for _ in range(2):
        report = send_daily_digest(settings, company_of(to(DANA, SAM)), MON)
        assert report.held == [DANA, SAM] and report.gate.decision == "held" and not report.nothing
    (file,) = settings.outbox_dir.iterdir()
    alert = message_from_bytes(file.read_bytes(), policy=default)
    assert alert["To"] == OPERATOR and "The daily digest is held" in alert["Subject"]
    assert send_daily_digest(morning(MON), company_of(to(DANA, SAM)), MON).sent == [
        DANA,
        SAM,
    ], "the day was not settled"


def test_what_a_refused_mail_would_have_told_is_told_the_next_day(morning: Morning, server: Server) -> None:
    def smtp(day: date, **values: Any) -> Settings:
        return morning(day, **values).model_copy(update={"smtp_url": SecretStr(server.url)})  # type: ignore[attr-defined]

    company = company_of(to(DANA, SAM))
    server.refuse = {SAM}
    with pytest.raises(
        DeliveryFailed, match=rf"daily_digest 2025-10-27: 1 mail could not be sent. {SAM}: .*550"
    ) as caught:
        send_daily_digest(smtp(MON), company, MON)
    assert (
        caught.value.report is not None
        and caught.value.report.sent == [DANA]
        and server.to() == [DANA, OPERATOR]
    )
    server.refuse = set()
    report = send_daily_digest(smtp(TUE), company, TUE)
    assert report.sent == [SAM] and report.nothing == [DANA] and server.to() == [DANA, OPERATOR, SAM]
    first, late = (
        message_from_bytes(content, policy=default) for address, content in server.got if address != OPERATOR
    )
    assert isinstance(first, EmailMessage) and isinstance(late, EmailMessage)
    assert first["Subject"].replace("Mon 27", "Tue 28") == late["Subject"]
    assert "Your first digest" in part(late, "plain")
    assert send_daily_digest(smtp(WED), company, WED).nothing == [DANA, SAM] and len(server.got) == 3


def test_forced_it_says_what_the_first_one_said(morning: Morning) -> None:
    first = send_daily_digest(morning(MON, sources=LATE), ONE, MON)
    assert first.sent == [DANA]
    settings = morning(TUE, newest={DIALS: "130"})  # by now everything is different
    again = send_daily_digest(settings, ONE, MON, force=True, only=[DANA.upper()])
    assert again.sent == [DANA]
    one, two = read(settings, MON), read(settings, MON, attempt=2)
    assert one["Subject"] == two["Subject"] and one["Message-ID"] != two["Message-ID"]
    assert all(part(one, kind) == part(two, kind) for kind in ("plain", "html"))
    assert "Dials: 130" in told(settings, TUE), "the baseline of Tuesday is still what Monday told"
    assert send_daily_digest(settings, ONE, MON).already_sent == [DANA]


def test_forced_on_a_day_with_nothing_to_say(morning: Morning) -> None:
    told(morning(MON), MON)
    assert told(morning(TUE), TUE) == NOTHING
    report = send_daily_digest(morning(TUE, sources=LATE), ONE, TUE, force=True)
    assert report.nothing == [DANA] and not report.sent


def test_other_days(morning: Morning) -> None:
    settings = morning(TUE)
    with pytest.raises(DeliveryFailed, match="2025-10-29: the day has not begun; today is 2025-10-28"):
        send_daily_digest(settings, ONE, WED)
    with pytest.raises(DeliveryFailed, match=f"{DANA}: had no digest on that day"):
        send_daily_digest(settings, ONE, MON)
    assert not settings.outbox_dir.exists()
    told(settings, TUE)
    tomorrow = settings.model_copy(update={"as_of": settings.now() + timedelta(days=1)})
    both = company_of(to(DANA, SAM))
    assert send_daily_digest(tomorrow, both, TUE).already_sent == [DANA], "who came later is not concerned"
    with pytest.raises(DeliveryFailed, match=f"{SAM}: had no digest"):
        send_daily_digest(tomorrow, both, TUE, only=[SAM])
    with pytest.raises(DeliveryFailed, match="stranger@x.example: has not subscribed to daily_digest"):
        send_daily_digest(tomorrow, both, WED, only=["stranger@x.example"])


def test_killed_while_the_server_was_taking_it(morning: Morning) -> None:
    """They may have it: it is not sent again, the operator can force it, and the next day does not repeat
    it."""
    settings = morning(MON)
    told(settings, MON)
    with closing(sqlite3.connect(settings.store_path)) as connection, connection:
        connection.execute("update deliveries set state = 'sending', transport = 'smtp'")
    report: DeliveryReport = send_daily_digest(settings, ONE, MON)
    assert report.uncertain == [DANA] and not report.sent
    (alert,) = settings.outbox_dir.glob("alert-*")
    text = message_from_bytes(alert.read_bytes(), policy=default).get_content()  # type: ignore[attr-defined]
    assert f"scoreline send --report daily_digest --day 2025-10-27 --force --only {DANA}" in " ".join(
        text.split()
    )
    assert told(morning(TUE), TUE) == NOTHING


def test_killed_before_the_mail_left(morning: Morning) -> None:
    """What it would have said was noted, but nobody has it."""
    settings = morning(MON)
    told(settings, MON)
    with closing(sqlite3.connect(settings.store_path)) as connection, connection:
        connection.execute("delete from deliveries")
    assert "3 newly off track" in told(morning(TUE), TUE)


def test_hostile_texts(morning: Morning) -> None:
    settings = morning(MON, sources=LATE)
    with duckdb.connect(str(settings.published_path)) as connection:
        connection.execute(
            "update marts.dim_lines set label = ?, owner_names = ?",
            [SCRIPT + "\r\nBcc: all@x.example", "\u202e" + "L" * 9000],
        )
        connection.execute("update marts.dim_sources set label = ? where source = 'hubspot'", [SCRIPT])
    send_daily_digest(settings, ONE, MON)
    message = read(settings, MON)
    html = part(message, "html")
    assert (
        "<script" not in html
        and "<img" not in html
        and "&lt;script&gt;" in html
        and "L" * 400 not in html
        and "\u202e" not in html
    )
    assert (
        message["Bcc"] is None
        and "\nBcc" not in part(message, "plain")
        and len(str(message["Subject"])) <= 200
    )


def test_a_long_list_is_cut_and_says_so(morning: Morning, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reports.mails.daily_digest.MOST_LISTED", 2)
    text = told(morning(MON), MON)
    assert "NEWLY OFF TRACK (the first 2 of 3; the scorecard has all)" in text and text.count("\n▼ ") == 2

"""The Friday preview: the running week by its pace, what is needed, honest about what is not there, once to
each."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import duckdb
import pytest

from foundation.settings import PROJECT_ROOT, Company, Settings, SettingsError, Subscription, load_company
from reports.engine.queries import Row
from reports.mails.friday_preview import send_friday_preview, still_needed
from reports.post.message import HTML_LIMIT, message_id
from reports.post.outcome import DeliveryFailed
from reports.words.line import Line
from tests.reports.conftest import settings_for
from tests.support.published import SCRIPT, PublishedFile
from tests.support.reading import text_of

W44 = date(2025, 10, 27)
NOON = datetime(2025, 10, 31, 17, tzinfo=UTC)
BUILT = NOON - timedelta(hours=6)
DANA, SAM = "dana.whitfield@cedar-ridge.example", "sam.okafor@cedar-ridge.example"
OPERATOR = "ops@cedar-ridge.example"
EVENTS = "outside_sales.networking_events"

WEEK = """\
inside_sales.dials|61|>=|125|100|64|behind
inside_sales.conversations_dm|12|>=|13|10.4|1|ahead
inside_sales.ftas_set|1|>=|1|0.8|0|done
warm_250.w250_dials|19|>=|25|20|6|on_pace
warm_250.w250_conversations_dm|0|>=|6|4.8|6|behind
outside_sales.mrr_closed|400|>=|500|400|100|on_pace
hybrid_sales.coi_created|4|<=|3|2.4||over
hybrid_sales.coi_attended|0|>=||||
reactive_ops.same_day_close_rate|40/60|>=|0.7|||
reactive_ops.utilization|98/160|>=|0.6|||
outside_sales.networking_events|-|>=|1|||
hybrid_sales.networking_events|3|>=|3|2.4|0|done
finance.cash_position|523400|>=|500000|||
"""
"""line, value so far, goal, what an even pace would have, needed on the last day, pace"""

Friday = Callable[..., Settings]


def company_of(*subscriptions: Subscription, confidential: tuple[str, ...] = ()) -> Company:
    company = load_company(settings_for(PROJECT_ROOT))
    mail = company.mail.model_copy(update={"subscriptions": list(subscriptions)})
    access = company.access.model_copy(update={"confidential": list(confidential)})
    return company.model_copy(update={"mail": mail, "access": access})


def to(*addresses: str, sections: tuple[str, ...] = ()) -> Subscription:
    return Subscription(report="friday_preview", to=list(addresses), sections=list(sections))


ONE = company_of(to(DANA))


@pytest.fixture
def friday(tmp_path: Path) -> Friday:
    """Friday noon, with what was published at six: `friday(late={"inside_sales.dials"})`."""

    def make(week: str = WEEK, late: set[str] = frozenset(), days_left: str = "1", **values: Any) -> Settings:  # type: ignore[assignment]
        settings = settings_for(tmp_path / "home", SCORELINE_AS_OF=NOON.isoformat())
        PublishedFile(
            settings.published_path,
            **{"earlier": 0, "left_out": 0, "hostile": False, "as_of": BUILT, **values},
        ).write()
        with duckdb.connect(str(settings.published_path)) as connection:
            connection.execute("delete from marts.fct_pace")
            for row in week.splitlines():
                _run_on(connection, row.split("|"), late, Decimal(days_left))
        return settings

    return make


def _run_on(
    connection: duckdb.DuckDBPyConnection, texts: list[str], late: set[str], days_left: Decimal
) -> None:
    """Write one line of the running week into the facts and the pace."""
    line, value, operator, *numbers, pace = texts
    goal, even, needed = (Decimal(number) if number else None for number in numbers)
    top, _, bottom = value.partition("/")
    shown = None if value == "-" else Decimal(top) / Decimal(bottom or 1)
    reach = BUILT - timedelta(days=2) if line in late else BUILT
    judged = bottom or line == "finance.cash_position"
    status = (
        ("met" if shown >= goal else "below") if judged and shown is not None and goal is not None else None
    )
    if line in late:  # as the mart has it: a number that is too old is not judged
        pace, status, even, needed = "", "no_data", None, None
    state = "missing" if shown is None else "stale" if line in late else "provisional"
    connection.execute(
        "update marts.fct_scorecard_weekly set value = ?, numerator = ?, denominator = ?, state = ? where"
        " line_id = ? and week_start = ?",
        [shown, None if shown is None else Decimal(top), Decimal(bottom or 1), state, line, W44],
    )
    connection.execute(
        f"insert into marts.fct_pace values ({', '.join('?' * 22)})",
        [line, "week", W44, W44 + timedelta(days=6), "2025-W44", shown, operator, goal, None, Decimal("0.8"), 5, days_left, even, None,
         needed, "working_day", days_left, pace or None, status, 1, 1, reach],
    )  # fmt: skip


def read(settings: Settings, address: str = DANA, attempt: int = 1) -> EmailMessage:
    name = f"friday_preview-2025-W44-{address}" + (f"-{attempt}" if attempt > 1 else "")
    parsed = message_from_bytes((settings.outbox_dir / f"{name}.eml").read_bytes(), policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def told(settings: Settings, company: Company = ONE) -> str:
    assert DANA in send_friday_preview(settings, company, W44).sent
    return part(read(settings), "plain")


def test_what_needs_attention_comes_first(friday: Friday) -> None:
    settings = friday()
    text = told(settings)
    assert (
        read(settings)["Subject"]
        == "Week of 27 October so far: 1 over the goal, 2 behind, 2 on pace, 1 ahead, 2 done, 2 not typed in - COIs"
        " created 4 (goal at most 3)"
    )
    assert text.startswith(
        "Cedar Ridge IT preview Week of 27 October\nW44, Mon 27 Oct to Sun 2 Nov 2025, still running\n\nYOUR"
        " LINES\n○ Website traffic\n    still to be typed in\n\nEVERYBODY\n▼ 1"
        " over the goal   ▼ 2 behind   ▬ 2 on pace   ● 1 ahead   ● 2 done   ○ 2 not typed in\nComplete to Fri"
        " 31 Oct 2025, 06:00 CDT where a line says nothing else. In the data 80% of the week's working time"
        " has passed.\n\nNEEDS ATTENTION\n▼ COIs created: 4, goal at most 3\n    Over the goal, Noor"
        " Haddad\n▼ Warm 250 conversations: 0, goal 6\n    Behind, Victor Lang, even pace: 4.8 by now\n"
        "    6 more by the end of the week\n▼ Dials: 61, goal 125\n    Behind, Maya Torres, even pace: 100"
        " by now\n    64 more by the end of the week\n"
    )
    heads = [
        "NEEDS ATTENTION",
        "NOT TYPED IN YET",
        "ON THEIR WAY",
        "JUDGED WHEN THE WEEK HAS ENDED",
        "DATA NOTES",
        "To stop this mail",
    ]
    assert [text.index(head) for head in heads] == sorted(text.index(head) for head in heads)
    assert re.search(r"MRR closed +\$400 +≥ \$500 +\$100 more  ▬ On pace\n +Maya Torres, Victor Lang\n", text)
    assert re.search(r"First appointments set +1 +≥ 1 +–  ● Done\n", text)
    assert "○ Networking events (Outside sales)\n    not typed in by Maya Torres, Victor Lang\n\n" in text
    assert (
        "No goal in the week of 27 October, because nobody works for it: COI meetings attended (Hybrid sales)."
        in text
    )
    assert "HubSpot" not in text, "a healthy source is not reported"


def test_what_does_not_add_up_has_no_pace_and_no_colour(friday: Friday) -> None:
    settings = friday()
    text = told(settings)
    assert re.search(
        r"Same-day close rate +67% +≥ 70%\n +Sam Okafor, 40 of 60, missed so far\n +Utilization +61% +≥"
        r" 60%\n",
        text,
    )
    assert "    Sam Okafor, 98 of 160, met so far\n" in text
    html = part(read(settings), "html")
    assert not re.search(r'class="[^"]*\b(near|below|met)\b[^"]*"[^>]*>[^<]*(Same-day|so far)', html)


def test_how_the_mail_is_made(friday: Friday) -> None:
    settings = friday(
        late={"inside_sales.dials"},
        sources={"hubspot": {"state": "late", "complete_through": BUILT - timedelta(days=2)}},
    )
    told(settings)
    message = read(settings)
    assert [p.get_content_type() for p in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert message["To"] == DANA and message["Date"] == "Fri, 31 Oct 2025 12:00:00 -0500"
    assert str(message["List-Unsubscribe"]).startswith(
        "<mailto:ops@cedar-ridge.example?subject=Stop%20friday_preview"
    )
    assert str(message["Message-ID"]) == message_id(
        f"friday_preview\n2025-W44\n{DANA}\n1", "a@cedar-ridge.example"
    )
    html, text = part(message, "html"), part(message, "plain")
    assert len(html.encode()) < HTML_LIMIT
    assert not re.search(r"<svg|<script|<link|<img|data:|url\(|var\(--|@import|javascript:", html, re.I)
    for status, sign in (("below", "▼"), ("no_goal", "▬"), ("met", "●"), ("no_data", "○")):
        assert re.search(rf'class="st {status}"[^>]*>{sign} \w', html), (
            "a pace needs its word, shape and colour"
        )
    found = {n.rstrip(".,") for n in re.findall(r"\d[\d.,]*", text_of(html))}
    assert len(found) > 25 and found <= {n.rstrip(".,") for n in re.findall(r"\d[\d.,]*", text)}
    hidden = text_of(re.search(r"<body[^>]*>(<div.*?</div>)", html, re.S)[1])  # type: ignore[index]
    assert hidden.startswith(
        "Needs you: Warm 250 conversations 0 (goal 6), 6 more, Victor Lang; Maya Torres, Victor Lang: type in"
    )


def test_more_than_a_day_is_left(friday: Friday) -> None:
    text = told(
        friday(
            "inside_sales.dials|61|>=|125|75|32|behind\nwarm_250.w250_dials|19|<=|25|15|3|behind",
            days_left="2",
        )
    )
    assert (
        "64 more by the end of the week, 32 each working day" in text
        and "    at most 6 more by the end of the week\n" in text
    )


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({}, "64 more"),
        ({"target": Decimal("100.4"), "unit": "count"}, "40 more"),
        ({"operator": "<=", "target": Decimal("65.9"), "pace": "ahead"}, "at most 4 more"),
        ({"operator": ">", "target": 70}, "over 9 more"),
        ({"operator": "<=", "target": 60, "pace": "over"}, ""),
        ({"target": 60, "pace": "done"}, ""),
        ({"unit": "hours", "value": Decimal("9.33"), "target": 20}, "10.7 h more"),
        ({"unit": "money:EUR", "value": Decimal("9.50"), "target": 20}, "€10.50 more"),
    ],
)
def test_what_is_still_needed_is_enough(values: dict[str, Any], text: str) -> None:
    row = {"value": 61, "target": 125, "operator": ">=", "unit": "count", "pace": "behind"} | values
    assert still_needed(Line(Row(row))) == text


def test_late_and_unconnected_sources_are_said(friday: Friday) -> None:
    sources = {
        "hubspot": {"state": "late", "complete_through": BUILT - timedelta(days=2)},
        "autotask": {"state": "not_connected", "complete_through": None},
    }
    settings = friday(late={"inside_sales.dials"}, sources=sources)
    report = send_friday_preview(settings, ONE, W44)
    assert report.gate.decision == "amber"
    text = part(read(settings), "plain")
    assert (
        "! SENT WITH GAPS. Please read with care:\n  - Autotask is not connected: its numbers are empty"
        in text
    )
    assert "  - HubSpot is late: its data is complete to Wed 29 Oct 2025, 06:00 CDT.\n" in text
    assert "Dials: 61" not in text  # its pace would be that of Wednesday
    assert re.search(r"Dials +61 +≥ 125\n    Maya Torres, not judged, complete to 29 Oct, 06:00\n", text)
    assert "Sent with gaps" in part(read(settings), "html") and "Typed-in numbers" not in text


def test_an_older_scorecard_says_so(friday: Friday) -> None:
    settings = friday(as_of=BUILT - timedelta(days=1))
    assert send_friday_preview(settings, ONE, W44).gate.decision == "amber"
    assert (
        "  - The scorecard was last built Thu 30 Oct 2025, 06:00 CDT: everything here is as of then.\n"
        in part(read(settings), "plain")
    )


def test_only_the_sections_of_a_recipient(friday: Friday) -> None:
    company = company_of(to(DANA, sections=("reactive_ops",)), to(SAM, sections=("inside_sales",)))
    settings = friday()
    assert sorted(send_friday_preview(settings, company, W44).sent) == [DANA, SAM]
    ops, sales = (part(read(settings, who), "plain") for who in (DANA, SAM))
    assert (
        "Utilization" in ops
        and "Dials" not in ops
        and "HubSpot" not in ops
        and "TYPED" not in ops
        and "NEEDS" not in ops
    )
    assert read(settings)["Subject"] == "Week of 27 October so far: Same-day close rate 67% (goal 70%)"
    assert (
        "Dials: 61" in sales
        and "Utilization" not in sales
        and "Autotask" not in sales
        and "Networking" not in sales
    )


def test_confidential_lines_go_to_those_who_are_named_for_them(friday: Friday) -> None:
    subscriptions = (to(DANA), to(SAM), to(SAM, sections=("finance",)))
    company = company_of(*subscriptions, confidential=("finance", "outside_sales.mrr_closed"))
    company = company.model_copy(update={"pages": company.pages.model_copy(update={"lines": {}})})
    settings = friday()
    send_friday_preview(settings, company, W44)
    all_of_us, cfo = (part(read(settings, who), "plain") for who in (DANA, SAM))
    assert "Cash position" not in all_of_us and "MRR closed" not in all_of_us and "Dials" in all_of_us
    assert "Cash position" in cfo and "$523,400" in cfo and "MRR closed" not in cfo


def test_nobody_gets_it_twice_unless_forced(friday: Friday) -> None:
    settings = friday()
    assert send_friday_preview(settings, ONE, NOON.date()).sent == [DANA]
    assert send_friday_preview(settings, ONE, W44).already_sent == [DANA]
    assert send_friday_preview(settings, ONE, W44, force=True, only=[DANA.upper()]).sent == [DANA]
    assert part(read(settings), "html") == part(read(settings, attempt=2), "html")
    with pytest.raises(DeliveryFailed, match="stranger@x.example: has not subscribed to friday_preview"):
        send_friday_preview(settings, ONE, W44, only=["stranger@x.example"])


@pytest.mark.parametrize(
    ("days", "why"), [(-7, "2025-W43: the week is over"), (7, "2025-W45: the week has not begun")]
)
def test_other_weeks(friday: Friday, days: int, why: str) -> None:
    settings = friday()
    with pytest.raises(DeliveryFailed, match=f"friday_preview {why}.*; the running one is 2025-W44"):
        send_friday_preview(settings, ONE, W44 + timedelta(days=days))
    assert not settings.outbox_dir.exists()


def test_nothing_to_say(friday: Friday) -> None:
    """Lines without a goal are not reported and make no mail; lines that do not exist are a mistake."""
    settings = friday("inside_sales.dials|0|>=||||")
    assert send_friday_preview(settings, company_of(to(DANA, sections=("inside_sales",))), W44).nothing == [
        DANA
    ]
    assert not settings.outbox_dir.exists()


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ("file", "Nothing has been published yet"),
        ("drop table marts.fct_pace", "The published database is not complete"),
        ("drop table marts.dim_build", "The published database is not complete"),
        ("delete from marts.fct_scorecard_weekly where not is_finished", "There are no facts for the week of 27 October"),
        ("update marts.dim_build set as_of = as_of - interval 5 day", "as of Sun 26 Oct 2025, 06:00 CDT, before the week of 27 October began"),
        ("update marts.dim_sources set state = 'failing', complete_through = complete_through - interval 6 day", "are down or were never"),
    ],
)  # fmt: skip
def test_without_facts_it_is_held_and_only_the_operator_hears(friday: Friday, broken: str, why: str) -> None:
    settings = friday()
    if broken == "file":
        settings.published_path.unlink()
    else:
        with duckdb.connect(str(settings.published_path)) as connection:
            connection.execute(broken)
    for _ in range(2):
        report = send_friday_preview(settings, company_of(to(DANA, SAM)), W44)
        assert report.held == [DANA, SAM] and report.gate.decision == "held" and not report.nothing
    (file,) = settings.outbox_dir.iterdir()
    notice = message_from_bytes(file.read_bytes(), policy=default)
    assert notice["To"] == OPERATOR and notice["Subject"] == "Scoreline held the Friday preview of 2025-W44"
    text = notice.get_content()  # type: ignore[attr-defined]
    assert why in " ".join(
        text.split()
    ) and "scoreline send --report friday_preview --week 2025-W44" in " ".join(text.split())
    assert send_friday_preview(friday(), company_of(to(DANA, SAM)), W44).sent == [
        DANA,
        SAM,
    ], "the week was not settled"


def test_hostile_texts(friday: Friday) -> None:
    settings = friday()
    with duckdb.connect(str(settings.published_path)) as connection:
        connection.execute(
            "update marts.dim_lines set label = ?, owner_names = ?",
            [SCRIPT + "\r\nBcc: all@x.example", "\u202e" + "L" * 9000],
        )
        connection.execute("update marts.dim_sources set label = ?, state = 'late'", [SCRIPT])
    send_friday_preview(settings, ONE, W44)
    message = read(settings)
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
        and len(" ".join(str(message["Subject"]).split())) <= 200
    )


def test_a_report_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "company.toml"
    path.write_text(
        (PROJECT_ROOT / "company.toml").read_text(encoding="utf-8").replace('"friday_preview"', '"fridays"'),
        encoding="utf-8",
    )
    with pytest.raises(SettingsError, match=r"mail.subscriptions.2.report: .*'friday_preview'"):
        load_company(settings_for(tmp_path, SCORELINE_COMPANY_FILE=path))

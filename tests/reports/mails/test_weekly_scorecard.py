"""The weekly mail as a message: what it says, how it is built, what it must never hold."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Collection
from datetime import date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import duckdb
import pytest
from pydantic import SecretStr

from foundation.settings import Company, Settings, Subscription
from foundation.warehouse import DEMO_MARK
from reports.engine.queries import Row
from reports.mails.weekly_scorecard import WeeklyScorecard, send_weekly_scorecard
from reports.mails.weekly_scorecard.told import tell
from reports.mails.weekly_scorecard.values import ticks
from reports.pages import SiteError
from reports.pdf import scorecard_pdf
from reports.post.channels.card import Post
from reports.post.message import HTML_LIMIT, MailError, checked_address
from reports.post.round import recipients
from reports.words.gate import decide
from reports.words.line import picked
from reports.words.reader import read_readers
from reports.words.restatements import KIND
from reports.words.week import load_week, reading
from tests.reports.conftest import REJECTED
from tests.support.published import CLOCK, MOVED, SCRIPT
from tests.support.reading import text_of

W43 = date(2025, 10, 20)
DANA = "dana.whitfield@cedar-ridge.example"


def composed(
    settings: Settings,
    company: Company,
    sections: Collection[str] = (),
    week: date = W43,
    since: datetime | None = None,
) -> EmailMessage:
    decision = decide(settings.published_path, week, sections)
    told = tell(load_week(settings.published_path, week), decision, sections, since)
    mail = WeeklyScorecard(settings, company, week).compose(told, DANA, "<x@cedar-ridge.example>")
    assert isinstance(mail, EmailMessage)
    return mail


def made(
    settings: Settings,
    company: Company,
    sections: Collection[str] = (),
    week: date = W43,
    since: datetime | None = None,
) -> EmailMessage:
    message = composed(settings, company, sections, week, since)
    parsed = message_from_bytes(message.as_bytes(), policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def html_of(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def plain_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def test_the_subject_is_the_news(settings: Settings, company: Company) -> None:
    message = made(settings, company)
    assert (
        message["Subject"]
        == "Week of 20 October: 6 met, 0 close, 9 missed - Same-day close rate 53% (goal 70%)"
    )


def test_the_preheader_goes_on_with_it(settings: Settings, company: Company) -> None:
    html = html_of(made(settings, company))
    hidden = text_of(re.search(r"<body[^>]*>(<div.*?</div>)", html, re.S)[1])  # type: ignore[index]
    assert hidden.startswith("Needs you too: Dials 101 (goal 125), War")
    assert len("Needs you too: Dials 101 (goal 125)") <= 40


def test_the_tree_and_the_headers(settings: Settings, company: Company) -> None:
    message = made(settings, company)
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
    ]  # fmt: skip
    assert (
        message["To"] == DANA
        and message["From"] == company.mail.sender
        and message["Reply-To"] == company.mail.operator
    )
    assert message["Date"] == "Mon, 27 Oct 2025 07:00:00 -0500", "by the clock, in the company's zone"
    assert message["Auto-Submitted"] == "auto-generated"
    assert str(message["List-Unsubscribe"]).startswith(
        "<mailto:ops@cedar-ridge.example?subject=Stop%20weekly_scorecard"
    )
    raw = composed(settings, company).as_bytes()
    assert (
        b"\r\nList-Unsubscribe:"
        b" <mailto:ops@cedar-ridge.example?subject=Stop%20weekly_scorecard%20for%20dana.whitfield%40" in raw
    )
    html = html_of(message)
    cids = {str(part["Content-ID"])[1:-1] for part in message.walk() if part["Content-ID"]}
    assert set(re.findall(r'src="cid:([^"]+)"', html)) == cids and len(cids) == 1


def test_the_html_is_what_mail_programs_can_show(settings: Settings, company: Company) -> None:
    html = html_of(made(settings, company))
    assert len(html.encode()) < HTML_LIMIT
    assert not re.search(r"<svg|<script|<link|data:|url\(|var\(--|@import|javascript:", html, re.I)
    assert not re.search(r"src=\"(?!cid:)", html)
    assert all(re.search(r'alt="[^"]{20,}"', image) for image in re.findall(r"<img[^>]*>", html))
    assert html.count('name="color-scheme"') == 1 and "prefers-color-scheme:dark" in html
    widths = [int(w) for w in re.findall(r'<table[^>]* width="(\d+)"', html)]
    assert widths == [600]
    assert (
        max(row.count("<td") + row.count("<th") for row in re.findall(r"<tr>(?:(?!<tr).)*?</tr>", html, re.S))
        <= 5
    )
    for status, word in (("met", "Met"), ("below", "Missed")):
        assert re.search(rf'class="st {status}"[^>]*>\s*[●▼] {word}<', html), (
            "a status needs its word, shape and colour"
        )


def test_every_number_of_the_html_is_in_the_text(settings: Settings, company: Company) -> None:
    message = made(settings, company)
    found = re.findall(r"\d[\d.,]*", text_of(html_of(message)))
    said = set(re.findall(r"\d[\d.,]*", plain_of(message)))
    assert len(found) > 100
    assert {n.rstrip(".,") for n in found} <= {n.rstrip(".,") for n in said}


def test_order_and_content(settings: Settings, company: Company) -> None:
    text = plain_of(made(settings, company))
    heads = [
        "SENT WITH GAPS",
        "9 missed",
        "NEEDS ATTENTION",
        "WINS",
        "LINES WITH A GOAL",
        "WATCHED WITHOUT",
        "Q4 2025 SO FAR",
        "DATA NOTES",
        "To stop this mail",
    ]
    places = [text.index(head) for head in heads]
    assert places == sorted(places)
    assert (
        "▼ Same-day close rate: 53% (42 of 79), goal 70%, 17 points short\n    Sam Okafor, missed 2 weeks in a row"
        in text.replace("\r\n", "\n")
    )
    assert "Not typed in for the week of 20 October: Website traffic (Marketing, Dana Whitfield)." in text
    assert "late.csv line 3: unknown metric <b>'netwroking_events'</b>" in text
    assert "<b>'netwroking" not in html_of(made(settings, company)), "a rejected row must be escaped"
    assert "file:" not in text and "http" not in text, "nobody serves the site"
    assert "Demo data" not in text


def test_a_line_that_needs_attention_says_why_it_moved_and_how_its_quarter_stands(
    settings: Settings, company: Company
) -> None:
    message = made(settings, company)
    text = plain_of(message).replace("\r\n", "\n")
    unchanged = "    Missed, but nothing has changed: its usual range is 27 to 139"
    # what the running week needs is worth more than why the number moved
    said = (
        f"    Maya Torres, missed 34 weeks in a row\n{unchanged}\n    This week: 125, 25 each working day\n▼ "
    )
    assert said in text and MOVED not in text and "Quarter:" not in text
    with duckdb.connect(str(settings.published_path)) as connection:
        connection.execute("delete from marts.fct_pace where span = 'week'")
    message = made(settings, company)
    text = plain_of(message).replace("\r\n", "\n")
    assert f"    Maya Torres, missed 34 weeks in a row\n{unchanged}\n    {MOVED}\n▼ " in text
    assert "&lt;script&gt;" in html_of(message) and "<script" not in html_of(message)
    with duckdb.connect(str(settings.published_path)) as connection:
        connection.execute("delete from marts.fct_movements")
    text = plain_of(made(settings, company)).replace("\r\n", "\n")
    said = "    Quarter: 344 so far, goal 1,625, behind, 143 needed each week\n▼ "
    assert said in text and text.count("Quarter: ") == 1, "what is ahead, or has no pace, says nothing"
    past = plain_of(made(settings, company, week=W43 - timedelta(days=7)))
    assert "Quarter:" not in past and "Victor Lang +7" not in past


MAYA = "maya.torres@cedar-ridge.example"


def test_signals_come_first_and_misses_within_the_usual_range_say_so(
    settings: Settings, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    with duckdb.connect(str(settings.published_path)) as connection:
        for line in ("inside_sales.ftas_set", "marketing.website_traffic"):
            connection.execute(
                "delete from marts.fct_signals where line_id = ? and week_start = ?", [line, W43]
            )
            connection.execute(
                "insert into marts.fct_signals (line_id, week_start, value, centre, lower, upper, rule, direction,"
                " side_weeks, outside_weeks, last_outside, n) values (?, ?, 0, 5, 2, 8, 'outside', 'low', 1, 1,"
                " date '2025-01-13', 26)",
                [line, W43],
            )
        connection.execute("update marts.dim_lines set owners = 'maya_torres' where section = 'marketing'")
    decision = decide(settings.published_path, W43, ())
    with reading(settings.published_path) as connection:
        readers = read_readers(connection)
    told = tell(load_week(settings.published_path, W43), decision, (), readers=readers, recipients=[MAYA])
    message = WeeklyScorecard(settings, company, W43).compose(told, MAYA, "<x@cedar-ridge.example>")
    text = plain_of(message).replace("\r\n", "\n")
    own = text[text.index("YOUR LINES") : text.index("EVERYBODY")]
    signal = "◎ unusually low: first time outside its usual range (2 to 8) in 40 weeks"
    places = [
        own.index(part) for part in ("First appointments set: 0", signal, "Dials: 101", "nothing has changed")
    ]
    assert places == sorted(places), "a weightier miss within its range comes after a signal"
    assert f"◎ Website traffic: –\n    {signal[2:]}" in own, "of a line without a goal too"
    assert own.count("◎") == 2
    html = html_of(message)
    assert (
        f"{signal}</span>" in html and "Missed, but nothing has changed: its usual range is 27 to 139" in html
    )
    # in a channel too
    subscription = Subscription(report="weekly_scorecard", channel="slack", to=[MAYA])
    mail = company.mail.model_copy(update={"subscriptions": [subscription]})
    post = WeeklyScorecard(settings, company.model_copy(update={"mail": mail}), W43).compose(
        told, "slack", "<x>"
    )
    assert isinstance(post, Post)
    own = next(
        block["text"]["text"] for block in post.payload["blocks"] if "Your lines" in str(block.get("text"))
    )
    places = [
        own.index(part) for part in ("First appointments set: 0", signal, "Dials: 101", "nothing has changed")
    ]
    assert places == sorted(places) and own.count(signal) == 2 and "◎ Website traffic: –\n" in own
    # a reader without lines: the list is cut after the signals
    monkeypatch.setattr("reports.mails.weekly_scorecard.values.MOST_LISTED", 1)
    told = tell(load_week(settings.published_path, W43), decision, ())
    text = plain_of(WeeklyScorecard(settings, company, W43).compose(told, "a@b.example", "<x>"))
    listed = text[text.index("NEEDS ATTENTION") : text.index("more in the table below")]
    assert "First appointments set: 0" in listed and "Dials: 101" not in listed


def test_notes_and_actions_stand_beside_their_numbers_and_a_miss_without_one_asks_for_it(
    settings: Settings, company: Company
) -> None:
    with duckdb.connect(str(settings.published_path)) as connection:
        connection.execute(
            "insert into marts.fct_notes values ('inside_sales.dials', ?, '2025-W43', ?, 'Maya Torres', ?, true),"
            " ('inside_sales.dials', ?, '2025-W42', 'Of the week before.', 'Maya Torres', ?, false)",
            [W43, f"A fair. {SCRIPT}", CLOCK, W43 - timedelta(days=7), CLOCK],
        )
        connection.execute(
            "insert into marts.fct_actions (action_id, line_id, what, owner_name, due_on, action_state) values"
            " ('a', 'inside_sales.dials', 'Call again', 'Victor Lang', '2025-10-31', 'open'),"
            " ('b', 'inside_sales.dials', 'Done already', 'Victor Lang', '2025-10-24', 'done')"
        )
    access = company.access.model_copy(update={"portal_url": "https://portal.example.com/"})
    served = company.model_copy(update={"access": access})
    with reading(settings.published_path) as connection:
        readers = read_readers(connection)
    decision = decide(settings.published_path, W43, ())
    told = tell(load_week(settings.published_path, W43), decision, (), None, readers, [MAYA])
    message = WeeklyScorecard(settings, served, W43).compose(told, MAYA, "<x@cedar-ridge.example>")
    text, html = plain_of(message).replace("\r\n", "\n"), html_of(message)
    own = text[text.index("YOUR LINES") : text.index("EVERYBODY")]
    by = "(Maya Torres, Mon 27 Oct 2025, 07:00 CDT, edited)"
    assert f"    Note: A fair. {SCRIPT} {by}\n    To do: Call again: Victor Lang, by 31 Oct\n" in own
    assert "&lt;script&gt;" in html and "<script" not in html and "Of the week before" not in text
    form = "https://portal.example.com/lines/inside_sales.ftas_set/notes/2025-W43"
    assert f"    Write why, and what comes next: {form}\n" in own and f'href="{form}"' in html
    assert "inside_sales.dials/notes" not in text, "it has its note"
    assert "/notes/" not in text.replace(own, ""), "only the reader's own lines ask for one"
    nowhere = WeeklyScorecard(settings, company, W43).compose(told, MAYA, "<x@cedar-ridge.example>")
    assert "/notes/" not in plain_of(nowhere), "without a portal there is no form"


def test_what_was_published_otherwise_is_told(settings: Settings, company: Company) -> None:
    message = made(settings, company)
    text = plain_of(message).replace("\r\n", "\n")
    for note in (
        (
            "Restated: Dials, week of 20 October: 101, was 102 (1 record removed), 27 Oct; was 100 until 27 Oct (2"
            " records added)"
        ),
        "Restated: MRR closed, week of 13 October: $0, was $500 (1 record changed), 21 Oct",
        (
            "Restated: Same-day close rate, week of 13 October: 49% (29 of 59), was 50% (30 of 60) (definition"
            " changed, 1 record removed), 21 Oct"
        ),
        "Filled in: Networking events, week of 6 October: 2, was blank (1 record added), 21 Oct",
        "New goal: Dials, 6 weeks from 18 August to 22 September (goal changed), 21 Oct",
    ):
        assert f"- {note}\n" in text, note
        assert note in text_of(html_of(message))


def test_only_what_changed_since_the_last_mail_and_in_the_recipient_s_sections(
    settings: Settings, company: Company
) -> None:
    def told(since: str | None, sections: tuple[str, ...] = ()) -> str:
        return plain_of(
            made(settings, company, sections, since=datetime.fromisoformat(since) if since else None)
        )

    assert "Restated: MRR closed" in told(None) and "Restated: MRR closed" in told(
        "2025-10-21T11:00:00+00:00"
    )
    later = told("2025-10-22T00:00:00+00:00")
    assert "Restated: Dials, week of 20" in later and "MRR closed, week of 13" not in later
    own = told(None, ("reactive_ops",))
    assert "Restated: Same-day" in own and "Restated: Dials" not in own and "Restated: MRR" not in own
    assert "Restated" not in told("2025-10-27T11:30:00+00:00")


def test_many_changes_are_counted(variant: Callable[..., Settings], company: Company) -> None:
    settings = variant(changes=2)
    with duckdb.connect(str(settings.published_path)) as connection:
        connection.execute(
            "insert into marts.fct_restatements select r.* replace (period_start - 70 - 7 * i::int as"
            " period_start, changed_at - interval (i) minute as changed_at) from marts.fct_restatements as r,"
            " range(3) as more(i)"
        )
    notes = plain_of(made(settings, company)).split("DATA NOTES")[1].split("As of")[0]
    assert (
        sum(notes.count(f"- {kind}:") for kind in KIND.values()) == 8
        and "more changed numbers on the page" in notes
    )


def test_demo_data_says_so(settings: Settings, company: Company) -> None:
    demo = settings.model_copy(update={"sandbox_url": "http://127.0.0.1:1"})
    message = made(demo, company)
    assert "Demo data" in plain_of(message) and "Demo data" in html_of(message)
    assert str(message["Subject"]).startswith("Week of 20 October:")


def test_the_served_site_is_linked_where_there_is_one(settings: Settings, company: Company) -> None:
    served = company.model_copy(
        update={"pages": company.pages.model_copy(update={"site_url": "https://score.example/x/"})}
    )
    receipts = settings.site_dir / "receipts"
    receipts.mkdir(parents=True)
    (receipts / "2025-W43.html").write_text('<section id="reactive_ops.same_day_close_rate">')
    (receipts / "2025-W43.2.html").write_text('<section id="inside_sales.dials">')
    html = html_of(made(settings, served))
    site = "https://score.example/x"
    assert f'href="{site}/scorecard/2025-W43.html"' in html
    assert (
        f'href="{site}/receipts/2025-W43.html?line=reactive_ops.same_day_close_rate#reactive_ops.same_day_close_rate"'
        in html
    )
    assert f'href="{site}/receipts/2025-W43.2.html?line=inside_sales.dials#inside_sales.dials"' in html
    assert "#inside_sales.ftas_set" not in html, "a link to nothing"
    assert not re.search(r"href|file:", html_of(made(settings, company)))
    (settings.home / DEMO_MARK).write_text("cedar")
    page = (settings.site_dir / "scorecard" / "2025-W43.html").as_uri()
    assert f'href="{page}"' in html_of(made(settings, company)), "a demo's mail is a file beside its site"
    real = settings.model_copy(update={"smtp_url": SecretStr("smtp://127.0.0.1")})
    assert not re.search(r"href|file:", html_of(made(real, company))), "no file: link leaves the house"


def test_the_reader_s_own_lines_come_first(settings: Settings, company: Company) -> None:
    """Three people, three mails: the subject too begins with what is theirs."""
    week = load_week(settings.published_path, W43)
    decision = decide(settings.published_path, W43)
    with reading(settings.published_path) as connection:
        readers = read_readers(connection)
    mails = {}
    for name in ("maya.torres", "sam.okafor", "dana.whitfield"):
        address = f"{name}@cedar-ridge.example"
        told = tell(week, decision, (), None, readers, [address.upper()])
        mails[name] = WeeklyScorecard(settings, company, W43).compose(
            told, address, "<x@cedar-ridge.example>"
        )
    assert mails["maya.torres"]["Subject"].endswith("9 missed - Dials 101 (goal 125)")
    assert mails["sam.okafor"]["Subject"].endswith("9 missed - Same-day close rate 53% (goal 70%)")
    maya, sam, dana = (plain_of(mail).replace("\r\n", "\n") for mail in mails.values())
    own, _, others = maya.partition("EVERYBODY")
    assert "YOUR LINES: 4 met, 0 close, 3 missed\n▼ Dials: 101, goal 125, 24 short\n" in own
    assert "● Conversations with decision makers: 21, goal 13" in own and "Same-day" not in own
    assert (
        "NEEDS ATTENTION FROM OTHERS\n▼ Same-day close rate" in others
        and "▼ Dials" not in others.split("LINES WITH A GOAL")[0]
    )
    assert "YOUR LINES: 1 met, 0 close, 1 missed\n▼ Same-day close rate" in sam
    assert "YOUR LINES: 0 met, 0 close, 0 missed\n" not in dana, "none of hers has a goal"
    assert len({maya, sam, dana}) == 3


def test_the_text_keeps_its_columns(settings: Settings, company: Company) -> None:
    with duckdb.connect(str(settings.published_path)) as connection:
        connection.execute(
            "update marts.dim_lines set label = 'Conversations with decision makers of the two hundred and"
            " fifty warmest accounts' where line_id = 'inside_sales.conversations_dm'"
        )
    text = plain_of(made(settings, company)).replace("\r\n", "\n").split("LINES WITH A GOAL")[1]
    numbers = [line for line in text.splitlines() if "≥" in line]
    assert len(numbers) == 15
    assert len({len(line.partition("≥")[0].rstrip()) for line in numbers}) == 1


def test_sections_of_a_recipient(settings: Settings, company: Company) -> None:
    message = made(settings, company, ("reactive_ops",))
    assert (
        message["Subject"]
        == "Week of 20 October: 1 met, 0 close, 1 missed - Same-day close rate 53% (goal 70%)"
    )
    for text in (plain_of(message), html_of(message)):
        assert (
            "Dials" not in text
            and "Q4" not in text
            and "HubSpot" not in text
            and "Website traffic" not in text
        )
        assert "Same-day close rate" in text and "Autotask" not in text, "a healthy source is not reported"


def test_a_week_without_a_miss(settings: Settings, company: Company) -> None:
    message = made(settings, company, ("marketing",))
    assert message["Subject"] == "Week of 20 October: 0 met, 0 close, 0 missed"
    assert "No line has a number to judge." in plain_of(message)
    assert [part.get_content_type() for part in message.walk()][-1] == "text/html", "a picture of nothing"


def test_a_green_mail_has_no_banner(variant: Callable[..., Settings], company: Company) -> None:
    message = made(variant(), company, ("inside_sales",))
    assert "gaps" not in html_of(message).lower() and "GAPS" not in plain_of(message)
    assert "Nothing is missing, stale or rejected." in plain_of(message)


def test_stale_numbers_are_marked(variant: Callable[..., Settings], company: Company) -> None:
    text = plain_of(made(variant(stale={"inside_sales.dials"}), company))
    assert "▼ Dials" not in text  # not whole, so it misses nothing and needs nobody
    assert re.search(
        r"Dials +101 +≥ 125 +70 +○ No data\s+Maya Torres, stale, complete to 23 Oct, 07:00\s", text
    )


def test_hostile_texts(variant: Callable[..., Settings], company: Company) -> None:
    settings = variant(
        rejected=[("x.csv", 2, SCRIPT + "\r\nBcc: all@example.org", ""), ("\u202e.csv", 3, "L" * 10_000, "")]
    )
    message = made(settings, company)
    html = html_of(message)
    assert "<script" not in html and "<img src=x" not in html and "&lt;script&gt;" in html
    assert "L" * 200 not in html and "\u202e" not in html
    assert message["Bcc"] is None


def test_the_same_facts_make_the_same_bytes(settings: Settings, company: Company) -> None:
    assert made(settings, company).as_bytes() == made(settings, company).as_bytes()


def test_the_picture_is_drawn_with_our_font(settings: Settings, company: Company) -> None:
    message = made(settings, company)
    png = next(part for part in message.walk() if part.get_content_type() == "image/png").get_content()
    assert png[:8] == b"\x89PNG\r\n\x1a\n" and int.from_bytes(png[16:20], "big") == 1104
    data, at = b"", 8
    while at < len(png):
        size = int.from_bytes(png[at : at + 4], "big")
        data += png[at + 8 : at + 8 + size] if png[at + 4 : at + 8] == b"IDAT" else b""
        at += size + 12
    pixels = zlib.decompress(data)
    # the title is drawn in the top 30 of 380 lines; without a font these lines would be of one colour
    assert len(set(pixels[: len(pixels) * 30 // 380])) > 20


def test_a_mail_that_would_be_cut_is_refused(
    settings: Settings, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reports.post.message.HTML_LIMIT", 20_000)
    with pytest.raises(MailError, match="the HTML part has .* bytes, more than 20,000"):
        made(settings, company)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dana",
        "dana@",
        "@x.example",
        "a b@x.example",
        "a@x.example\r\nBcc: b@y.example",
        "a@x.example, b@y.example",
    ],
)
def test_no_addresses(text: str) -> None:
    with pytest.raises(MailError, match="is not a valid mail address"):
        checked_address(text)


def test_ticks() -> None:
    assert ticks([1, None, 8]) == "▁·█" and ticks([None]) == "" and ticks([3, 3]) == "▁▁"


def test_one_mail_for_who_is_in_several_subscriptions(company: Company) -> None:
    subscription = company.mail.subscriptions[0].model_copy
    several = [
        subscription(update={"to": ["a@x.example", "B@x.example"], "sections": ["inside_sales"]}),
        subscription(update={"to": ["A@x.example"], "sections": ["warm_250"]}),
        subscription(update={"to": ["b@x.example"], "sections": []}),
        subscription(update={"to": ["c@x.example"], "report": "daily_digest"}),
    ]
    open_to_all = company.access.model_copy(update={"confidential": []})
    changed = company.model_copy(
        update={
            "mail": company.mail.model_copy(update={"subscriptions": several}),
            "access": open_to_all,
        }
    )
    shown = set(company.pages.lines["scorecard"])
    assert recipients(changed, "weekly_scorecard") == {
        "a@x.example": {"inside_sales", "warm_250"},
        "B@x.example": shown,
    }
    whole = changed.model_copy(update={"pages": company.pages.model_copy(update={"lines": {}})})
    assert recipients(whole, "weekly_scorecard") == {
        "a@x.example": {"inside_sales", "warm_250"},
        "B@x.example": set(),
    }


def test_months_are_in_the_mail_of_those_who_get_them(settings: Settings, company: Company) -> None:
    def said(sections: set[str]) -> str:
        return plain_of(made(settings, company, sections))

    assert "Revenue, September 2025" in said({"finance"}) and "$90,310.50" in said({"finance"})
    assert "Revenue" not in said({"inside_sales"})


def test_confidential_lines_go_to_those_who_are_named_for_them(company: Company) -> None:
    subscription = company.mail.subscriptions[0].model_copy
    mail = company.mail.model_copy(
        update={
            "subscriptions": [
                subscription(update={"to": ["all@x.example", "ceo@x.example"]}),
                subscription(update={"to": ["ceo@x.example"], "pages": ["ceo"]}),
                subscription(update={"to": ["cfo@x.example"], "sections": ["finance"]}),
            ],
        }
    )
    access = company.access.model_copy(update={"confidential": ["finance", "outside_sales.mrr_closed"]})
    pages = company.pages.model_copy(update={"lines": {}})
    whole = company.model_copy(update={"mail": mail, "pages": pages, "access": access})
    chosen = recipients(whole, "weekly_scorecard")

    def gets(address: str, section: str, metric: str) -> bool:
        return picked(Row(section=section, line_id=f"{section}.{metric}"), chosen[address])

    cash, mrr, dials = (
        ("finance", "cash_position"),
        ("outside_sales", "mrr_closed"),
        ("inside_sales", "dials"),
    )
    assert [gets("all@x.example", *line) for line in (cash, mrr, dials)] == [False, False, True]
    assert [gets("ceo@x.example", *line) for line in (cash, mrr, dials)] == [True, True, True]
    assert [gets("cfo@x.example", *line) for line in (cash, mrr, dials)] == [True, False, False]
    listed = whole.model_copy(
        update={
            "pages": company.pages.model_copy(update={"lines": {"scorecard": ["finance", "inside_sales"]}})
        }
    )
    chosen = recipients(listed, "weekly_scorecard")
    assert [gets("all@x.example", *line) for line in (cash, mrr, dials)] == [False, False, True]
    with pytest.raises(SiteError, match="there is no page cfo"):
        lost = mail.model_copy(update={"subscriptions": [subscription(update={"pages": ["cfo"]})]})
        recipients(company.model_copy(update={"mail": lost}), "weekly_scorecard")


def test_the_pdf_beside_a_mail_has_the_recipient_s_lines(
    settings: Settings, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same lines as the mail, confidential ones only to who is named for them, and never too large."""
    subscription = company.mail.subscriptions[0].model_copy
    who = {"all@x.example": [], "cfo@x.example": ["finance"]}
    several = [subscription(update={"to": [one], "sections": picks}) for one, picks in who.items()]
    mail = company.mail.model_copy(update={"subscriptions": several, "attach_pdf": True})
    changed = company.model_copy(update={"mail": mail})
    made: list[dict[str, Any]] = []

    def watched(values: dict[str, Any], heading: str) -> bytes:
        made.append({"lines": {row.line_id for row in [*values["lines"], *values["months"]]}})
        return scorecard_pdf(values, heading)

    monkeypatch.setattr("reports.mails.weekly_scorecard.scorecard_pdf", watched)
    assert len(send_weekly_scorecard(settings, changed, W43).sent) == 2
    everybody, cfo = (one["lines"] for one in made)
    assert "inside_sales.dials" in everybody and not [one for one in everybody if one.startswith("finance")]
    assert cfo == {"finance.cash_position", "finance.revenue", "finance.profit_margin"}
    file = settings.outbox_dir / "weekly_scorecard-2025-W43-cfo@x.example.eml"
    message = message_from_bytes(file.read_bytes(), policy=default)
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == "scorecard-2025-W43.pdf" and attached.get_content().startswith(b"%PDF")
    assert message.get_body(("html",)) is not None
    monkeypatch.setattr("reports.mails.weekly_scorecard.PDF_LIMIT", 10)
    send_weekly_scorecard(settings, changed, W43, force=True, only=["cfo@x.example"])
    again = message_from_bytes(
        file.with_name(file.name.replace(".eml", "-2.eml")).read_bytes(), policy=default
    )
    body = again.get_body(("plain",))
    assert not list(again.iter_attachments()) and body and "The PDF is missing: it has" in body.get_content()


def test_the_fixture_is_hostile() -> None:
    assert "<b>" in REJECTED[2]

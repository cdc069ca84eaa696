"""Messages into Slack and Teams: the same gate and ledger as mails, nothing lost, nothing twice, nothing
confidential, and no text of others that is read as markup."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import duckdb
import pytest
from pydantic import SecretStr

from foundation.settings import Company, Settings, SettingsError, Subscription, load_company
from foundation.store.schema import deliveries
from reports.mails.weekly_scorecard import send_weekly_scorecard
from reports.post import pictures
from reports.post.alerts import tell_operator, untold
from reports.post.channels import post_of, slack, teams
from reports.post.channels.card import Card, Item, Part, Post
from reports.post.channels.webhook import Webhook
from reports.post.due import pending
from reports.post.ledger import ledger
from reports.post.outcome import DeliveryFailed
from reports.post.round import recipients
from reports.post.transport import Refused
from reports.post.troubles import troubles
from tests.support.smtp import free_port
from tests.support.webhooks import SLACK, TEAMS, Channels, channels, fault_of_slack

W43 = date(2025, 10, 20)
MAYA = "maya.torres@cedar-ridge.example"
HOSTILE = "<!channel> <https://evil.example|Dials> & [x](https://evil.example) *b* _i_ ~s~ `c` <at>all</at>"


@pytest.fixture
def server() -> Iterator[Channels]:
    with channels() as running:
        yield running


@pytest.fixture
def online(settings: Settings, server: Channels) -> Settings:
    addresses = {
        "slack_webhook_url": SecretStr(server.url + SLACK),
        "teams_webhook_url": SecretStr(server.url + TEAMS),
    }
    return settings.model_copy(update=addresses)


def company_with(company: Company, *subscriptions: Subscription, **mail: Any) -> Company:
    values = {"subscriptions": list(subscriptions), **mail}
    return company.model_copy(update={"mail": company.mail.model_copy(update=values)})


def into(channel: str, **values: Any) -> Subscription:
    given = {"report": "weekly_scorecard", "channel": channel, **values}
    return Subscription.model_validate(given)


@pytest.fixture
def both(company: Company) -> Company:
    return company_with(company, into("slack", to=[MAYA]), into("teams"))


def states(settings: Settings) -> dict[str, str]:
    with ledger(settings) as connection:
        rows = connection.execute(deliveries.select().order_by(deliveries.c.attempt)).mappings()
        return {row["recipient"]: row["state"] for row in rows}


def said(payload: dict[str, Any]) -> str:
    """Every text of a message."""
    return "\n".join(re.findall(r'"(?:text|alt_text|altText|title)": "((?:[^"\\]|\\.)*)"', json.dumps(payload, ensure_ascii=False)))  # fmt: skip


def test_both_channels_get_the_week_once(online: Settings, both: Company, server: Channels) -> None:
    report = send_weekly_scorecard(online, both, W43)
    assert sorted(report.sent) == ["slack", "teams"]
    assert send_weekly_scorecard(online, both, W43).already_sent == report.sent and server.asked == 2
    (in_slack,), (in_teams,) = server.messages("slack"), server.messages("teams")
    for payload in (in_slack, in_teams):
        text = said(payload)
        assert "Week of 20 October" in text and "6 met, 0 close, 9 missed" in text
        assert "Same-day close rate: 53% (42 of 79), goal 70%, 17 points short" in text
        assert "Cash position" not in text and "Revenue" not in text
    # Maya reads in Slack: what is hers comes first
    text = said(in_slack)
    assert (
        text.index("Your lines: ") < text.index("Dials: 101, goal 125, 24 short") < text.index("from others")
    )
    assert "Your lines" not in said(in_teams)
    assert send_weekly_scorecard(online, both, W43, force=True, only=["slack"]).sent == ["slack"]


def test_notes_and_what_is_to_be_done_stand_beside_their_line(
    online: Settings, both: Company, server: Channels
) -> None:
    """Notes of the reader's own lines, of misses, and of lines that a message would not list otherwise."""
    with duckdb.connect(str(online.published_path)) as connection:
        for line, text in (("inside_sales.dials", f"Two days at the fair. {HOSTILE}"), ("warm_250.w250_ftas_set", "As planned.")):  # fmt: skip
            connection.execute(
                "insert into marts.fct_notes (line_id, period_start, note, author, entered_at, is_edited) values"
                " (?, date '2025-10-20', ?, 'Maya Torres', '2025-10-27T12:00:00Z', false)",
                [line, text],
            )
        connection.execute(
            "insert into marts.fct_actions (line_id, what, owner_name, due_on, action_state) values"
            " ('reactive_ops.same_day_close_rate', 'Hire a dispatcher', 'Sam Okafor', date '2025-10-31', 'open'),"
            " ('finance.revenue', 'Ask the bank', 'Dana Whitfield', date '2025-10-31', 'open')"
        )
    portal = both.model_copy(
        update={"access": both.access.model_copy(update={"portal_url": "https://scores.example.com"})}
    )
    send_weekly_scorecard(online, portal, W43)
    (in_slack,), (in_teams,) = server.messages("slack"), server.messages("teams")
    for payload in (in_slack, in_teams):
        text = said(payload)
        assert text.count("Note: Two days at the fair.") == 1
        assert "To do: Hire a dispatcher: Sam Okafor, by 31 Oct" in text
        assert "As planned." in text.partition("Notes and actions on other lines")[2]
        assert "Ask the bank" not in text, "confidential"
    assert "<!channel>" not in said(in_slack) and fault_of_slack(in_slack) == ""
    # Maya has written about dials; what else of hers was missed asks for a note
    asks = re.findall(r"<(https://scores.example.com/lines/[^|]*)\|Write why, and what comes next>", said(in_slack))  # fmt: skip
    assert asks and not any("inside_sales.dials/" in one for one in asks)
    assert "Write why" not in said(in_teams), "nobody's own lines"


@pytest.mark.parametrize(
    ("channel", "says", "state", "why"),
    [
        ("slack", (429, "rate_limited", {"retry-after": "1800"}), "pending", "429 rate_limited"),
        ("slack", (500, "rollup_error", {}), "pending", "500 rollup_error"),
        ("slack", (503, "", {}), "pending", "503"),
        ("slack", "cut before", "uncertain", "the connection broke"),  # the network may hold all of it by then
        ("slack", (400, "invalid_payload", {}), "failed", "400 invalid_payload"),
        ("slack", (400, "invalid_blocks", {}), "failed", "400 invalid_blocks"),
        ("slack", (403, "action_prohibited", {}), "failed", "403 action_prohibited"),
        ("slack", (404, f"no_service {SLACK}", {}), "failed", "404 no_service"),
        ("slack", (410, "channel_is_archived", {}), "failed", "410 channel_is_archived"),
        ("slack", (302, "", {"location": "https://evil.example/"}), "failed", "302"),
        ("slack", (200, "Webhook message delivery failed with error: endpoint returned HTTP error 429", {}), "pending", "429"),
        ("slack", (200, "Webhook message delivery failed with error: bad card", {}), "failed", "bad card"),
        ("slack", "cut", "uncertain", "the connection broke while Slack was taking the message"),
        ("slack", (502, "bad gateway", {}), "uncertain", "does not say whether it took the message: 502"),
        ("teams", (429, "TooManyRequests", {"retry-after": "60"}), "pending", "429 TooManyRequests"),
        ("teams", (503, "", {}), "pending", "503"),
        ("teams", (400, f"bad {TEAMS}", {}), "failed", "400 bad"),
        ("teams", (401, "DirectApiAuthorizationRequired", {}), "failed", "401 DirectApi"),
        ("teams", "cut", "uncertain", "the connection broke while Teams was taking the message"),
        ("teams", (504, "GatewayTimeout", {}), "uncertain", "does not say whether it took the message: 504"),
    ],
)  # fmt: skip
def test_what_is_refused_is_tried_again_or_told(
    online: Settings, company: Company, server: Channels, channel: str, says: Any, state: str, why: str
) -> None:
    only = company_with(company, into(channel))
    server.says = [says]
    try:
        report = send_weekly_scorecard(online, only, W43)
        assert list(report.pending) == [channel] and why in report.pending[channel]
    except DeliveryFailed as error:
        assert why in str(error) and "canary" not in str(error)
    assert states(online)[channel] == state
    assert b"canary" not in online.store_path.read_bytes()
    for path in online.outbox_dir.glob("*"):  # the operator's alert
        assert b"canary" not in path.read_bytes()
    taken = len(server.messages(channel))
    later = online.model_copy(update={"as_of": online.now() + timedelta(hours=2)})
    if state == "uncertain":
        assert send_weekly_scorecard(later, only, W43).uncertain == [channel]
        assert len(server.messages(channel)) == taken, "never a second time automatically"
    else:
        assert send_weekly_scorecard(later, only, W43).sent == [channel]
        assert len(server.messages(channel)) == 1


def test_a_connection_that_breaks_before_the_last_byte_is_tried_again(server: Channels) -> None:
    server.says = ["cut before"]
    handed: list[bool] = []
    webhook = Webhook("slack", "Slack", SecretStr(server.url + SLACK))
    large = Post("", {"text": "x" * 50_000_000})  # more than any network holds
    with pytest.raises(Refused, match="could not be reached") as caught:
        webhook.send(large, lambda: handed.append(True))
    assert caught.value.for_now and not handed and "canary" not in str(caught.value)


def test_a_server_says_how_long_to_wait(online: Settings, company: Company, server: Channels) -> None:
    server.says = [(429, "rate_limited", {"retry-after": "1800"})]
    send_weekly_scorecard(online, company_with(company, into("slack")), W43)
    (row,) = pending(online)
    assert row["next_try_at"] == "2025-10-27T12:30:00Z"


def test_nobody_there(settings: Settings, company: Company) -> None:
    address = SecretStr(f"http://127.0.0.1:{free_port()}/services/canary")
    closed = settings.model_copy(update={"slack_webhook_url": address})
    report = send_weekly_scorecard(closed, company_with(company, into("slack")), W43)
    assert "Slack (127.0.0.1) could not be reached" in report.pending["slack"]
    assert "canary" not in report.pending["slack"]


def test_a_failed_message_is_told_with_its_way_out(online: Settings, both: Company, server: Channels) -> None:
    server.says = [(404, "no_service", {})]
    with pytest.raises(DeliveryFailed, match="slack: Slack refused: 404 no_service"):
        send_weekly_scorecard(online, both, W43, only=["slack"])
    (trouble,) = troubles(online)
    assert "Create a webhook for the channel in Slack and set SLACK_WEBHOOK_URL" in trouble.way_out


def test_without_a_webhook_messages_are_files(settings: Settings, both: Company) -> None:
    send_weekly_scorecard(settings, both, W43)
    names = sorted(path.name for path in settings.outbox_dir.glob("*"))
    assert names == ["weekly_scorecard-2025-W43-slack.json", "weekly_scorecard-2025-W43-teams.json"]
    payload = json.loads((settings.outbox_dir / names[0]).read_text(encoding="utf-8"))
    assert fault_of_slack(payload) == ""


def test_the_gate_holds_messages_too(settings: Settings, both: Company) -> None:
    empty = settings.model_copy(update={"home": settings.home / "empty"})
    assert sorted(send_weekly_scorecard(empty, both, W43).held) == ["slack", "teams"]


def test_what_is_confidential_never_goes_into_a_channel(
    online: Settings, company: Company, server: Channels
) -> None:
    """Also where a subscription names it, or a page with it."""
    access = company.access.model_copy(update={"confidential": ["finance", "outside_sales.mrr_closed"]})
    asked = into("slack", sections=["finance", "outside_sales"], pages=["ceo"])
    secret = company_with(company, asked).model_copy(update={"access": access})
    (picks,) = recipients(secret, "weekly_scorecard").values()
    assert not {"finance", "outside_sales.mrr_closed"} & picks
    send_weekly_scorecard(online, secret, W43)
    text = said(server.messages("slack")[0])
    assert "MRR closed" not in text and "Cash position" not in text and "Revenue" not in text
    assert "COI meetings attended" in text or "met" in text
    nothing = company_with(company, into("slack", sections=["finance"]))
    assert send_weekly_scorecard(online, nothing, W43 - timedelta(days=7)).held == ["slack"]


def test_a_confidential_line_of_a_section_that_is_named_stays_out_of_mails(company: Company) -> None:
    access = company.access.model_copy(update={"confidential": ["outside_sales.mrr_closed"]})
    mail = Subscription(report="weekly_scorecard", to=["a@x.example"], sections=["outside_sales"])
    secret = company_with(company, mail).model_copy(update={"access": access})
    assert recipients(secret, "weekly_scorecard") == {
        "a@x.example": {"outside_sales", "-outside_sales.mrr_closed"}
    }


# ---- what it looks like ----


def card(**values: Any) -> Card:
    item = Item(HOSTILE, HOSTILE, "https://scores.example.com/receipts/2025-W43.html#dials")
    given = {
        "subject": HOSTILE, "heading": HOSTILE, "under": HOSTILE, "headline": HOSTILE, "warnings": [HOSTILE],
        "parts": [Part(HOSTILE, [item])], "link": "https://scores.example.com/", "footer": [HOSTILE],
    }  # fmt: skip
    return Card(**{**given, **values})


def strings(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from strings(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one, key)
    elif isinstance(value, str):
        yield key, value


def texts_of_kind(payload: Any, kind: str) -> Iterator[str]:
    if isinstance(payload, dict):
        if payload.get("type") == kind and isinstance(payload.get("text"), str):
            yield payload["text"]
        payload = list(payload.values())
    if isinstance(payload, list):
        for one in payload:
            yield from texts_of_kind(one, kind)


def test_slack_reads_no_text_of_others_as_markup() -> None:
    payload = slack.payload(card())
    for text in [payload["text"], *texts_of_kind(payload, "mrkdwn")]:
        links = re.findall(r"<[^>]*>", text)
        assert all(link.startswith("<https://scores.example.com/") for link in links), links
        outside = (
            re.sub(r"<(https://scores[^|]*)\|([^>]*)>", r"\2", text).removeprefix("*").replace("*\n", "\n")
        )
        assert not re.search(r"[*~`<>]", outside.removesuffix("*")), outside
        assert "&lt;!channel&gt;" in text or "gaps" in text
    assert all(block["verbatim"] for block in _mrkdwn(payload))


def _mrkdwn(payload: Any) -> list[dict[str, Any]]:
    blocks = payload["blocks"]
    return [block["text"] for block in blocks if block["type"] == "section"] + [
        element for block in blocks if block["type"] == "context" for element in block["elements"]
    ]


def test_teams_reads_no_text_of_others_as_markup() -> None:
    """Text runs ignore Markdown; a text block, which does not, holds no text of others."""
    payload = teams.payload(card())
    kinds = set(re.findall(r'"type": "(\w+)"', json.dumps(payload)))
    assert "TextBlock" not in kinds and {"RichTextBlock", "TextRun"} <= kinds
    urls = [text for key, text in strings(payload) if key == "url"]
    assert urls and all(url.startswith("https://scores.example.com/") for url in urls)


@pytest.mark.parametrize("size", [0, 1, 200, 2_000])
def test_a_message_of_any_size_fits(size: int) -> None:
    items = [Item(f"{n} " + "&<>" * 200, "<" * 500) for n in range(size)]
    long = card(parts=[Part("Many", items), Part("Few", items[:3])], warnings=["&" * 900] * 30)
    payload = slack.payload(long)
    assert fault_of_slack(payload) == "" and len(payload["blocks"]) <= 50
    assert all(len(text) <= 3000 for text in texts_of_kind(payload, "mrkdwn"))
    made = post_of("teams", long)
    assert isinstance(made, Post) and len(bytes(made)) <= 28_000
    if size == 2_000:
        assert "more" in said(payload) and "more" in said(made.payload)
        assert "0 &amp;&lt;&gt;" in said(payload), "the first ones stay"


# ---- the picture ----


def test_the_picture_has_a_signed_address_that_expires(
    online: Settings, both: Company, server: Channels, monkeypatch: pytest.MonkeyPatch
) -> None:
    access = both.access.model_copy(update={"portal_url": "https://scores.example.com"})
    send_weekly_scorecard(online, both.model_copy(update={"access": access}), W43)
    (image,) = [block for block in server.messages("slack")[0]["blocks"] if block["type"] == "image"]
    root, _, name = image["image_url"].removesuffix(".png").rpartition("/")
    assert root == "https://scores.example.com/picture" and "Goal 125" in image["alt_text"]
    found = pictures.find(online, name)
    assert found and found[0] == "inside_sales.dials" and found[1].startswith(b"\x89PNG")
    assert pictures.find(online, name[:-2] + ("aa" if name[-2:] != "aa" else "bb")) is None
    assert pictures.find(online, "") is None and pictures.find(online, "../key") is None
    monkeypatch.setattr(pictures, "LASTS", -1)
    assert pictures.find(online, name) is None


# ---- alerts ----

LATE = {"hubspot": "HubSpot is late <!here>. Way out: run `scoreline doctor`."}


def test_alerts_reach_the_channel_once_and_stay_untold_until_it_has_them(
    online: Settings, company: Company, server: Channels
) -> None:
    told = company_with(company, alerts_also_to=["slack"])
    server.says = [(500, "rollup_error", {})]
    with pytest.raises(DeliveryFailed, match=r"slack \(hubspot\): Slack refused: 500 rollup_error"):
        tell_operator(online, told, LATE, "source")
    (one,) = untold(online)
    assert "rollup_error" in one.why and len(list(online.outbox_dir.glob("alert-*.eml"))) == 1
    tell_operator(online, told, LATE, "source")
    tell_operator(online, told, LATE, "source")
    assert len(server.messages("slack")) == 1 and len(list(online.outbox_dir.glob("alert-*.eml"))) == 1
    text = said(server.messages("slack")[0])
    assert "HubSpot is late &lt;!here&gt;" in text and "<!here>" not in text
    tell_operator(online, told, {}, "source")
    assert "This is over" in said(server.messages("slack")[1]) and not untold(online)


# ---- settings ----


@pytest.mark.parametrize("address", ["hooks.slack.com/canary", "http://hooks.example/canary", "https://", "https://x/a canary"])  # fmt: skip
def test_a_webhook_that_is_none_is_refused_without_being_shown(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_WEBHOOK_URL", address)
    with pytest.raises(SettingsError, match="SLACK_WEBHOOK_URL: not a webhook address") as caught:
        Settings()
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ('channel = "slack"\nreport = "daily_digest"', "slack takes the weekly_scorecard, got daily_digest"),
        ('report = "weekly_scorecard"', "to is empty; list the addresses that the mail goes to"),
        ('channel = "irc"\nreport = "weekly_scorecard"', "Input should be 'mail', 'slack' or 'teams'"),
    ],
)
def test_a_wrong_subscription_is_one_sentence(
    settings: Settings, tmp_path: Any, lines: str, says: str
) -> None:
    text = settings.company_file.read_text(encoding="utf-8")
    start = text.index("[[mail.subscriptions]]")
    file = tmp_path / "company.toml"
    file.write_text(f"{text[:start]}[[mail.subscriptions]]\n{lines}\n", encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_company(settings.model_copy(update={"company_file": file}))
    assert says in str(caught.value)

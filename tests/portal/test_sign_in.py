"""Getting in, staying in and getting out; and what does not get in."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import update

from foundation.settings import Settings, SettingsError
from foundation.store import begin, read
from foundation.store.audit import audit_records
from foundation.store.schema import sessions, sign_in_links
from foundation.store.sign_in import session_of, token_of, use_link
from portal.app import create_app
from portal.sign_in import mail_link
from tests.portal.conftest import ADDRESS, DANA, MAYA, Browser, mails, settings_of


def test_the_link_of_the_mail_signs_in_once(app: FastAPI, browser: Browser) -> None:
    link = browser.link(MAYA.upper(), then="/numbers")
    scanner = Browser(app)
    for _ in range(3):  # what only looks does not use it up
        assert MAYA in scanner.get(link).text
    answer = browser.open_link(link)
    assert answer.status_code == 303 and answer.headers["location"] == "/numbers"
    assert "Maya Torres" in browser.get("/account").text
    again = Browser(app).open_link(link)
    assert again.status_code == 403 and "used before" in again.text and "scoreline" not in again.cookies
    with read(browser.settings) as connection:
        (note,) = audit_records(connection)
    assert (note.who, note.action, note.details["by"]) == ("maya_torres", "signed_in", "mail")


def test_a_link_lasts_fifteen_minutes(browser: Browser) -> None:
    link = browser.link(MAYA)
    _age(browser.settings, sign_in_links.c.asked_at, timedelta(minutes=15, seconds=1))
    assert "older than 15 minutes" in browser.get(link).text
    assert browser.open_link(link).status_code == 403


@pytest.mark.parametrize(
    "change", [lambda key: key[::-1], lambda key: "", lambda key: key + "A", lambda key: "x" * 9000]
)
def test_an_altered_link_does_not_sign_in(browser: Browser, change: Callable[[str], str]) -> None:
    link = browser.link(MAYA)
    start, _, key = link.partition("key=")
    assert browser.post("/sign-in/link", on=link, key=change(key)).status_code == 403
    assert browser.get("/account").status_code == 303
    assert browser.open_link(link).status_code == 303  # the real one still does


def test_an_unknown_address_is_told_the_same(browser: Browser) -> None:
    known = browser.post("/sign-in", on="/sign-in", address=MAYA)
    unknown = browser.post("/sign-in", on="/sign-in", address="eve@cedar-ridge.invalid")
    assert unknown.text.replace("eve@cedar-ridge.invalid", MAYA) == known.text
    assert unknown.status_code == known.status_code == 200
    assert [path.name.rpartition("-")[2] for path in mails(browser.settings)] != [] and len(
        mails(browser.settings)
    ) == 1


def test_a_mail_server_that_swallows_everything_holds_no_request(settings: Settings) -> None:
    """The mail server accepts connections and never answers. Known and unknown addresses get the same answer,
    immediately."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = SecretStr(f"smtp://127.0.0.1:{silent.getsockname()[1]}")
        app = create_app(settings.model_copy(update={"smtp_url": url}), ADDRESS)
        browser = Browser(app)
        token = browser.token()
        people = [f"{name}@cedar-ridge.example" for name in ("maya.torres", "sam.okafor", "dana.whitfield")]
        said = set()
        for address in [*people, "eve@cedar-ridge.invalid"] * 2:
            answer = browser.client.post(
                "/sign-in", data={"form_token": token, "address": address}, headers={"origin": ADDRESS}
            )
            said.add((answer.status_code, answer.text.replace(address, "")))
        # every sender waits for the server, and every request has been answered
        assert len(said) == 1 and next(iter(said))[0] == 200
        assert browser.get("/sign-in").status_code == 200


def test_more_mails_than_wait_are_not_sent_and_said(capsys: pytest.CaptureFixture[str]) -> None:
    held = threading.Event()
    sender = mail_link.Sender()
    for _ in range(mail_link.MOST_WAITING + mail_link.SENDERS + 1):
        sender.put("maya@x.example", lambda: held.wait(60) and None)
    assert "The sign-in link for maya@x.example was not sent" in capsys.readouterr().out
    held.set()
    sender.wait()


def test_a_mail_that_waited_too_long_is_not_sent(app: FastAPI, settings: Settings) -> None:
    then = datetime.now(UTC) - timedelta(minutes=16)
    mail_link.send_link(app.state.portal, MAYA, f"{ADDRESS}/sign-in/link?key=x", then)
    assert not mails(settings)


def test_the_sixth_link_within_an_hour_is_not_sent(browser: Browser) -> None:
    for n in range(7):
        assert browser.post("/sign-in", on="/sign-in", address=MAYA).status_code == 200
        assert len(mails(browser.settings)) == min(n + 1, 5)


@pytest.mark.parametrize(
    "address",
    ["", "maya", f"{MAYA}\nBcc: eve@x.example", f"{MAYA},eve@x.example", "a@b\r\nX: y", "é@x.example"],
)
def test_what_is_no_address_is_said_and_sends_nothing(browser: Browser, address: str) -> None:
    answer = browser.post("/sign-in", on="/sign-in", address=address)
    assert answer.status_code == 422 and "is not an e-mail address" in answer.text
    assert not mails(browser.settings)


def test_signing_in_changes_the_session_and_signing_out_ends_it(app: FastAPI, browser: Browser) -> None:
    first = browser.sign_in(MAYA).client.cookies["scoreline"]
    link = Browser(app).link(MAYA)  # a browser that is signed in may sign in again
    assert browser.open_link(link).status_code == 303
    assert browser.client.cookies["scoreline"] != first
    old = Browser(app)
    old.client.cookies.set("scoreline", first)
    assert old.get("/account").status_code == 303
    kept = browser.client.cookies["scoreline"]
    assert browser.post("/sign-out").headers["location"] == "/sign-in"
    old.client.cookies.set("scoreline", kept)
    assert old.get("/account").status_code == 303


def test_sign_out_everywhere(app: FastAPI) -> None:
    phone, desk = Browser(app).sign_in(MAYA), Browser(app).sign_in(MAYA)
    other = Browser(app).sign_in(DANA)
    phone.post("/sign-out-everywhere")
    assert desk.get("/account").status_code == 303 and other.get("/account").status_code == 200


@pytest.mark.parametrize(
    ("column", "age", "status"),
    [
        (sessions.c.seen_at, timedelta(hours=11), 200),
        (sessions.c.seen_at, timedelta(hours=12, seconds=1), 303),
        (sessions.c.started_at, timedelta(days=30, seconds=1), 303),
    ],
)
def test_sessions_end_by_themselves(maya: Browser, column: Any, age: timedelta, status: int) -> None:
    _age(maya.settings, column, age)
    assert maya.get("/account").status_code == status


def test_the_cookie_tells_nothing_to_scripts_and_other_sites(settings: Settings, tmp_path: Path) -> None:
    browser = Browser(create_app(settings, ADDRESS))
    told = browser.open_link(browser.link(MAYA)).headers["set-cookie"]
    assert "HttpOnly" in told and "SameSite=lax" in told and "Secure" not in told
    company = tmp_path / "company.toml"
    text = settings.company_file.read_text(encoding="utf-8")
    company.write_text(
        text.replace("[access] ", '[access]\nportal_url = "https://score.example"\n'), encoding="utf-8"
    )
    public = settings_of(settings.home, SCORELINE_COMPANY_FILE=company)
    online = Browser(create_app(public, ADDRESS), "https://score.example")
    answer = online.open_link(online.link(MAYA))
    assert "__Host-scoreline=" in answer.headers["set-cookie"] and "Secure" in answer.headers["set-cookie"]
    assert "max-age" in answer.headers["strict-transport-security"]
    company.write_text(
        text.replace("[access] ", '[access]\nportal_url = "http://score.example"\n'), encoding="utf-8"
    )
    with pytest.raises(SettingsError, match="expected https://"):
        create_app(public, ADDRESS)


def test_who_leaves_is_out_at_the_next_request(settings: Settings, tmp_path: Path) -> None:
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    people = seeds / "people.csv"
    text = (settings.seeds_dir / "people.csv").read_text(encoding="utf-8")
    people.write_text(text, encoding="utf-8")
    browser = Browser(create_app(settings_of(settings.home, SCORELINE_SEEDS_DIR=seeds), ADDRESS)).sign_in(
        MAYA
    )
    assert browser.get("/account").status_code == 200
    people.write_text(text.replace("40,2024-01-08,\n", "40,2024-01-08,2025-10-26\n", 1), encoding="utf-8")
    assert browser.get("/account").status_code == 303
    people.write_text("person_key\n", encoding="utf-8")  # a mistake locks nobody out who was in
    assert browser.get("/account").status_code == 303
    people.write_text(text, encoding="utf-8")
    assert browser.get("/account").status_code == 200


def test_a_foreign_page_changes_nothing(maya: Browser) -> None:
    token = maya.token("/account")
    post = maya.client.post
    for headers in (
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ADDRESS, "sec-fetch-site": "cross-site"},
        {"referer": "https://evil.example/account"},
        {},
        {"origin": f"{ADDRESS}.evil.example"},
    ):
        assert post("/sign-out", data={"form_token": token}, headers=headers).status_code == 403, headers
    for wrong in ("", "x", token[:-1] + ("1" if token[-1] == "0" else "0"), Browser(maya.client.app).token()):  # type: ignore[arg-type]
        assert post("/sign-out", data={"form_token": wrong}, headers={"origin": ADDRESS}).status_code == 403
    assert maya.get("/account").status_code == 200


def test_only_the_portal_s_own_address_is_answered(browser: Browser) -> None:
    assert browser.get("/sign-in", host="evil.example").status_code == 421
    assert browser.get("/sign-in", host="localhost:8600").status_code == 200


def test_a_large_form_is_refused(maya: Browser) -> None:
    large = {"form_token": maya.token("/account"), "note": "x" * 10_000_000}
    assert (
        maya.client.post("/account/subscriptions", data=large, headers={"origin": ADDRESS}).status_code == 413
    )

    def parts() -> Any:
        for _ in range(100):
            yield b"x" * 10_000

    headers = {"origin": ADDRESS, "content-type": "application/x-www-form-urlencoded"}
    assert maya.client.post("/account/subscriptions", content=parts(), headers=headers).status_code == 413


@pytest.mark.parametrize(
    "then", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/a\r\nX: y"]
)
def test_the_way_on_stays_in_the_portal(browser: Browser, then: str) -> None:
    link = browser.link(MAYA)
    answer = browser.post("/sign-in/link", on=link, key=link.partition("key=")[2], next=then)
    assert answer.headers["location"] == "/" and "x" not in answer.headers


def test_a_thousand_guesses(app: FastAPI) -> None:
    """A hundred through the pages, and the others where the pages look."""
    browser = Browser(app)
    token = browser.token()
    browser.link(MAYA)
    for _ in range(50):
        guess = {"form_token": token, "key": secrets.token_urlsafe(32)}
        assert (
            browser.client.post("/sign-in/link", data=guess, headers={"origin": ADDRESS}).status_code == 403
        )
        browser.client.cookies.set("scoreline", secrets.token_urlsafe(32))
        assert browser.get("/account").status_code == 303
        browser.client.cookies.delete("scoreline")
    with begin(browser.settings) as connection:
        for look in (use_link, session_of, lambda connection, guess, now: token_of(connection, guess)):
            for _ in range(300):
                assert look(connection, secrets.token_urlsafe(32), datetime.now(UTC)) is None


def test_a_proxy_that_is_named_signs_in(settings: Settings, tmp_path: Path) -> None:
    company = tmp_path / "company.toml"
    text = settings.company_file.read_text(encoding="utf-8")
    proxy = '[access]\nsign_in = ["proxy"]\nproxies = ["10.1.0.0/24"]\n'
    company.write_text(text.replace("[access] ", proxy), encoding="utf-8")
    app = create_app(settings_of(settings.home, SCORELINE_COMPANY_FILE=company), ADDRESS)
    browser = Browser(app)
    named = {"x-forwarded-email": MAYA}
    assert browser.get("/account", **named).status_code == 303  # not through the proxy
    browser.client._transport.client = ("10.1.0.7", 50000)
    assert "Maya Torres" in browser.get("/account", **named).text
    assert browser.get("/account", **{"x-forwarded-email": "eve@x.example"}).status_code == 303
    assert browser.get("/account").status_code == 303
    assert browser.post("/sign-in", on="/sign-in", address=MAYA).status_code == 403


def _age(settings: Settings, column: Any, age: timedelta) -> None:
    """Let something have happened that long ago."""
    with begin(settings) as connection:
        connection.execute(update(column.table).values({column.name: datetime.now(UTC) - age}))

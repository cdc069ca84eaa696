"""Sign in with an OpenID Connect provider: a real one on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from oidc_provider_mock import User, run_server_in_thread  # type: ignore[import-untyped]

from foundation.settings import Settings, SettingsError
from portal.app import create_app
from tests.portal.conftest import ADDRESS, MAYA, Browser, settings_of

USERS = [
    User(sub="maya", claims={"email": MAYA, "email_verified": True}),
    User(sub="unverified", claims={"email": MAYA, "email_verified": False}),
    User(sub="silent", claims={"email": MAYA}),
    User(sub="entra", claims={"email": MAYA, "xms_edov": True}),
    User(sub="eve", claims={"email": "eve@x.example", "email_verified": True}),
    User(sub="nameless", claims={"email_verified": True}),
]


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with run_server_in_thread(user_claims=USERS) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def online(provider: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Browser:
    for name, value in {"ISSUER": provider, "CLIENT_ID": "scoreline", "CLIENT_SECRET": "s3cret"}.items():
        monkeypatch.setenv(f"OIDC_{name}", value)
    return Browser(create_app(_with_oidc(settings, tmp_path), ADDRESS))


def _with_oidc(settings: Settings, folder: Path) -> Settings:
    company = folder / "company.toml"
    text = settings.company_file.read_text(encoding="utf-8")
    company.write_text(text.replace("[access] ", '[access]\nsign_in = ["oidc", "mail"]\n'), encoding="utf-8")
    return settings_of(settings.home, SCORELINE_COMPANY_FILE=company)


def _at_the_provider(browser: Browser, user: str, then: str = "/numbers") -> str:
    """Follow the way to the provider, sign in there, and return the address that it leads back to."""
    answer = browser.get(f"/sign-in/oidc?next={then}")
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"] and asked["nonce"] and asked["state"]
    back = requests.post(answer.headers["location"], data={"sub": user}, allow_redirects=False, timeout=10)
    return back.headers["location"].removeprefix(ADDRESS)


@pytest.mark.parametrize("user", ["maya", "entra"])
def test_a_verified_address_signs_in(online: Browser, user: str) -> None:
    back = _at_the_provider(online, user)
    answer = online.get(back)
    assert answer.status_code == 303 and answer.headers["location"] == "/numbers", answer.text
    assert "Maya Torres" in online.get("/account").text
    again = online.get(back)  # the way back works once
    assert again.status_code == 403


@pytest.mark.parametrize(
    ("user", "says"),
    [
        ("unverified", "does not say that the e-mail address is verified"),
        ("silent", "does not say that the e-mail address is verified"),
        ("eve", "eve@x.example may not use this portal"),
        ("nameless", "may not use this portal"),
    ],
)
def test_others_do_not(online: Browser, user: str, says: str) -> None:
    answer = online.get(_at_the_provider(online, user))
    assert answer.status_code == 403 and says in answer.text
    assert online.get("/account").status_code == 303


def test_states_of_others_replays_and_changes_are_refused(online: Browser) -> None:
    back = _at_the_provider(online, "maya")
    other = Browser(online.client.app)  # type: ignore[arg-type]
    assert "begun in another browser" in other.get(back).text  # somebody else's link
    _at_the_provider(other, "maya")
    assert "begun in another browser" in other.get(back).text  # with a state of their own
    code, state = (parse_qs(urlsplit(back).query)[name][0] for name in ("code", "state"))
    kept = online.client.cookies["scoreline_oidc"]

    def tried(path: str, cookie: str = kept) -> int:
        online.client.cookies.clear()
        online.client.cookies.set("scoreline_oidc", cookie)
        return online.get(path).status_code

    assert tried(f"/sign-in/oidc/back?code={code}&state={state}x") == 403
    assert tried(f"/sign-in/oidc/back?code={code}x&state={state}") == 403
    assert tried(f"/sign-in/oidc/back?state={state}&error=access_denied") == 403
    assert tried(back, kept[:-2] + "xx") == 403
    assert tried(back) == 303
    assert tried(back) == 403  # the provider takes a code once


def test_a_nonce_of_another_sign_in_is_refused(online: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    from portal.sign_in import oidc

    answer = online.get("/sign-in/oidc")
    changed = answer.headers["location"].replace("nonce=", "nonce=other")
    back = requests.post(changed, data={"sub": "maya"}, allow_redirects=False, timeout=10).headers["location"]
    refused = online.get(back.removeprefix(ADDRESS))
    assert refused.status_code == 403 and "not for this sign-in" in refused.text
    monkeypatch.setattr(oidc, "LASTS", -1)
    assert "more than ten minutes" in online.get(_at_the_provider(online, "maya")).text


def test_what_is_missing_or_away_is_said(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    made = _with_oidc(settings, tmp_path)
    with pytest.raises(SettingsError, match="OIDC_ISSUER"):
        create_app(made, ADDRESS)
    for name, value in {"ISSUER": f"{provider}/x", "CLIENT_ID": "scoreline", "CLIENT_SECRET": "s"}.items():
        monkeypatch.setenv(f"OIDC_{name}", value)
    assert "the provider could not be asked" in Browser(create_app(made, ADDRESS)).get("/sign-in/oidc").text
    assert Browser(create_app(settings, ADDRESS)).get("/sign-in/oidc").status_code == 404

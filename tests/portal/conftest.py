"""A portal over the golden weeks, and browsers without a screen that sign in to it."""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import duckdb
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from foundation.settings import PROJECT_ROOT, Settings
from foundation.store import open_store
from portal.app import create_app
from tests.support.published import PublishedFile
from tests.support.smtp import free_port

ADDRESS = "http://127.0.0.1:8600"
DANA, MAYA, SAM = (f"{name}@cedar-ridge.example" for name in ("dana.whitfield", "maya.torres", "sam.okafor"))
"""Leadership (finance too, and an administrator), a line owner, another one."""


GUEST, NOBODY = "chair@board.example", "priya.nair@cedar-ridge.example"
"""From outside, for one section; in people.csv without a role."""
ROLES = """
[[access.roles]]
name = "leadership"
people = ["dana_whitfield"]
sections = ["*", "finance"]
sets_goals = true
contact_names = true

[[access.roles]]
name = "sales"
people = ["maya_torres", "victor_lang"]
pages = ["scorecard", "finance", "definitions", "data_health", "index"]
sections = ["inside_sales", "outside_sales", "hybrid_sales", "warm_250", "quarter_summary"]

[[access.roles]]
name = "board"
people = ["*@board.example"]
pages = ["finance", "ceo"]
sections = ["finance.cash_position"]
"""
"""Roles that see little, for tests of what they do not see."""


def with_access(settings: Settings, folder: Path, roles: str = ROLES, access: str = "") -> Settings:
    """The project's company.toml with other roles."""
    text = settings.company_file.read_text(encoding="utf-8")
    start = text.index("[access]")
    company = folder / "company.toml"
    admins = 'admins = ["dana.whitfield@cedar-ridge.example"]'
    company.write_text(f"{text[:start]}[access]\n{admins}\n{access}\n{roles}", encoding="utf-8")
    return settings.model_copy(update={"company_file": company})


OWNERS = {"inside_sales": "maya_torres", "warm_250": "victor_lang", "hybrid_sales": "noor_haddad"}


class Browser:
    """Keeps cookies, sends forms as a browser does, does not follow redirects."""

    def __init__(self, app: FastAPI, address: str = ADDRESS) -> None:
        self.client = TestClient(app, base_url=address, follow_redirects=False, raise_server_exceptions=False)
        self.address = address
        self.settings: Settings = app.state.portal.settings
        self.sent: Callable[[], None] = app.state.sign_in_mails.wait

    def get(self, path: str, **headers: str) -> Response:
        return self.client.get(path, headers=headers)

    def token(self, page: str = "/sign-in") -> str:
        found = re.search(r'name="form_token" value="([^"]+)"', self.get(page).text)
        return found[1] if found else ""

    def post(self, path: str, /, *, on: str = "/account", **fields: str) -> Response:
        """Send a form as the page `on` has it."""
        data = {"form_token": self.token(on), **fields}
        answer = self.client.post(path, data=data, headers={"origin": self.address})
        self.sent()
        return answer

    def link(self, address: str, then: str = "") -> str:
        """Ask for a link, and read it in the mail."""
        before = mails(self.settings)
        answer = self.post("/sign-in", on="/sign-in", address=address, **({"next": then} if then else {}))
        assert answer.status_code == 200, answer.text
        (mail,) = mails(self.settings) - before
        return link_in(mail.read_bytes())

    def sign_in(self, address: str) -> Browser:
        link = self.link(address)
        answer = self.open_link(link)
        assert answer.status_code == 303, answer.text
        return self

    def open_link(self, link: str) -> Response:
        """Open the link of a mail, and press the button."""
        parts = urlsplit(link)
        fields = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return self.post("/sign-in/link", on=f"{parts.path}?{parts.query}", **fields)


@contextmanager
def listening(settings: Settings) -> Iterator[str]:
    """A portal that listens; its address."""
    port = free_port()
    app = create_app(settings, f"http://127.0.0.1:{port}")
    portal = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", access_log=False))
    thread = threading.Thread(target=portal.run, daemon=True)
    thread.start()
    while not portal.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    portal.should_exit = True
    thread.join(10)


def mails(settings: Settings) -> set[Path]:
    return set(settings.outbox_dir.glob("sign-in-*.eml"))


def link_in(mail: bytes) -> str:
    payload = message_from_bytes(mail).get_payload(decode=True)
    assert isinstance(payload, bytes)
    (link,) = re.findall(r"https?://\S+/sign-in/link\?\S+", payload.decode())
    return str(link)


def settings_of(home: Path, **values: Any) -> Settings:
    company = PROJECT_ROOT / "company.toml"
    given = {
        "SCORELINE_HOME": home,
        "SCORELINE_AS_OF": "2025-10-27T12:00:00Z",
        "SCORELINE_COMPANY_FILE": company,
    }
    return Settings(**{**given, **values})


@pytest.fixture(scope="session")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    people = {
        "outside_sales.networking_events": "maya_torres;victor_lang",
        "hybrid_sales.networking_events": "noor_haddad",
    }
    path = PublishedFile(
        tmp_path_factory.mktemp("golden") / "scoreline.duckdb", earlier=4, people=people
    ).write()
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "update marts.dim_lines set owners = 'dana_whitfield' where line_id in ('marketing.website_traffic', 'hybrid_sales.networking_events')"
        )
        for section, owner in OWNERS.items():
            connection.execute(
                "update marts.dim_lines set owners = ? where section = ? and owners is null", [owner, section]
            )
    return path


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrating takes longer than copying the result."""
    made = settings_of(tmp_path_factory.mktemp("empty"))
    open_store(made).dispose()
    return made.store_path


@pytest.fixture
def settings(tmp_path: Path, golden: Path, empty_store: Path) -> Settings:
    made = settings_of(tmp_path / "home")
    made.published_path.parent.mkdir(parents=True)
    shutil.copy(golden, made.published_path)
    shutil.copy(empty_store, made.store_path)
    return made


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return create_app(settings, ADDRESS)


@pytest.fixture
def browser(app: FastAPI) -> Browser:
    """Nobody has signed in."""
    return Browser(app)


@pytest.fixture
def browsers(app: FastAPI) -> Callable[[str], Browser]:
    """Signs somebody in: `browsers(MAYA)`."""
    return lambda address: Browser(app).sign_in(address)


@pytest.fixture
def dana(app: FastAPI) -> Browser:
    return Browser(app).sign_in(DANA)


@pytest.fixture
def maya(app: FastAPI) -> Browser:
    return Browser(app).sign_in(MAYA)

"""A request to the portal: who asks, what they may see, and how they are answered."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import threading
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from email.utils import parseaddr
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup

from foundation.calendar import local_date, week_start
from foundation.seeds import seed_rows
from foundation.settings import Company, Settings, SettingsError, load_company
from foundation.settings.types import is_loopback
from foundation.store import begin, read
from foundation.store.audit import record
from foundation.store.sign_in import Session, Token, see_session, session_of, token_of, use_token
from foundation.warehouse import published_file
from portal.access import Person, Viewer, viewer_of, viewer_of_token
from portal.published import Library, View
from reports.components.macros import FUNCTIONS
from reports.engine.markup import page_ids
from reports.engine.templates import Macros, environment
from reports.look.document import document
from reports.look.numbers import capital, instant, period_choice, week_number

HERE = Path(__file__).parent
PORT = 8600
LOCAL_ADDRESS = f"http://127.0.0.1:{PORT}"
"""Where the portal listens unless told otherwise."""
MCP_PATH = "/mcp"
NOTED_EVERY = timedelta(minutes=5)
"""How often the store notes that a session or a token is in use."""


class Portal:
    """What all requests share: settings, store, published file."""

    def __init__(self, settings: Settings, address: str) -> None:
        """`address`: where it listens, such as `http://127.0.0.1:8600`."""
        self.settings = settings
        self.address = address
        self.library = Library(settings.published_path, partial(published_file, settings))
        self._company = _Watched(settings.company_file, lambda: load_company(settings))
        self._people = _Watched(settings.seeds_dir / "people.csv", lambda: _people(settings))
        self.url = (self.company.access.portal_url or address).rstrip("/")
        if not is_loopback(urlsplit(self.url).hostname) and not self.url.startswith("https://"):
            raise SettingsError(
                f"{settings.company_file}: access.portal_url is {self.url}, expected https://: sign-ins and"
                " numbers would travel unencrypted"
            )
        self.templates = environment(
            HERE / "templates",
            {**FUNCTIONS, "capital": capital, "period_choice": period_choice, "week_number": week_number},
        )

    @property
    def company(self) -> Company:
        return self._company.value()  # type: ignore[no-any-return]

    @property
    def people(self) -> list[Person]:
        return self._people.value()  # type: ignore[no-any-return]

    @property
    def origins(self) -> frozenset[str]:
        """The addresses under which it may be opened."""
        port = urlsplit(self.address).port
        own = {f"http://127.0.0.1:{port}", f"http://localhost:{port}"}
        parts = urlsplit(self.url)
        return frozenset({f"{parts.scheme}://{parts.netloc}", *own})

    @property
    def is_secure(self) -> bool:
        return self.url.startswith("https://")

    @property
    def today(self) -> date:
        """The company's day, by the clock of every layer."""
        return local_date(self.settings.now(), self.company.zone)

    @property
    def this_week(self) -> date:
        """The running week's Monday."""
        return week_start(self.today)

    def macros(self, file: str) -> Macros:
        return Macros(self.templates, file)


class _Watched:
    """A file's content, read again when the file changes. While it is wrong, the last good one stays."""

    def __init__(self, path: Path, read: Any) -> None:
        self.path = path
        self.read = read
        self._lock = threading.Lock()
        self._changed: int | None = None
        self._value: Any = None
        self.value()

    def value(self) -> Any:
        with self._lock:
            changed = self.path.stat().st_mtime_ns if self.path.exists() else None
            if changed != self._changed or self._value is None:
                try:
                    self._value = self.read()
                except SettingsError as error:
                    if self._value is None:
                        raise
                    print(f"Still using the last good {self.path.name}. {error}", flush=True)
                self._changed = changed
            return self._value


def _people(settings: Settings) -> list[Person]:
    columns = ("person_key", "full_name", "email", "active_from", "active_to")

    def day(text: str) -> date | None:
        return date.fromisoformat(text.strip()) if text.strip() else None

    try:
        return [
            Person(
                row["person_key"].strip(),
                row["full_name"].strip(),
                row["email"].strip().lower(),
                day(row["active_from"]),
                day(row["active_to"]),
            )
            for row in seed_rows(settings, "people", *columns)
        ]
    except ValueError as error:
        raise SettingsError(f"{settings.seeds_dir / 'people.csv'}: {error}") from None


def is_api(request: Request) -> bool:
    """Whether a program asks."""
    path = request.url.path
    return path == MCP_PATH or (path.startswith("/api/") and path != "/api/docs")


class SignInNeeded(Exception):
    """The page is for people who have signed in."""


class Reader:
    """Somebody who reads. Lazy: the published file is asked when somebody needs it."""

    def __init__(self, portal: Portal, viewer: Viewer | None) -> None:
        self.portal = portal
        self.viewer = viewer
        self.now = datetime.now(UTC)

    @property
    def who(self) -> Viewer:
        """The person who has signed in.

        Raises:
            SignInNeeded: nobody has.
        """
        if self.viewer is None:
            raise SignInNeeded
        return self.viewer

    @cached_property
    def view(self) -> View:
        """The published data that they may see."""
        return self.portal.library.view(self.who, self.portal.company)

    def note(self, action: str, subject: str | None = None, **details: Any) -> None:
        """Write into the audit what they did."""
        with begin(self.portal.settings) as connection:
            record(connection, at=self.now, who=self.who.who, action=action, subject=subject, details=details)


class Visit(Reader):
    """One request. Lazy: the store and the published file are asked when somebody needs them."""

    def __init__(self, request: Request) -> None:
        super().__init__(request.app.state.portal, None)
        self.request = request
        self.session: Session | None = None
        self.token: Token | None = None
        self._identify()

    # ---- who ----

    def _identify(self) -> None:
        portal, settings = self.portal, self.portal.settings
        given = self.request.headers.get("authorization", "")
        if is_api(self.request) and given.startswith("Bearer "):
            with read(settings) as connection:
                self.token = token_of(connection, given.removeprefix("Bearer ").strip())
            if self.token:
                self.viewer = viewer_of_token(portal.company.access, self.token.name, self.token.role)
                if self.viewer and self.is_due(self.token.used_at):
                    with begin(settings) as connection:
                        use_token(connection, self.token, self.now)
            return
        address = None
        if secret := self.secret:
            with read(settings) as connection:
                self.session = session_of(connection, secret, self.now)
            address = self.session.address if self.session else None
            if self.session and self.is_due(self.session.seen_at):
                with begin(settings) as connection:
                    see_session(connection, self.session, self.now)
        if not address and "proxy" in portal.company.access.sign_in and self.comes_through_proxy:
            named = self.request.headers.getlist(portal.company.access.proxy_header)
            # a second one is not the proxy's
            address = parseaddr(named[0])[1] if len(named) == 1 else None
        if address:
            self.viewer = viewer_of(portal.company.access, portal.people, address, portal.today)

    def is_due(self, noted: datetime | None) -> bool:
        """Whether to record again that a session or a token is in use."""
        return noted is None or self.now - noted > NOTED_EVERY

    @property
    def cookie(self) -> str:
        """The name of the session's cookie. The prefix makes browsers insist on a secure one of this host."""
        return "__Host-scoreline" if self.portal.is_secure else "scoreline"

    @property
    def secret(self) -> str | None:
        return self.request.cookies.get(self.cookie)

    @property
    def comes_through_proxy(self) -> bool:
        return self._is_proxy(self.request.client.host if self.request.client else "")

    def _is_proxy(self, host: str) -> bool:
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return any(address in ipaddress.ip_network(one) for one in self.portal.company.access.proxies)

    @property
    def client(self) -> str:
        """The client's address, behind the known proxies."""
        host = self.request.client.host if self.request.client else ""
        lines = self.request.headers.getlist("x-forwarded-for")
        told = [part.strip() for part in ",".join(lines).split(",")]
        while self._is_proxy(host) and told and told[-1]:
            host = told.pop()
        return host[:64]

    # ---- changes ----

    @cached_property
    def form_token(self) -> str:
        """Return the token that every form sends back. Only pages of this session know it."""
        secret = (self.session and self.secret) or self.visit_secret
        return hmac.new(secret.encode(), b"form", sha256).hexdigest()

    @cached_property
    def visit_secret(self) -> str:
        """Of a browser that has not signed in, or that a proxy signs in."""
        return self.request.cookies.get("scoreline_visit") or secrets.token_urlsafe(24)

    def check_form_token(self, given: str) -> None:
        """
        Raises:
            HTTPException: the form was made for another session.
        """
        if not hmac.compare_digest(given.encode(errors="replace"), self.form_token.encode()):
            raise HTTPException(403, "This form is too old, or was not made for you. Open the page again.")

    # ---- answers ----

    def nav(self, current: str = "", *, root: str = "/", is_own: bool = False) -> Markup:
        return self.portal.macros("nav.html").portal(self.viewer, root, current, is_own)

    def page(
        self, template: str, *, title: str, current: str = "", status: int = 200, **values: Any
    ) -> HTMLResponse:
        """A page of the portal's own. `template`: in `templates/`; it sees `visit`, `when` (an instant in the
        company's time zone) and `values`."""
        zone = self.portal.company.company.time_zone
        with page_ids():
            body = self.portal.templates.get_template(template).render(
                visit=self, viewer=self.viewer, title=title, when=lambda at: instant(at, zone), **values
            )
        response = HTMLResponse(framed(title, body, self.nav(current, is_own=True)), status)
        return self.remember(response)

    def remember(self, response: HTMLResponse) -> HTMLResponse:
        """Set the cookie that forms are checked with."""
        if not self.session:
            self.set_cookie(response, "scoreline_visit", self.visit_secret)
        return response

    def set_cookie(self, response: Response, name: str, value: str, lasts: timedelta | None = None) -> None:
        response.set_cookie(
            name,
            value,
            max_age=int(lasts.total_seconds()) if lasts else None,
            httponly=True,
            samesite="lax",
            secure=self.portal.is_secure,
        )

    def unchanged(self, *parts: object) -> Response | None:
        """Return 304 if the browser's ETag matches that of these parts; store the ETag in `self.etag`."""
        digest = sha256(repr((self.who.who, *parts)).encode()).hexdigest()[:32]
        self.etag = f'"{digest}"'
        given = self.request.headers.get("if-none-match", "").split(",")
        known = {tag.strip().removeprefix("W/") for tag in given}
        return Response(status_code=304, headers=self.cached) if self.etag in known else None

    @property
    def cached(self) -> dict[str, str]:
        return {"etag": self.etag, "cache-control": "private, no-cache", "vary": "Cookie, Authorization"}


def framed(title: str, body: str, nav: str) -> str:
    """The whole document of a page that the portal answers with."""
    css = (HERE / "static/portal.css").read_text(encoding="utf-8")
    return document(title, body, nav, served=True, css=css)


def visit(request: Request) -> Visit:
    """A request of anyone, signed in or not."""
    return Visit(request)


def signed_in(visit: Annotated[Visit, Depends(visit)]) -> Visit:
    """The request of somebody who has signed in."""
    _ = visit.who
    return visit


def administrator(visit: Annotated[Visit, Depends(signed_in)]) -> Visit:
    """The request of an administrator; for others there is no such page."""
    if not visit.who.is_admin:
        raise HTTPException(404)
    return visit


MOST_FIELDS = 200
LONGEST_FIELD = 20_000


async def form_of(request: Request) -> Mapping[str, str]:
    """The fields of a form, each once."""
    async with request.form(max_files=0, max_fields=MOST_FIELDS, max_part_size=LONGEST_FIELD) as form:
        fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    return {name: value.replace("\x00", "") for name, value in fields.items()}


def checked_form(
    form: Annotated[Mapping[str, str], Depends(form_of)], visit: Annotated[Visit, Depends(visit)]
) -> Mapping[str, str]:
    """The fields of a form that was made for this browser."""
    visit.check_form_token(form.get("form_token", ""))
    return form


Anyone = Annotated[Visit, Depends(visit)]
Signed = Annotated[Visit, Depends(signed_in)]
Admin = Annotated[Visit, Depends(administrator)]
Form = Annotated[Mapping[str, str], Depends(checked_form)]


def back_to(path: str, *, done: str = "") -> RedirectResponse:
    """Redirect to the page after a change, so that a reload changes nothing."""
    return RedirectResponse(f"{path}{'?done=' + done if done else ''}", 303)

"""Sign in by a link that comes by mail.

The answer is the same for addresses that may not come in, in text and in time: the mail is sent afterwards,
by threads of its own, so that a mail server that takes long holds no request.
The link opens a page with a button, because mail scanners follow links and would use it up.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from functools import partial
from hashlib import sha256
from queue import Full, Queue
from threading import Thread
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import HTMLResponse

from foundation.settings.types import mail_address
from foundation.store import begin, read
from foundation.store.sign_in import LINK_LASTS, ask_for_link, link_address, use_link
from portal.access import viewer_of
from portal.sign_in.session import START, begin_session, safe_next
from portal.web import Anyone, Form, Portal
from reports.post.message import build, message_id
from reports.post.outcome import DeliveryFailed
from reports.post.transport import Refused, Unknown, transport

router = APIRouter(include_in_schema=False)
PAUSES = (0, 5, 30)
"""Seconds before each try to hand the mail over."""
SENDERS = 4
"""The most mails that are sent at the same time."""
MOST_WAITING = 200
"""Mails that wait for their turn; beyond that a link is not sent, and the log says so."""

_TEXT = """\
Open this link to sign in to the scorecard of {company}:

{link}

It works once, within 15 minutes. If you did not ask for it, delete this mail: nobody gets in without it.
"""


@router.post("/sign-in")
def ask(visit: Anyone, form: Form) -> HTMLResponse:
    portal = visit.portal
    if "mail" not in portal.company.access.sign_in:
        raise HTTPException(404)
    then = safe_next(form.get("next", START))
    try:
        address = mail_address(form.get("address", "")).lower()
    except ValueError as error:
        return visit.page("sign_in.html", title="Sign in", status=422, error=str(error), then=then)
    known = viewer_of(portal.company.access, portal.people, address, portal.today) is not None
    with begin(portal.settings) as connection:
        secret = ask_for_link(connection, address=address, client=visit.client, known=known, now=visit.now)
    if secret:
        query = urlencode({"key": secret} | ({"next": then} if then != START else {}))
        link = f"{portal.url}/sign-in/link?{query}"
        sender_of(visit).put(address, partial(send_link, portal, address, link, visit.now))
    return visit.page("link_sent.html", title="Check your e-mail", address=address)


class Sender:
    """Sends mails one after the other, beside the requests."""

    def __init__(self) -> None:
        self._waiting: Queue[Callable[[], None]] = Queue(MOST_WAITING)
        for number in range(SENDERS):
            # a stop of the portal does not wait for a mail server
            Thread(target=self._work, name=f"sign-in mail {number + 1}", daemon=True).start()

    def put(self, address: str, send: Callable[[], None]) -> None:
        """Send a mail when its turn comes. `address`: for the log, where too many wait."""
        try:
            self._waiting.put_nowait(send)
        except Full:
            print(f"The sign-in link for {address} was not sent: {MOST_WAITING} mails wait.", flush=True)

    def wait(self) -> None:
        """Wait until every mail is handed over or given up."""
        self._waiting.join()

    def _work(self) -> None:
        while True:
            send = self._waiting.get()
            try:
                send()
            except Exception:
                logging.getLogger("scoreline.portal").exception("a sign-in mail could not be made")
            finally:
                self._waiting.task_done()


def sender_of(visit: Anyone) -> Sender:
    found: Sender = visit.request.app.state.sign_in_mails
    return found


def send_link(portal: Portal, address: str, link: str, now: datetime) -> None:
    """Send the mail; without a mail server it lands in the outbox, and the terminal has the link."""
    settings = portal.settings
    if settings.smtp_url is None:
        print(f"Sign-in link for {address}: {link}", flush=True)
    message = _mail(portal, address, link, now)
    name = f"sign-in-{now:%Y%m%dT%H%M%S%f}-{address}"
    trouble: Exception | None = None
    for pause in PAUSES:
        time.sleep(pause)
        if datetime.now(UTC) - now > LINK_LASTS:
            trouble = trouble or TimeoutError("it waited until the link was too old")
            break
        try:
            transport(settings).send(message, address, name, lambda: None)
            return
        except Refused as error:
            trouble = error
            if not error.for_now:
                break
        except (Unknown, DeliveryFailed) as error:
            trouble = error
            break
    print(f"The sign-in link for {address} could not be sent: {trouble}", flush=True)


def _mail(portal: Portal, address: str, link: str, now: datetime) -> EmailMessage:
    company = portal.company
    key = sha256(link.encode()).hexdigest()
    message = build(
        portal.settings,
        company,
        recipient=address,
        subject=f"Sign in to the scorecard of {company.company.name}",
        message_id=message_id(f"sign-in\n{key}", company.mail.sender),
        text=_TEXT.format(company=company.company.name, link=link),
    )
    # links use real time, even if the scorecard's clock is fixed
    message.replace_header("Date", format_datetime(now.replace(microsecond=0)))
    return message


@router.get("/sign-in/link")
def opened(visit: Anyone, key: str = "", next: str = START) -> HTMLResponse:
    with read(visit.portal.settings) as connection:
        address = link_address(connection, key, visit.now)
    if address is None:
        return _over(visit)
    return visit.page("use_link.html", title="Sign in", key=key, address=address, then=safe_next(next))


@router.post("/sign-in/link")
def used(visit: Anyone, form: Form) -> Response:
    portal = visit.portal
    with begin(portal.settings) as connection:
        address = use_link(connection, form.get("key", ""), visit.now)
    viewer = address and viewer_of(portal.company.access, portal.people, address, portal.today)
    if not viewer:
        return _over(visit)
    return begin_session(visit, viewer, "mail", form.get("next", START))


def _over(visit: Anyone) -> HTMLResponse:
    return visit.page(
        "sign_in.html",
        title="Sign in",
        status=403,
        error="This link was used before, or is older than 15 minutes. Ask for a new one.",
        then=START,
    )

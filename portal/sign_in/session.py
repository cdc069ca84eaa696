"""Sessions: a random id in a cookie, a new one at each sign-in."""

from __future__ import annotations

import re

from fastapi import Response
from fastapi.responses import RedirectResponse

from foundation.store import begin
from foundation.store.audit import record
from foundation.store.sign_in import SESSION_LASTS, clear_old_sign_ins, end_session, start_session
from portal.access import Viewer
from portal.web import Visit

START = "/"


def safe_next(path: str) -> str:
    """Return the page to open after the sign-in, only one of the portal."""
    return path if re.fullmatch(r"/[\w./?=&%-]{0,300}", path) and not path.startswith("//") else START


def begin_session(visit: Visit, viewer: Viewer, method: str, then: str) -> Response:
    """Start a session and redirect."""
    with begin(visit.portal.settings) as connection:
        clear_old_sign_ins(connection, visit.now)
        if visit.secret:
            end_session(connection, visit.secret, visit.now)
        secret = start_session(connection, address=viewer.address or "", method=method, now=visit.now)
        record(
            connection,
            at=visit.now,
            who=viewer.who,
            action="signed_in",
            details={"by": method, "from": visit.client},
        )
    response = RedirectResponse(safe_next(then), 303)
    visit.set_cookie(response, visit.cookie, secret, SESSION_LASTS)
    response.delete_cookie("scoreline_visit")
    return response


def drop_cookies(visit: Visit, response: Response) -> Response:
    response.delete_cookie(visit.cookie, secure=visit.portal.is_secure, httponly=True, samesite="lax")
    return response

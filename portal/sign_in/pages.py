"""The page to sign in at, and signing out."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from foundation.store import begin
from foundation.store.audit import record
from foundation.store.sign_in import end_session, end_sessions_of
from portal.sign_in.session import START, drop_cookies, safe_next
from portal.web import Anyone, Form, Signed

public = APIRouter(include_in_schema=False)
router = APIRouter(include_in_schema=False)


@public.get("/sign-in")
def sign_in(visit: Anyone, next: str = START) -> Response:
    if visit.viewer:
        return RedirectResponse(safe_next(next), 303)
    return visit.page("sign_in.html", title="Sign in", then=safe_next(next), error="")


@router.post("/sign-out")
def sign_out(visit: Signed, form: Form) -> Response:
    with begin(visit.portal.settings) as connection:
        if visit.secret:
            end_session(connection, visit.secret, visit.now)
        record(connection, at=visit.now, who=visit.who.who, action="signed_out")
    return drop_cookies(visit, RedirectResponse("/sign-in", 303))


@router.post("/sign-out-everywhere")
def sign_out_everywhere(visit: Signed, form: Form) -> Response:
    with begin(visit.portal.settings) as connection:
        if visit.who.address:
            end_sessions_of(connection, visit.who.address, visit.now)
        record(connection, at=visit.now, who=visit.who.who, action="signed_out", details={"everywhere": True})
    return drop_cookies(visit, RedirectResponse("/sign-in", 303))

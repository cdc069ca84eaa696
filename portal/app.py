"""The web application: its routes, and what happens when one of them fails."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from foundation import __version__
from foundation.settings import Settings
from foundation.store import StoreError, open_store
from portal import account, admin, goals, lines, my_week, new_normal, numbers, pages, pdf, pictures
from portal.api import answers, definitions, docs, entries, figures, notes, records, shapes, tables
from portal.api.answers import NotModified, problem
from portal.guard import Guard
from portal.sign_in import mail_link, oidc
from portal.sign_in import pages as sign_in_pages
from portal.web import Portal, SignInNeeded, Visit, is_api, signed_in
from reports.engine.queries import PageError
from reports.pages import SiteError

PUBLIC = (
    sign_in_pages.public,
    mail_link.router,
    oidc.router,
    shapes.public,
    pictures.router,
    tables.public,
)
"""Routes for those who have not signed in."""
PRIVATE = (
    sign_in_pages.router,
    account.router,
    numbers.router,
    my_week.router,
    new_normal.router,
    goals.router,
    lines.router,
    admin.router,
    pdf.router,
    pages.router,
    tables.router,
    figures.router,
    definitions.router,
    records.router,
    entries.router,
    notes.router,
    shapes.router,
    docs.router,
)
"""Routes for those who have."""


def create_app(settings: Settings, address: str) -> FastAPI:
    """The portal. `address`: where it listens, such as `http://127.0.0.1:8600`.

    Raises:
        SettingsError: company.toml or a variable of the environment is wrong.
        StoreError: the store can't be used.
    """
    portal = Portal(settings, address)
    if "oidc" in portal.company.access.sign_in:
        oidc.oidc_settings()
    open_store(settings)
    mcp_route, endpoint = _assistants()
    app = FastAPI(
        title="Scoreline",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=endpoint and endpoint.lifespan,
    )
    app.state.portal = portal
    app.state.sign_in_mails = mail_link.Sender()
    app.state.api_reads = answers.Reads()
    app.state.pace = answers.Pace()
    if mcp_route:
        app.router.routes.append(mcp_route)
    for router in PUBLIC:
        app.include_router(router)
    for router in PRIVATE:
        app.include_router(router, dependencies=[Depends(signed_in), Depends(answers.paced)])
    app.add_exception_handler(SignInNeeded, _sign_in)
    app.add_exception_handler(NotModified, _not_modified)
    app.add_exception_handler(StarletteHTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(LookupError, _unavailable)
    app.add_exception_handler(StoreError, _unavailable)
    app.add_exception_handler(PageError, _outdated)
    app.add_exception_handler(SiteError, _unavailable)
    app.add_middleware(
        Guard, origins=portal.origins, failed=lambda scope, error: _failed(Request(scope), error)
    )
    return app


def _assistants() -> tuple[Any, Any]:
    """The route for assistants, and what answers there; nothing without the extra `mcp`."""
    try:
        from portal.assistants import route
    except ModuleNotFoundError:
        return None, None
    return route()


def _sign_in(request: Request, error: Exception) -> Response:
    if is_api(request):
        return problem(401, "Send a token: Authorization: Bearer ... (scoreline token create), or sign in.")
    path = request.url.path if request.method == "GET" else "/"
    return RedirectResponse(f"/sign-in?next={quote(path)}" if path != "/" else "/sign-in", 303)


WORDS = {
    403: "That is not allowed.",
    404: "There is no such page, or you may not see it.",
    405: "That cannot be done here.",
}


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException | StarletteHTTPException)
    plain = {"Not Found", "Forbidden", "Method Not Allowed"}
    text = WORDS.get(error.status_code, error.detail) if error.detail in plain else error.detail
    return _error(request, error.status_code, text, error.headers)


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if not is_api(request):
        return _error(request, 422, "The address or the form has a value that does not fit.")
    faults = [f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in error.errors()]
    return problem(422, "; ".join(faults)[:1000])


def _unavailable(request: Request, error: Exception) -> Response:
    if isinstance(error, KeyError | IndexError):  # a LookupError by kind, but a fault
        return _failed(request, error)
    return _error(request, 503, str(error))


def _outdated(request: Request, error: Exception) -> Response:
    _log(request, error)
    return _error(
        request, 503, "The page does not fit what is published. Run a build: `scoreline run build`."
    )


def _log(request: Request, error: Exception) -> None:
    path = re.sub(r"^/links/[^/]+", "/links/...", request.url.path)
    logging.getLogger("scoreline.portal").error("%s failed", path, exc_info=error)


def _failed(request: Request, error: Exception) -> Response:
    _log(request, error)
    return _error(request, 500, "Something went wrong; the portal's log says what.")


def _not_modified(request: Request, error: Exception) -> Response:
    assert isinstance(error, NotModified)
    return Response(status_code=304, headers=error.headers)


def _error(request: Request, status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    if is_api(request):
        return problem(status, text, headers)
    try:
        visit = Visit(request)
        return visit.page("error.html", title="Not possible", status=status, text=text)
    except Exception:  # the page needs the store too
        logging.getLogger("scoreline.portal").error("%s", text)
        return HTMLResponse(
            "The portal cannot be used now, and has saved nothing. Try again later; its log says why.", status
        )

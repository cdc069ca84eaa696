"""Every role on every route, page, line and receipt: nothing is seen that is not permitted."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from foundation.settings import PROJECT_ROOT, Settings
from foundation.store import read
from foundation.store.audit import audit_records
from portal.access import Viewer, viewer_of
from portal.app import create_app
from portal.pages import NO_MAILS
from portal.published import NAMES_CONTACTS, OF_ALL, OF_SECTIONS, OPEN
from reports.components.links import Receipts
from reports.pdf import data_of
from reports.site.renderer import Renderer
from tests.portal.conftest import ADDRESS, DANA, GUEST, MAYA, NOBODY, Browser, with_access
from tests.portal.test_api import token_for

PUBLIC = {
    "/sign-in", "/sign-in/link", "/sign-in/oidc", "/sign-in/oidc/back", "/api/health", "/picture/{name}.png",
    "/links/{secret}/weekly.csv",
}  # fmt: skip
SECRETS = ("finance.revenue", "finance.profit_margin", "$90,310", "90310.5", "Profit and loss", "Revenue")
"""What only readers of all of finance may see."""
BALANCES = ("finance.cash_position", "480,500", "523,400", "480500", "Operating Checking", "Cash position")
TICKETS = ("reactive_ops.", "Reactive tickets", "Same-day close rate")
PATHS = [
    "/", "/scorecard.html", "/index.html", "/weeks.html", "/finance.html", "/ceo.html", "/data_health.html", "/definitions.html",
    "/scorecard/2025-W43.html", "/scorecard/2025-W40.html", "/published/2025-W43.html", "/receipts/2025-W43.html", "/receipts/2025-W42.html",
    "/receipts/2025-W43.html?part=2", "/receipts/2025-09.html", "/receipts/2025-Q4.html", "/receipts/2025-W43.html?line=finance.cash_position",
    "/receipts/2025-09.html?line=finance.revenue", "/receipts/2025-W43.confidential.2.html",
    "/lines", "/lines/finance.revenue", "/lines/finance.cash_position",
    "/lines/reactive_ops.utilization", "/lines/finance.revenue?all=yes", "/goals", "/goals/finance.cash_position", "/periods/2025-09",
    "/periods/2025-Q4", "/periods/2025-W43", "/weeks?to=2025-09", "/weeks?to=2025-W43", "/scorecard.pdf", "/finance.pdf", "/ceo.pdf", "/review.html", "/review.pdf", "/review/2025-W42.html", "/review/2025-W42.pdf",
    "/scorecard/2025-W43.pdf", "/numbers", "/numbers?week=2025-W43", "/week", "/week?all=yes", "/notes", "/notes?q=cash",
    "/lines/inside_sales.dials/notes/2025-W43", "/lines/finance.cash_position/notes/2025-W43", "/lines/finance.revenue/notes/2025-09",
    "/lines/reactive_ops.utilization/normal", "/lines/finance.cash_position/normal", "/actions/abcdef12", "/account", "/sources", "/settings", "/audit", "/runs/abcdef12", "/runs/abcdef12.json",
    "/restricted/sales_contacts.html", "/sales.html", "/gallery.html", "/sales_base.html", "/receipts.html",
    "/api/v1/scorecard/weekly?week=2025-W43", "/api/v1/scorecard/weekly?line=finance.cash_position", "/api/v1/scorecard/weekly?section=finance",
    "/api/v1/scorecard/monthly?month=2025-09", "/api/v1/scorecard/quarterly", "/api/v1/lines", "/api/v1/lines?section=finance",
    "/api/v1/lines/finance.revenue/history", "/api/v1/lines/finance.cash_position/history", "/api/v1/metrics", "/api/v1/goals",
    "/api/v1/goals?line=finance.cash_position", "/api/v1/contributions?line=finance.cash_position&week=2025-W43",
    "/api/v1/contributions?line=finance.revenue&period=2025-09", "/api/v1/restatements", "/api/v1/sources", "/api/v1/sales/kpis",
    "/api/autotask/scorecard/weekly?week=43&year=2025", "/api/autotask/scorecard/quarterly?quarter=4&year=2025",
    "/api/autotask/tickets?start_date=2025-10-20&end_date=2025-10-26", "/api/autotask/activity?start_date=2025-10-20&end_date=2025-10-26",
    "/api/autotask/report/daily?date=2025-10-20", "/api/autotask/report/weekly?week=2025-W43",
    "/api/hubspot/scorecard/sales-activity?week=43&year=2025", "/api/hubspot/scorecard/mrr-closed?start_date=2025-10-20&end_date=2025-10-26",
    "/api/v1/scorecard/weekly.csv?weeks=8", "/api/v1/notes", "/api/v1/notes?line=finance.revenue", "/api/v1/actions", "/api/v1/normals",
    "/api/docs", "/api/openapi.json", "/scorecard", "/scorecard/manual-entry",
]  # fmt: skip


@pytest.fixture
def few(settings: Settings, tmp_path: Path) -> FastAPI:
    """A portal whose roles see little."""
    return create_app(with_access(settings, tmp_path), ADDRESS)


def seen(browser: Browser, **headers: str) -> dict[str, str]:
    """Path -> what is read there."""
    found = {}
    for path in PATHS:
        answer = browser.get(path, **headers)
        assert answer.status_code in (200, 303, 401, 404, 403, 410, 422, 502), (
            path,
            answer.status_code,
            answer.text[:300],
        )
        if answer.status_code == 200:
            found[path] = re.sub(r"<script>.*?</script>|<style>.*?</style>", "", answer.text, flags=re.S)
    return found


@pytest.mark.parametrize(
    ("who", "hidden", "opens"),
    [
        (DANA, (), {"/finance.html", "/scorecard.html", "/finance.pdf", "/sources", "/settings", "/audit", "/lines/finance.revenue"}),
        (MAYA, (*SECRETS, *BALANCES, *TICKETS), {"/definitions.html", "/data_health.html", "/receipts/2025-W43.html", "/periods/2025-W43"}),
        (GUEST, (*SECRETS, *TICKETS), {"/receipts/2025-W43.html", "/lines/finance.cash_position"}),
        (NOBODY, (*SECRETS, *BALANCES, *TICKETS), {"/account", "/numbers"}),
    ],
)  # fmt: skip
def test_nobody_sees_more_than_their_roles_allow(
    few: FastAPI, who: str, hidden: tuple[str, ...], opens: set[str]
) -> None:
    found = seen(Browser(few).sign_in(who))
    assert opens <= found.keys()
    for path, text in found.items():
        leaks = [word for word in hidden if word in text and path != "/api/docs"]
        assert leaks == [], (path, leaks)
    if who != DANA:
        assert (
            not {
                "/finance.html",
                "/ceo.html",
                "/scorecard.pdf",
                "/finance.pdf",
                "/ceo.pdf",
                "/sources",
                "/settings",
                "/audit",
            }
            & found.keys()
        )
        assert (
            not {
                "/goals/finance.cash_position",
                "/restricted/sales_contacts.html",
                "/published/2025-W43.html",
            }
            & found.keys()
        )


def test_a_token_sees_what_its_role_sees(few: FastAPI) -> None:
    settings = few.state.portal.settings
    _, header = token_for(settings, "sales")
    found = seen(Browser(few), **header)
    assert "/api/v1/scorecard/weekly?week=2025-W43" in found and not [
        path for path in found if not path.startswith("/api/")
    ]
    for path, text in found.items():
        assert [word for word in (*SECRETS, *BALANCES, *TICKETS) if word in text] == [], path
    _, header = token_for(settings, "leadership", "cfo")
    assert "90310.5" in seen(Browser(few), **header)["/api/v1/scorecard/monthly?month=2025-09"]


def test_every_route_that_reads_is_tried(few: FastAPI) -> None:
    asked = [path.partition("?")[0] for path in PATHS]
    missing = [
        route.path
        for route in _routes(few)
        if "GET" in route.methods and route.path not in PUBLIC and not any(map(route.path_regex.match, asked))
    ]
    assert missing == []


def test_anonymous_sees_nothing_but_the_sign_in(few: FastAPI) -> None:
    browser = Browser(few)
    for path in PATHS:
        answer = browser.get(path)
        assert answer.status_code == (401 if path.startswith("/api/") and path != "/api/docs" else 303), path
        assert answer.headers.get("location", "/sign-in").startswith("/sign-in") and len(answer.text) < 300
    for route in _routes(few):
        if route.path not in PUBLIC:
            path = re.sub(r"{\w+}", "x", route.path)
            for method in route.methods:
                answer = browser.client.request(method, path, headers={"origin": ADDRESS})
                assert answer.status_code in (303, 401, 403), (method, path, answer.status_code)


def test_every_change_needs_the_form_s_token(few: FastAPI) -> None:
    dana = Browser(few).sign_in(DANA)
    changes = [route.path for route in _routes(few) if "POST" in route.methods]
    assert len(changes) > 12
    for path in changes:
        path = re.sub(r"{\w+}", "inside_sales.dials", path)
        own = dana.client.post(
            path, data={"form_token": "x"}, headers={"origin": ADDRESS, "idempotency-key": "k" * 9}
        )
        assert own.status_code in (403, 404, 422), (path, own.status_code)
        foreign = dana.client.post(
            path, data={"form_token": dana.token("/account")}, headers={"origin": "https://evil.example"}
        )
        assert foreign.status_code == 403, path
    assert dana.get("/account").status_code == 200


def _routes(app: FastAPI) -> list[Any]:
    def walk(routes: Any) -> Any:
        for route in routes:
            if isinstance(route, APIRoute):
                yield route
            else:
                yield from walk(
                    getattr(route, "routes", ())
                    or getattr(getattr(route, "original_router", None), "routes", ())
                )

    found = list(walk(app.routes))
    assert len(found) > 40
    return found


def test_every_answer_is_guarded(few: FastAPI) -> None:
    guards = {"content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy"}
    dana = Browser(few).sign_in(DANA)
    for path in (
        "/sign-in",
        "/scorecard.html",
        "/nope",
        "/api/v1/lines",
        "/api/v1/nope",
        "/scorecard.pdf",
        "/weeks?to=x",
    ):
        answer = dana.get(path)
        assert guards - answer.headers.keys() == set(), path
        assert "unsafe-inline" not in answer.headers["content-security-policy"].split("style-src")[0]
        assert "public" not in answer.headers["cache-control"]


def test_guessed_paths_lead_nowhere(few: FastAPI) -> None:
    maya = Browser(few).sign_in(MAYA)
    for path in (
        "/../company.toml", "/%2e%2e/company.toml", "/..%2fcompany.toml", "/scorecard/..%2f..%2fstore.sqlite.html", "/published/../index.html",
        "/published/..%2findex.html", "/receipts/%00.html", "/receipts/' or 1=1 --.html", "/lines/..", "/lines/'", "/periods/..%2f..",
        "/weeks?to=../../etc/passwd", "/restricted/../finance.html", "/.html", "/%0d%0aX-Injected:%20y.html", "/scorecard/2025-W43.html%00.pdf",
        "/weeks?to=%0d%0aX-Injected:%20y", "/sign-in?next=%0d%0aX-Injected:%20y", "/published/gallery.html", "/store.sqlite",
    ):  # fmt: skip
        answer = maya.get(path)
        assert answer.status_code in (303, 404, 422) and "x-injected" not in answer.headers, path
        assert "[access]" not in answer.text and "Traceback" not in answer.text, path


def test_pages_come_again_only_when_they_have_changed(few: FastAPI) -> None:
    maya, dana = Browser(few).sign_in(MAYA), Browser(few).sign_in(DANA)
    first = dana.get("/definitions.html")
    tag = {"if-none-match": first.headers["etag"]}
    assert dana.get("/definitions.html", **tag).status_code == 304
    other = maya.get("/definitions.html", **tag)
    assert other.status_code == 200 and other.text != first.text  # another reader, another page
    path: Path = few.state.portal.settings.published_path
    newer = path.with_name("newer.duckdb")
    newer.write_bytes(path.read_bytes())
    newer.replace(path)  # as a build does
    assert dana.get("/definitions.html", **tag).status_code == 200


def test_what_is_confidential_is_noted(few: FastAPI) -> None:
    dana = Browser(few).sign_in(DANA)
    for path in (
        "/finance.html",
        "/receipts/2025-09.confidential.html?line=finance.revenue",  # the static site's name, as in a mail
        "/lines/finance.revenue",
        "/finance.pdf",
        "/marketing.html",
    ):
        assert dana.get(path).status_code == 200, path
    with read(few.state.portal.settings) as connection:
        noted = [one.subject for one in audit_records(connection) if one.action == "opened_confidential"]
    assert noted == ["PDF of finance 2025-W43", "history of finance.revenue", "receipt 2025-09", "finance"]
    page = dana.get("/audit").text
    assert "opened confidential" in page and "dana_whitfield" in page


def test_changed_roles_count_at_the_next_request(few: FastAPI) -> None:
    guest = Browser(few).sign_in(GUEST)
    assert guest.get("/lines/finance.cash_position").status_code == 200
    company: Path = few.state.portal.settings.company_file
    text = company.read_text(encoding="utf-8")
    company.write_text(text.replace('["finance.cash_position"]', '["inside_sales"]'), encoding="utf-8")
    assert guest.get("/lines/finance.cash_position").status_code == 404
    assert guest.get("/lines/inside_sales.dials").status_code == 200
    company.write_text(text.replace('["*@board.example"]', '["chair@other.example"]'), encoding="utf-8")
    assert guest.get("/lines/inside_sales.dials").status_code == 303
    company.write_text("[access", encoding="utf-8")  # a mistake: the last good roles stay
    assert guest.get("/lines/inside_sales.dials").status_code == 303


def test_every_mart_has_its_readers() -> None:
    """A mart that is not sorted in shows nothing, so a new one is missed here and not by a reader."""
    sorted_in = {*OPEN, *OF_ALL, *NAMES_CONTACTS, "dim_metrics"}
    marts = PROJECT_ROOT / "dbt_project" / "models" / "marts"
    for path in marts.rglob("*.sql"):
        by_letters = any(path.stem.startswith(letters) for letters in OF_SECTIONS)
        by_column = re.search(r"line_id|\bsource\b|scorecard_fact\(", path.read_text(encoding="utf-8"))
        assert path.stem in sorted_in or by_letters or by_column, path.stem


def test_a_week_as_published_is_closed_to_who_may_not_see_a_line_of_then(
    few: FastAPI, maya: Browser, settings: Settings
) -> None:
    folder = settings.site_dir / "published"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "2025-W40.html").write_text('<a href="finance.html">Finance</a>', encoding="utf-8")
    (folder / "2025-W41.html").write_text('<tr id="finance.retired_line"><td>7', encoding="utf-8")
    for browser, status in ((Browser(few).sign_in(DANA), 200), (maya, 404)):
        assert browser.get("/published/2025-W40.html").status_code == 200
        assert browser.get("/published/2025-W41.html").status_code == status


def test_a_viewer_without_anything_sees_empty_marts(few: FastAPI, golden: Path) -> None:
    nothing = Viewer("x", confidential=frozenset({"finance"}))
    view = few.state.portal.library.view(nothing, few.state.portal.company)
    with duckdb.connect(str(golden), read_only=True) as whole:
        marts = [
            name
            for (name,) in whole.execute(
                "select table_name from duckdb_tables() where schema_name = 'marts'"
            ).fetchall()
        ]
    open_to_all = {*OPEN, "dim_sources"}
    for mart in marts:
        rows = view.rows(f'select count(*) as n from marts."{mart}"')[0].n
        assert rows == 0 or mart in open_to_all, mart


def test_a_pdf_says_what_its_page_says(few: FastAPI) -> None:
    portal = few.state.portal
    answer = Browser(few).sign_in(DANA).get("/scorecard/2025-W43.pdf")
    assert answer.content.startswith(b"%PDF-") and answer.headers["content-type"] == "application/pdf"
    assert "scorecard-2025-W43.pdf" in answer.headers["content-disposition"]
    again = Browser(create_app(portal.settings, ADDRESS)).sign_in(DANA).get("/scorecard/2025-W43.pdf")
    assert again.content == answer.content  # the same facts, the same bytes
    viewer = viewer_of(portal.company.access, portal.people, DANA, portal.today)
    assert viewer
    view = portal.library.view(viewer, portal.company)
    entry = next(page for page in view.pages if page.name == "scorecard")
    renderer = Renderer(view.connection, view.pages, NO_MAILS, Receipts)
    data = data_of(renderer.week(entry, date(2025, 10, 20), newest=True), "Week of 20 October")
    rows = {row["label"]: row for section in data["sections"] for row in section["rows"]}
    assert data["headline"] == "6 met, 0 close, 9 missed"
    assert (rows["Dials"]["value"], rows["Dials"]["goal"], rows["Dials"]["status"]) == (
        "101",
        "≥ 125",
        "× Missed",
    )
    assert rows["Same-day close rate"]["parts"] == "42 of 79"
    assert rows["Website traffic"]["value"] == "–"  # a blank is never 0

"""My numbers: typing, correcting with a reason, and what is not taken."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import duckdb
from fastapi import FastAPI

from foundation.settings import Settings
from foundation.store import begin, read
from foundation.store.audit import audit_records
from foundation.store.entries import Entry, all_entries
from portal.app import create_app
from tests.portal.conftest import ADDRESS, DANA, MAYA, SAM, Browser

EVENTS, HYBRID, TRAFFIC = (
    "outside_sales.networking_events",
    "hybrid_sales.networking_events",
    "marketing.website_traffic",
)


def typed(
    browser: Browser, value: str, line: str = EVENTS, period: str = "2025-W44", **more: str
) -> tuple[int, str]:
    """Type a number; the status of the answer, and what it says."""
    person = {EVENTS: "maya_torres", HYBRID: "noor_haddad"}.get(line, "")
    fields = {"line": line, "person": person, "period": period, "value": value, "key": "k" * 32, **more}
    answer = browser.post("/numbers", **fields)
    if answer.status_code == 303:
        answer = browser.get(answer.headers["location"])
    said = re.search(r'class="said[^>]*>(.*?)</p>', answer.text)
    return answer.status_code, html.unescape(re.sub("<[^>]+>", "", said[1])) if said else ""


def stored(settings: Settings) -> list[Entry]:
    with read(settings) as connection:
        return all_entries(connection)


def test_a_number_is_due_typed_and_corrected(maya: Browser) -> None:
    page = maya.get("/numbers").text
    assert page.index("Week of 20 October</h2>") < page.index(
        "Week of 27 October, running"
    )  # the finished week first
    assert typed(maya, "3", note="BNI") == (
        200,
        "Saved: Networking events, week of 27 October: 3. It is on the page after the next build, usually within minutes.",
    )
    status, said = typed(maya, "4", key="another-key")
    assert status == 422 and said == "Not saved. 3 is there already; say why 4 replaces it."
    assert typed(maya, "5", reason="forgot  the\nlunch", key="another-key")[0] == 200
    first, second = stored(maya.settings)
    assert (first.value, first.note, first.entered_by, first.period) == (
        Decimal(3),
        "BNI",
        "maya_torres",
        "2025-W44",
    )
    assert (second.value, second.reason, second.corrects) == (
        Decimal("5"),
        "forgot the lunch",
        first.sequence,
    )
    assert first.entered_at == maya.settings.now()
    page = maya.get("/numbers").text
    assert "Reason: forgot the lunch" in page and page.rindex("<b>5</b>") < page.rindex("<b>3</b>")
    with read(maya.settings) as connection:
        assert [note.action for note in audit_records(connection)][:2] == ["corrected", "typed"]


def test_what_a_file_says_needs_a_reason_too(maya: Browser) -> None:
    status, said = typed(maya, "9", period="2025-W43")
    assert status == 422 and "3 is there already" in said
    assert typed(maya, "9", period="2025-W43", reason="counted again")[0] == 200


def test_what_is_no_number_is_said_beside_it(maya: Browser) -> None:
    for value, says in (
        ("", "The value is empty"),
        ("three", 'The value "three" is not a count, expected a whole number such as 1250'),
        ("2.5", 'The value "2.5" is not a count, expected a whole number'),
        ("-3", 'The value "-3" is not a count'),
        ("1,5", 'The value "1,5" is not a count'),
        ("nan", "is not a count"),
        ("=1+1", "is not a count"),
        ("9" * 40, "is not a count"),
        ("<b>1</b>", 'The value "<b>1</b>" is not a count'),
    ):
        status, said = typed(maya, value)
        assert status == 422 and says in said
        assert stored(maya.settings) == []
        assert f'value="{html.escape(value)}"' in maya.post(
            "/numbers", line=EVENTS, person="maya_torres", period="2025-W44", value=value, key="k" * 32
        ).text.replace("&#34;", "&quot;")  # what was typed stays


def test_the_same_form_twice_is_one_number(maya: Browser) -> None:
    assert typed(maya, "3")[0] == typed(maya, "3")[0] == 200
    assert len(stored(maya.settings)) == 1
    status, said = typed(maya, "5", reason="x")
    assert status == 422 and "sent before with another number" in said


def test_nobody_types_what_is_not_theirs(browsers: Callable[[str], Browser]) -> None:
    sent = {
        "line": EVENTS,
        "person": "maya_torres",
        "period": "2025-W44",
        "value": "1",
        "key": "k" * 32,
    }
    maya, sam = browsers(MAYA), browsers(SAM)
    for browser, fields in (
        (maya, {"person": "victor_lang"}),
        (maya, {"person": ""}),
        (maya, {"line": TRAFFIC, "person": ""}),
        (maya, {"line": "inside_sales.dials", "person": "maya_torres"}),
        (maya, {"line": "finance.revenue", "person": ""}),
        (maya, {"period": "2025-W45"}),
        (maya, {"period": "2025-W40"}),
        (maya, {"period": "../../etc"}),
        (sam, {}),
    ):
        assert browser.post("/numbers", **sent | fields).status_code == 404, fields
        assert stored(browser.settings) == []


def test_an_owner_types_for_the_people_of_the_line(dana: Browser) -> None:
    page = dana.get("/numbers").text
    assert "Networking events, Noor Haddad" in page and "Website traffic" in page
    assert typed(dana, "2", line=HYBRID)[0] == 200 and typed(dana, "812", line=TRAFFIC, key="t" * 9)[0] == 200
    assert [(one.person, one.entered_by) for one in stored(dana.settings)] == [
        ("noor_haddad", "dana_whitfield"),
        (None, "dana_whitfield"),
    ]


def test_past_weeks_and_those_to_come(maya: Browser) -> None:
    assert "2025-W41" in maya.get("/numbers?week=2025-W41").text
    for week in ("2025-W45", "1999-W01", "x", "2025-W99", "2025-11", "2025-13", "1999-01"):
        assert maya.get(f"/numbers?week={week}").status_code == 404, week


def test_a_column_is_checked_and_saved_together(dana: Browser) -> None:
    order = re.search(r"in this order: ([^<]+)", dana.get("/numbers").text)
    assert order and order[1].startswith("Networking events, Noor Haddad,")
    shown = dana.post("/numbers/paste", period="2025-W44", column="Noor\t4\r\nx\r\n7\r\n")
    assert 'value="4"' in shown.text and "is not a count" in shown.text and "has 3 rows" in shown.text
    fields = re.findall(r'name="(value\.[^"]+)"', shown.text)
    sent = dict(zip(fields, ("4", "x"), strict=True)) | {"period": "2025-W44", "key": "c" * 32}
    assert dana.post("/numbers/paste/save", **sent).status_code == 422
    assert stored(dana.settings) == []  # all or none
    assert dana.post("/numbers/paste/save", **{**sent, fields[1]: "800"}).status_code == 303
    assert [one.value for one in stored(dana.settings)] == [4, 800]


def test_notes_of_others_stay_text(dana: Browser) -> None:
    hostile = "<script>alert(1)</script>\u202e{{ 7*7 }}"
    typed(dana, "1", line=TRAFFIC, note=hostile)
    page = dana.get("/numbers").text
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}" in page
    status, said = typed(dana, "1", line=TRAFFIC, period="2025-W43", note="x" * 501)
    assert status == 422 and "501 characters, expected at most 500" in said


def test_forty_at_once_are_all_kept(app: FastAPI, maya: Browser) -> None:
    """Corrections from many windows at once: each is acknowledged, and each is stored."""
    typed(maya, "1")
    token, cookie = maya.token("/account"), maya.client.cookies["scoreline"]

    def one(n: int) -> int:
        window = Browser(app)
        window.client.cookies.set("scoreline", cookie)
        data = {
            "form_token": token, "line": EVENTS, "person": "maya_torres", "period": "2025-W44", "value": str(n),
            "reason": "again", "key": f"window-{n:04}",
        }  # fmt: skip
        return window.client.post("/numbers", data=data, headers={"origin": ADDRESS}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(40))) == {303}
    found = stored(maya.settings)
    assert sorted(one.value for one in found) == sorted([1, *range(40)])
    assert [one.corrects for one in found[1:]] == [one.sequence for one in found[:-1]]


def test_a_store_that_is_away_takes_nothing(maya: Browser) -> None:
    token = maya.token("/account")
    with begin(maya.settings) as connection:
        connection.exec_driver_sql("drop table entries")
    data = {
        "form_token": token,
        "line": EVENTS,
        "person": "maya_torres",
        "period": "2025-W44",
        "value": "1",
        "key": "k" * 9,
    }
    answer = maya.client.post("/numbers", data=data, headers={"origin": ADDRESS})
    assert answer.status_code >= 500 and "Saved" not in answer.text and "Traceback" not in answer.text


def test_an_unknown_line_owner_has_an_empty_page(browsers: Callable[[str], Browser]) -> None:
    assert "You have no number to type here" in browsers(SAM).get("/numbers").text


def test_a_line_that_is_kept_by_month_is_typed_by_month(settings: Settings) -> None:
    revenue = "finance.revenue"
    with duckdb.connect(str(settings.published_path)) as connection:
        connection.execute(
            "update marts.dim_lines set feed = 'manual', owners = 'dana_whitfield' where line_id = ?",
            [revenue],
        )
    dana = Browser(create_app(settings, ADDRESS)).sign_in(DANA)
    page = dana.get("/numbers").text
    newest, running = page.split('id="w2025-09"')[1].split('id="w2025-10"')
    assert "September 2025" in newest and "$90,310.50" in newest and "Month before <b>$84,100</b>" in newest
    assert "October 2025" in running and 'value="2025-10"' in running
    assert '<option value="2025-08">August 2025</option>' in page
    status, said = typed(dana, "91000", line=revenue, period="2025-09")
    assert status == 422 and "say why $91,000 replaces it" in said
    assert typed(dana, "91000", line=revenue, period="2025-09", reason="late invoice")[0] == 200
    assert typed(dana, "91500", line=revenue, period="2025-09", reason="another", key="n" * 9)[0] == 200
    first, second = stored(settings)
    assert (first.period, second.corrects) == ("2025-09-01", first.sequence), "the month's first day"
    assert "Reason: another" in dana.get("/numbers?week=2025-09").text
    # a week is not a month, and a month not a week
    assert typed(dana, "1", line=revenue, period="2025-W43")[0] == 404
    assert typed(dana, "1", line=TRAFFIC, period="2025-09")[0] == 404
    assert typed(dana, "1", line=revenue, period="2025-11")[0] == 404


def test_who_types_nothing_by_month_sees_no_month(maya: Browser) -> None:
    page = maya.get("/numbers").text
    assert "2025-09" not in page and 'id="w2025-10"' not in page

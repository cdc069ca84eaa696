"""A line's history, any period, goals set from a day on, and what administrators see."""

from __future__ import annotations

import html
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import duckdb
import pytest
from dagster_graphql.schema import create_schema
from fastapi import FastAPI
from graphql import parse, validate

from foundation.settings import Settings
from foundation.store import read
from foundation.store.audit import audit_records
from foundation.store.goals import stored_goals
from portal import dagster as dagster_queries
from portal.admin import lines_of_settings
from portal.api.figures import Figure
from portal.app import create_app
from portal.assistants import in_words
from portal.lines import is_whole
from reports.post import pictures
from tests.portal.conftest import ADDRESS, DANA, Browser

DIALS = "inside_sales.dials"


def words(page: str) -> str:
    """What a page says, without its markup."""
    main = page.split("<main>")[1].split("<script>")[0]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main)))


def test_a_line_has_its_whole_history(dana: Browser) -> None:
    page = words(dana.get(f"/lines/{DIALS}").text)
    assert "20 Oct 2025 W43 101 ≥ 125 Missed" in page and "27 Oct 2025 W44, running" in page
    assert "was 102 until 27 Oct 2025" in page  # as it was published before
    assert "Goal ≥ 100 → ≥ 125 from 13 Oct 2025" in page  # what changed in its definition
    assert "/receipts/2025-W43.html?line=inside_sales.dials" in dana.get(f"/lines/{DIALS}").text
    assert "30 Jun 2025" in page and "second caller list added" in page


def test_months_and_quarters_have_pages(dana: Browser) -> None:
    assert "Revenue $90,310.50" in words(dana.get("/periods/2025-09").text), words(
        dana.get("/periods/2025-09").text
    )
    quarter = words(dana.get("/periods/2025-Q4").text)
    assert "Same-day close rate 58% ≥ 70% Missed so far" in quarter and "Deals won 2" in quarter
    assert dana.get("/weeks?to=2025-09").headers["location"] == "/periods/2025-09"
    assert dana.get("/weeks?to=2025-W42").headers["location"] == "/scorecard/2025-W42.html"
    assert dana.get("/weeks?to=2031-W42").status_code == 404


def test_what_was_read_in_part_says_so_and_is_not_drawn(dana: Browser) -> None:
    with duckdb.connect(str(dana.settings.published_path)) as connection:
        connection.execute(
            "update marts.fct_scorecard_weekly set state = 'stale', status = 'no_data', as_of = timestamptz"
            f" '2025-10-21 15:00:00+00' where week_label = '2025-W43' and line_id = '{DIALS}'"
        )
    page = dana.get(f"/lines/{DIALS}").text
    assert "20 Oct 2025 W43 101 ≥ 125 No data Stale, complete to 21 Oct, 10:00" in words(page), words(page)
    assert "complete to 21 Oct, 10:00" in words(dana.get(f"/lines/{DIALS}/notes/2025-W43").text)
    assert "Not judged, because the number is missing or not complete:" in words(
        dana.get("/week?all=yes").text
    )
    asked = f"/api/v1/scorecard/weekly?line={DIALS}&week="
    partly, whole = (
        Figure(**dana.get(asked + week).json()["figures"][0]) for week in ("2025-W43", "2025-W42")
    )
    assert is_whole(whole) and not is_whole(partly)
    assert in_words(partly, "America/Chicago") == "101 (stale, complete to 21 Oct, 10:00)"


def test_a_goal_is_set_after_seeing_what_it_would_have_meant(dana: Browser) -> None:
    goal = {
        "operator": ">=",
        "target": "90",
        "band": "0.10",
        "valid_from": "2025-11-03",
        "reason": "one caller less",
        "key": "k" * 16,
    }
    seen = dana.post(f"/goals/{DIALS}/preview", **goal)
    assert "In force for the last 8 weeks, it would have been met in" in words(seen.text), words(seen.text)
    assert 'value="90"' in seen.text and "Set this goal" in seen.text
    with read(dana.settings) as connection:
        assert stored_goals(connection) == []
    assert dana.post(f"/goals/{DIALS}", **goal).headers["location"] == f"/lines/{DIALS}"
    assert dana.post(f"/goals/{DIALS}", **goal).status_code == 303  # twice is once
    with read(dana.settings) as connection:
        (stored,) = stored_goals(connection)
        assert (stored.target, stored.entered_by, stored.reason) == (90, "dana_whitfield", "one caller less")
        assert audit_records(connection)[0].action == "set_goal"
    page = words(dana.get(f"/lines/{DIALS}").text)
    assert "3 Nov 2025 ≥ 90 one caller less, dana_whitfield" in page
    assert "20 Oct 2025 W43 101 ≥ 125 Missed" in page  # no week before changes its colour
    assert "≥ 90 from 3 Nov 2025" in words(dana.get("/goals").text)


def test_a_goal_is_ended_and_one_of_the_same_day_is_replaced_with_a_word(dana: Browser) -> None:
    goal = {"operator": ">=", "target": "90", "valid_from": "2025-11-03", "reason": "x", "key": "k" * 16}
    assert dana.post(f"/goals/{DIALS}", **goal).status_code == 303
    again = dana.post(f"/goals/{DIALS}/preview", **{**goal, "target": "80"})
    assert "It replaces the goal ≥ 90 from the same day, set by dana_whitfield" in words(again.text)
    end = {"valid_from": "2025-11-10", "reason": "the list is closed", "key": "e" * 16}
    wrong = dana.post(f"/goals/{DIALS}/end", **{**end, "valid_from": "2025-10-26"})
    assert wrong.status_code == 422 and "is before the running week" in words(wrong.text)
    for _ in range(2):  # twice is once
        assert dana.post(f"/goals/{DIALS}/end", **end).headers["location"] == f"/lines/{DIALS}"
    assert "3 Nov 2025 9 Nov 2025 ≥ 90 x" in words(dana.get(f"/lines/{DIALS}").text)
    with read(dana.settings) as connection:
        assert [one.operator for one in stored_goals(connection)] == [">=", "none"]
        assert audit_records(connection)[0].action == "ended_goal"
    listed = dana.get(f"/api/v1/goals?line={DIALS}").json()["goals"]
    assert [(one["operator"], one["target"]) for one in listed if not one["is_published"]] == [
        (">=", 90.0),
        ("none", None),
    ]


def test_a_wrong_goal_is_said_and_not_set(dana: Browser) -> None:
    goal = {
        "operator": ">=",
        "target": "90",
        "valid_from": "2025-11-03",
        "reason": "x",
        "key": "k" * 16,
    }
    for change, says in (
        ({"valid_from": "2025-10-26"}, "is before the running week"),
        ({"valid_from": "soon"}, "'soon' is not a valid date"),
        ({"target": "many"}, "'many' is not a valid number"),
        ({"operator": "between"}, "needs a second bound"),
        ({"reason": ""}, "Reason is blank"),
        ({"band": "2"}, "Band must be a fraction"),
    ):
        for path in (f"/goals/{DIALS}/preview", f"/goals/{DIALS}"):
            answer = dana.post(path, **goal | change)
            assert answer.status_code == 422 and says in words(answer.text)
    with read(dana.settings) as connection:
        assert stored_goals(connection) == []


def test_goals_are_for_those_who_may_set_them(maya: Browser) -> None:
    assert f'href="/goals/{DIALS}"' not in maya.get(f"/lines/{DIALS}").text
    assert maya.get(f"/goals/{DIALS}").status_code == 403
    goal = {"operator": ">=", "target": "1", "valid_from": "2025-11-03", "reason": "x", "key": "k" * 16}
    assert maya.post(f"/goals/{DIALS}", **goal).status_code == 403
    assert maya.post("/goals/finance.cash_position", **goal).status_code == 404


# ---- administrators ----


def test_dagster_understands_what_it_is_asked() -> None:
    schema = create_schema().graphql_schema
    for query in (dagster_queries._LAUNCH, dagster_queries._RUN):
        assert validate(schema, parse(query)) == []


class Dagster(BaseHTTPRequestHandler):
    """Answers GraphQL as Dagster's web server does, and remembers what it was asked."""

    asked: list[dict[str, Any]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.asked.append(body["variables"])
        if "launchRun" in body["query"]:
            data: Any = {"launchRun": {"__typename": "LaunchRunSuccess", "run": {"runId": "0a1b2c3d-aaaa"}}}
        else:
            told = [
                ("INFO", "ingest_hubspot - HubSpot, Maya Torres: 812 rows"),
                ("WARNING", "ingest_hubspot - HubSpot, Victor Lang: <b>403</b> missing scope"),
            ]
            events = [
                {
                    "__typename": "LogMessageEvent",
                    "message": text,
                    "level": level,
                    "stepKey": "ingest_hubspot",
                }
                for level, text in told
            ]
            run = {
                "__typename": "Run",
                "status": "FAILURE",
                "jobName": "backfill",
                "startTime": 1761566400.0,
                "endTime": 1761566460.0,
                "runConfigYaml": "ops: {ingest_hubspot: {config: {since: '2025-07-29T05:00:00+00:00'}}}",
            }
            data = {"runOrError": run, "logsForRun": {"events": events}}
        answer = json.dumps({"data": data}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def dagster() -> Iterator[str]:
    Dagster.asked = []
    server = HTTPServer(("127.0.0.1", 0), Dagster)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_without_dagster_the_command_is_shown(dana: Browser) -> None:
    page = dana.get("/sources").text
    assert "scoreline backfill --source hubspot --days 90" in page and "<button>Refresh" not in page
    answer = dana.post("/sources/hubspot/refresh")
    assert answer.status_code in (404, 502)


def test_sources_are_refreshed_and_backfilled(settings: Settings, dagster: str) -> None:
    with duckdb.connect(str(settings.published_path)) as connection:
        columns = [row[0] for row in connection.execute("describe marts.dim_source_tables").fetchall()]
        values = {
            "source": "hubspot",
            "source_label": "HubSpot",
            "table_name": "calls",
            "state": "refused",
            "reason": "You <b>lack</b> crm.calls.read",
        }
        connection.execute(
            f"insert into marts.dim_source_tables ({', '.join(values)}) values ({', '.join('?' * len(values))})",
            list(values.values()),
        )
        assert {"source", "table_name", "reason"} <= set(columns)
    app = create_app(settings.model_copy(update={"dagster_url": dagster}), ADDRESS)
    dana = Browser(app).sign_in(DANA)
    assert "calls refused: You <b>lack</b> crm.calls.read" in words(dana.get("/sources").text)
    assert dana.post("/sources/hubspot/backfill").headers["location"] == "/runs/0a1b2c3d-aaaa"
    params = Dagster.asked[0]["params"]
    assert params["selector"]["jobName"] == "backfill" and params["selector"]["assetSelection"] == [
        {"path": ["raw", "hubspot", "calls"]}
    ]
    assert params["runConfigData"]["resources"]["window"]["config"]["since"] == "2025-07-29T05:00:00+00:00"
    page = dana.get("/runs/0a1b2c3d-aaaa")
    assert "HubSpot, Maya Torres 812 rows" in words(page.text) and "<b>403" not in page.text
    summary = dana.get("/runs/0a1b2c3d-aaaa.json").json()
    assert summary["window"] == {"since": "2025-07-29T05:00:00+00:00", "until": None}
    assert (summary["processed"], summary["ok"], summary["failed"]) == (2, 1, 1)
    assert (
        dana.post("/sources/nobody/refresh").status_code
        == dana.post("/sources/hubspot/drop").status_code
        == 404
    )
    with read(settings) as connection:
        assert audit_records(connection)[0].action == "started_backfill"


def test_tokens_are_made_shown_once_and_revoked(app: FastAPI, dana: Browser) -> None:
    made = dana.post("/settings/tokens", name="bi", role="team")
    (secret,) = re.findall(r"scoreline_[\w-]+", made.text)
    assert Browser(app).get("/api/v1/lines", authorization=f"Bearer {secret}").status_code == 200
    page = dana.get("/settings").text
    assert secret not in page and "bi" in page
    (action,) = re.findall(r'action="(/settings/tokens/\w+/revoke)"', page)
    assert dana.post(action).status_code == 303
    assert Browser(app).get("/api/v1/lines", authorization=f"Bearer {secret}").status_code == 401
    for name, role in (("", "team"), ("<b>", "team"), ("x", "nobody")):
        assert dana.post("/settings/tokens", name=name, role=role).status_code == 422


def test_settings_are_shown_with_their_lines(dana: Browser) -> None:
    text = dana.settings.company_file.read_text(encoding="utf-8")
    found = {(section, key): (line, value) for line, section, key, value in lines_of_settings(text)}
    line, value = found[("company", "time_zone")]
    assert value == '"America/Chicago"' and text.splitlines()[line - 1].startswith("time_zone")
    assert found[("access.roles", "name")] and '"f240bbac' in found[("hubspot", "connected_outcomes")][1]
    assert "America/Chicago" in dana.get("/settings").text


def test_only_administrators_see_those_pages(maya: Browser) -> None:
    for path in ("/sources", "/settings", "/audit", "/runs/0a1b2c3d"):
        assert maya.get(path).status_code == 404
    assert maya.post("/settings/tokens", name="x", role="leadership").status_code == 404
    assert maya.post("/sources/hubspot/refresh").status_code == 404


def test_a_picture_opens_to_whoever_has_its_signed_address(settings: Settings, browser: Browser) -> None:
    png = b"\x89PNG drawing"
    dials, secret = (
        pictures.keep(settings, line, png + line.encode()) for line in (DIALS, "finance.revenue")
    )
    answer = browser.get(f"/picture/{dials}.png")
    assert answer.status_code == 200 and answer.content == png + DIALS.encode()
    assert answer.headers["content-type"] == "image/png"
    for wrong in (secret, dials[:-3], dials[::-1], "key", "..%2fkey", "x" * 5000):
        assert browser.get(f"/picture/{wrong}.png").status_code == 404, wrong

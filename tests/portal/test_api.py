"""The API: golden values, shapes, caching, pages of lists, tokens, and thousands of odd requests."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import duckdb
import pandas as pd
import pytest
import schemathesis
from click.testing import CliRunner
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as tried

from foundation.settings import Settings
from foundation.store import begin, read
from foundation.store.audit import audit_records
from foundation.store.entries import all_entries
from foundation.store.sign_in import all_tokens, create_token, revoke_token
from orchestration.cli import main
from portal.api import answers
from portal.app import create_app
from tests.portal.conftest import ADDRESS, Browser, with_access

DIALS, TRAFFIC = "inside_sales.dials", "marketing.website_traffic"


def token_for(settings: Settings, role: str, name: str = "bi") -> tuple[str, dict[str, str]]:
    """The id of a new token, and the header that a program sends."""
    with begin(settings) as connection:
        made, secret = create_token(
            connection, name=name, role=role, created_by="test", now=datetime.now(UTC)
        )
    return made.token_id, {"authorization": f"Bearer {secret}"}


@pytest.fixture
def team(app: FastAPI, settings: Settings) -> Callable[..., Any]:
    """Ask as a program with the role team: `team("/api/v1/lines", 200)`."""
    _, header = token_for(settings, "team")
    browser = Browser(app)

    def get(path: str, status: int = 200) -> Any:
        answer = browser.get(path, **header)
        assert answer.status_code == status, answer.text
        kind = "application/json" if status < 400 else "application/problem+json"
        assert answer.headers["content-type"] == kind
        return answer.json()

    return get


def test_a_figure_says_all_that_is_known_of_it(team: Callable[..., Any]) -> None:
    found = team(f"/api/v1/scorecard/weekly?week=2025-W43&line={DIALS}")
    assert (found["period"], found["start_date"], found["end_date"]) == (
        "2025-W43",
        "2025-10-20",
        "2025-10-26",
    )
    (figure,) = found["figures"]
    assert figure["value"] == 101 and figure["goal"] == {"operator": ">=", "target": 125, "target_2": None}
    assert (figure["status"], figure["state"], figure["quarter_value"]) == ("below", "live", 86)
    assert figure["as_of"].startswith("2025-10-27T10:00:00")
    (rate,) = team("/api/v1/scorecard/weekly?week=43&year=2025&line=reactive_ops.same_day_close_rate")[
        "figures"
    ]
    assert (rate["numerator"], rate["denominator"]) == (42, 79)
    (blank,) = team(f"/api/v1/scorecard/weekly?week=2025-10-22&line={TRAFFIC}")["figures"]
    assert (blank["value"], blank["state"], blank["status"]) == (None, "missing", "no_goal")


def test_quarters_pool(team: Callable[..., Any]) -> None:
    found = team("/api/v1/scorecard/quarterly?quarter=4&year=2025&line=reactive_ops.same_day_close_rate")
    (figure,) = found["figures"]
    assert round(figure["value"], 2) == 0.58 and figure["is_finished"] is False
    assert figure["n"] is None and figure["note"] is None, "n counts records, not weeks"
    deals = team("/api/v1/scorecard/quarterly?quarter=2025-Q4&line=quarter_summary.deals_won")["figures"]
    assert [one["value"] for one in deals] == [2]


def test_the_shapes_that_were_asked_for(team: Callable[..., Any]) -> None:
    assert team("/api/autotask/scorecard/weekly?week=43&year=2025") == {
        "week": 43, "year": 2025, "start_date": "2025-10-20", "end_date": "2025-10-26",
        "metrics": {"tickets_opened": 69, "tickets_closed": 79, "same_day_close_rate": 0.53, "utilization": 0.63,
                    "billable_hours": 125.5, "total_hours": 199.2},
    }  # fmt: skip
    quarter = team("/api/autotask/scorecard/quarterly?quarter=4&year=2025")
    assert [week["week"] for week in quarter["weeks"]] == [40, 41, 42, 43]
    assert {name: quarter[name] for name in ("quarter", "year", "avg_metrics")} == {
        "quarter": 4, "year": 2025,
        "avg_metrics": {"tickets_opened_avg": 76.5, "tickets_closed_avg": 76, "same_day_close_rate_avg": 0.58, "utilization_avg": 0.59},
    }  # fmt: skip
    assert team("/api/hubspot/scorecard/sales-activity?week=43&year=2025") == {
        "maya_torres": {"dials": 101, "conversations_dm": 21, "ftas_set": 0},
        "victor_lang": {"w250_dials": 14, "w250_conversations": 4, "w250_ftas": 1},
        "noor_haddad": {"coi_created": 0, "coi_attended": 0, "networking_events": 0},
    }
    assert team("/api/hubspot/scorecard/mrr-closed?start_date=2025-10-20&end_date=2025-10-26") == {
        "total_mrr": 0, "deals_closed": 0, "deals": [],
    }  # fmt: skip
    assert team("/api/autotask/report/weekly?week=2025-W43")["previous"]["metrics"]["tickets_opened"] == 78
    assert team("/api/autotask/report/daily?date=2025-10-20")["metrics"]["tickets_opened"] == 10
    tickets = team("/api/autotask/tickets?start_date=2025-10-20&end_date=2025-10-26")
    assert tickets["count"] == len(tickets["tickets"]) == 69 + 79
    assert team("/api/autotask/activity?start_date=2025-10-20&end_date=2025-10-26")["activity"]["maya_torres"] == {
        "tickets_closed": 79, "billable_hours": 125.5, "total_hours": 199.2,
    }  # fmt: skip
    for wrong in ("start_date=2025-10-26&end_date=2025-10-20", "start_date=1900-01-01&end_date=2025-10-20"):
        team(f"/api/autotask/tickets?{wrong}", 422)


def test_the_old_addresses_lead_to_the_pages(maya: Browser) -> None:
    assert maya.get("/scorecard").headers["location"] == "/scorecard.html"
    assert maya.get("/scorecard/manual-entry").headers["location"] == "/numbers"


def test_lists_come_in_pages(team: Callable[..., Any]) -> None:
    whole = team("/api/v1/contributions?line=reactive_ops.reactive_tickets_opened&week=2025-W43&limit=500")
    assert whole["next_cursor"] is None and len(whole["contributions"]) == 69 + 3
    parts: list[Any] = []
    cursor = ""
    while cursor is not None:
        path = "/api/v1/contributions?line=reactive_ops.reactive_tickets_opened&week=2025-W43&limit=40"
        page = team(f"{path}&cursor={cursor}")
        parts, cursor = parts + page["contributions"], page["next_cursor"]
    assert parts == whole["contributions"] and sum(one["counted"] for one in parts) == 69
    assert {one["reason"] for one in parts if not one["counted"]} == {
        "deleted",
        "wrong_queue",
        "counted_for_victor_lang",
    }
    first = team("/api/v1/lines?limit=1")
    assert team(f"/api/v1/lines?limit=1&cursor={first['next_cursor']}")["lines"] != first["lines"]
    for wrong in ("x", "WzEsMl0=", "WyJ4IiwgLTFd"):
        assert team(f"/api/v1/lines?cursor={wrong}", 422 if wrong == "x" else 410)["detail"]


def test_what_has_not_changed_costs_nothing(app: FastAPI, settings: Settings) -> None:
    _, header = token_for(settings, "team")
    browser = Browser(app)
    path = "/api/v1/scorecard/weekly?week=2025-W43"
    first = browser.get(path, **header)
    tag = first.headers["etag"]
    assert browser.get(path, **header, **{"if-none-match": tag}).status_code == 304
    assert browser.get(path, **header, **{"if-none-match": f'W/{tag}, "x"'}).content == b""
    assert (
        browser.get("/api/v1/lines", **header, **{"if-none-match": tag}).status_code == 200
    )  # another answer
    _, other = token_for(settings, "leadership", "cfo")
    assert browser.get(path, **other, **{"if-none-match": tag}).status_code == 200  # another role
    dana = Browser(app).sign_in("dana.whitfield@cedar-ridge.example")
    key = {"line": TRAFFIC, "period": "2025-W44", "value": "1", "key": "k" * 9}
    assert dana.post("/numbers", **key).status_code == 303
    assert browser.get(path, **header, **{"if-none-match": tag}).status_code == 200  # a number was typed in
    tag = browser.get(path, **header).headers["etag"]
    os.utime(settings.published_path)  # a build
    assert browser.get(path, **header, **{"if-none-match": tag}).status_code == 200


def test_tokens(app: FastAPI, settings: Settings) -> None:
    token_id, header = token_for(settings, "team")
    browser = Browser(app)
    assert browser.get("/api/v1/lines", **header).status_code == 200
    assert browser.get("/account", **header).status_code == 303  # pages are for people
    secret = header["authorization"]
    for wrong in (
        secret[:-1] + ("a" if secret[-1] != "a" else "b"),
        "Bearer ",
        "Bearer x",
        secret.replace("Bearer", "Basic"),
    ):
        answer = browser.get("/api/v1/lines", authorization=wrong)
        assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"
        assert "scoreline token create" in answer.json()["detail"]
    with begin(settings) as connection:
        assert revoke_token(connection, token_id, by="test", now=datetime.now(UTC))
    assert browser.get("/api/v1/lines", **header).status_code == 401
    _, gone = token_for(settings, "a-role-that-was-removed", "old")
    assert browser.get("/api/v1/lines", **gone).status_code == 401


def test_a_program_types_in_what_its_role_lists(settings: Settings, tmp_path: Any) -> None:
    company = tmp_path / "company.toml"
    text = settings.company_file.read_text(encoding="utf-8")
    role = f'\n[[access.roles]]\nname = "form"\npeople = ["x@x.example"]\nsections = ["marketing"]\ntypes = ["{TRAFFIC}"]\n'
    company.write_text(text + role, encoding="utf-8")
    app = create_app(settings.model_copy(update={"company_file": company}), ADDRESS)
    client = Browser(app).client
    _, header = token_for(settings, "form")
    body = {"line_id": TRAFFIC, "week": "2025-W44", "value": "812.00", "note": "from the web shop"}

    def post(key: str = "order-0001", **changes: Any) -> Any:
        return client.post(
            "/api/v1/entries", json={**body, **changes}, headers={**header, "idempotency-key": key}
        )

    first = post()
    assert (
        first.status_code == 201
        and first.json()["value"] == "812.00"
        and first.json()["entered_by"] == "token bi"
    )
    assert post().json() == first.json()  # the same request again
    assert post(value="9").status_code == 422  # the key, for another number
    assert "say why" in post("order-0002", value=9).json()["detail"]
    assert post("order-0002", value=9, reason="counted again").json()["corrects"] == first.json()["sequence"]
    assert post("order-0003", line_id="hybrid_sales.networking_events").status_code == 404
    assert post("order-0004", week="2025-W45").status_code == 404
    for value in ("many", 2.5, "2.5"):
        assert "is not a count" in post("order-0005", value=value, reason="x").json()["detail"]
    assert client.post("/api/v1/entries", json=body, headers=header).status_code == 422  # no key
    with read(settings) as connection:
        assert len(all_entries(connection)) == 2


def test_a_program_writes_notes_and_actions_by_the_rules_of_the_pages(
    app: FastAPI, settings: Settings
) -> None:
    """A role that sets goals, or types the line in; versions keep one program from overwriting another."""
    browser = Browser(app)
    (_, leads), (_, reads) = token_for(settings, "leadership"), token_for(settings, "team", "other")

    def post(path: str, key: str, header: dict[str, str] = leads, **sent: Any) -> Any:
        return browser.client.post(f"/api/v1/{path}", json=sent, headers={**header, "idempotency-key": key})

    note = {"line_id": DIALS, "period": "2025-W43", "text": "A fair <b>."}
    assert post("notes", "a" * 8, reads, **note).status_code == 403
    for _ in range(2):
        made = post("notes", "b" * 8, **note)
        assert made.status_code == 201 and (made.json()["version"], made.json()["text"]) == (1, "A fair <b>.")
    assert post("notes", "b" * 8, **note | {"text": "Another."}).status_code == 422
    late = post("notes", "c" * 8, **note)
    assert late.status_code == 422 and "Somebody else has changed this note" in late.json()["detail"]
    assert post("notes", "d" * 8, **note | {"text": "Two fairs.", "replaces": 1}).json()["version"] == 2
    for wrong in ({"period": "2025-W99"}, {"line_id": "x.y"}):
        assert post("notes", "e" * 8, **note | wrong).status_code == 404
    assert post("notes", "e" * 8, **note | {"text": " "}).status_code == 422
    begun = post(
        "actions",
        "f" * 8,
        line_id=DIALS,
        period="2025-W43",
        what="Call",
        owner="maya_torres",
        due_on="2025-11-03",
    )
    assert begun.status_code == 201 and begun.json()["state"] == "open"
    path = f"actions/{begun.json()['action_id']}"
    assert post(path, "g" * 8, reads, replaces=1, state="done").status_code == 403
    assert post(path, "g" * 8, replaces=1, state="gone").status_code == 422
    done = post(path, "h" * 8, replaces=1, state="done").json()
    assert (done["state"], done["version"], done["what"], done["due_on"]) == ("done", 2, "Call", "2025-11-03")
    notes = browser.get("/api/v1/notes?q=fairs", **reads).json()["notes"]
    assert [(one["period"], one["text"], one["version"]) for one in notes] == [("2025-W43", "Two fairs.", 2)]
    assert browser.get("/api/v1/actions?state=open", **reads).json()["actions"] == []
    assert browser.get("/api/v1/normals", **reads).json() == {"normals": []}


def test_a_week_as_csv_has_no_formula_and_no_zero_for_a_blank(app: FastAPI, settings: Settings) -> None:
    with duckdb.connect(str(settings.published_path)) as connection:
        connection.execute(
            "update marts.dim_lines set label = '=HYPERLINK(\"x\")' where line_id = ?", [DIALS]
        )
        connection.execute(
            "update marts.fct_scorecard_weekly set value = -3.5 where line_id = 'warm_250.w250_dials'"
        )
    _, header = token_for(settings, "team")
    browser = Browser(app)
    answer = browser.get("/api/v1/scorecard/weekly.csv?weeks=2", **header)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    frame = pd.read_csv(io.StringIO(answer.text))
    assert set(frame.week) == {"2025-W42", "2025-W43"} and len(frame.columns) == 17
    newest = frame[frame.week == "2025-W43"].set_index("line_id")
    assert newest.value[DIALS] == 101 and newest.label[DIALS] == '\'=HYPERLINK("x")'
    assert (pd.isna(newest.value[TRAFFIC]), newest.state[TRAFFIC]) == (True, "missing")
    assert newest.value["warm_250.w250_dials"] == -3.5, "a number stays a number"
    tag = {"if-none-match": answer.headers["etag"]}
    assert browser.get("/api/v1/scorecard/weekly.csv?weeks=2", **header, **tag).status_code == 304


def test_a_link_reads_one_table_and_nothing_else(app: FastAPI, dana: Browser, caplog: Any) -> None:
    made = dana.post("/settings/tokens", name="sheet", role="team", kind="link").text
    (link,) = re.findall(r"<code>http://127.0.0.1:8600(/links/[^<]+/weekly.csv)</code>", made)
    secret = link.split("/")[2]
    anyone = Browser(app)
    answer = anyone.get(f"{link}?weeks=1")
    assert answer.status_code == 200 and f",{DIALS},Dials," in answer.text and "finance." not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    bearer = {"authorization": f"Bearer {secret}"}
    for path in ("/api/v1/lines", "/api/v1/scorecard/weekly.csv", "/mcp"):
        assert anyone.get(path, **bearer).status_code == 401, "it is not a token of the API"
    assert anyone.client.post(link, headers=bearer).status_code == 405
    assert anyone.get("/links/guessed/weekly.csv").status_code == 404
    dana.settings.published_path.write_bytes(b"damaged" * 100)  # the log of a failure names no secret
    assert anyone.get(link).status_code >= 500 and secret not in caplog.text
    with read(dana.settings) as connection:
        (token,) = all_tokens(connection)
    assert token.kind == "link" and token.used_at
    assert dana.post(f"/settings/tokens/{token.token_id}/revoke").status_code == 303
    assert anyone.get(link).status_code == 404


def test_the_command_line_prints_a_link_that_reads(
    app: FastAPI, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCORELINE_HOME", str(settings.home))
    made = CliRunner().invoke(main, ["token", "create", "--name", "sheet", "--role", "team", "--link"])
    assert made.exit_code == 0, made.output
    address = made.stdout.splitlines()[0].removeprefix(ADDRESS)
    assert Browser(app).get(address).status_code == 200
    assert "CSV link" in CliRunner().invoke(main, ["token", "list"]).stdout


def test_a_browser_types_in_only_with_the_form_s_token(dana: Browser) -> None:
    body = {"line_id": TRAFFIC, "week": "2025-W44", "value": 3}
    headers = {"origin": ADDRESS, "idempotency-key": "k" * 9}
    assert dana.client.post("/api/v1/entries", json=body, headers=headers).status_code == 403
    headers |= {"x-form-token": dana.token("/account")}
    assert dana.client.post("/api/v1/entries", json=body, headers=headers).status_code == 201
    headers |= {"origin": "https://evil.example", "idempotency-key": "other-key"}
    assert dana.client.post("/api/v1/entries", json=body, headers=headers).status_code == 403


def test_the_documentation_loads_nothing_from_elsewhere(maya: Browser) -> None:
    page = maya.get("/api/docs")
    assert (
        page.status_code == 200
        and "src=" not in page.text
        and "https://" not in page.text.split("<main>")[1].split("<script>")[0]
    )
    document = maya.get("/api/openapi.json").json()
    assert "/api/v1/scorecard/weekly" in page.text and set(document["paths"]) >= {
        "/api/v1/scorecard/weekly", "/api/v1/scorecard/monthly", "/api/v1/scorecard/quarterly", "/api/v1/sales/kpis",
        "/api/v1/lines", "/api/v1/lines/{line_id}/history", "/api/v1/metrics", "/api/v1/goals", "/api/v1/contributions",
        "/api/v1/restatements", "/api/v1/sources", "/api/v1/entries", "/api/health", "/api/autotask/tickets",
    }  # fmt: skip


def test_odd_requests_are_never_a_failure(app: FastAPI, settings: Settings) -> None:
    """Schemathesis makes requests of the OpenAPI document, valid ones and others."""
    _, header = token_for(settings, "team")
    document = Browser(app).get("/api/openapi.json", **header).json()
    schema = schemathesis.openapi.from_dict(document)
    client = Browser(app).client
    checked = set()
    for operation in schema.get_all_operations():
        api = operation.ok()

        strategy = api.as_strategy()
        checked.add(api.path)
        _try(strategy, client, header)
    assert len(checked) > 23


def _try(strategy: Any, client: Any, header: dict[str, str]) -> None:
    @tried(
        max_examples=8,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def once(case: Any) -> None:
        values = case.as_transport_kwargs(base_url=ADDRESS)
        headers = {**(values.pop("headers", None) or {}), **header}
        sent = {
            name: values[name]
            for name in ("params", "json", "data", "cookies")
            if values.get(name) is not None
        }
        answer = client.request(case.method, values["url"], headers=headers, **sent)
        assert answer.status_code < 500, (case.method, values["url"], answer.text)
        assert (
            answer.status_code in (200, 201) or answer.headers["content-type"] == "application/problem+json"
        )

    once()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/lines?cursor=WyJ4IiwgSW5maW5pdHld", 422),  # ["x", Infinity]
        ("/api/v1/scorecard/weekly?week=9999-W52", 404),
    ],
)
def test_numbers_beyond_all_bounds_are_answered(team: Callable[..., Any], path: str, status: int) -> None:
    team(path, status)


def test_what_was_not_read_is_null_in_the_shapes_asked_for_by_name(settings: Settings) -> None:
    with duckdb.connect(str(settings.published_path)) as connection:
        connection.execute(
            "update marts.fct_scorecard_weekly set state = 'stale' where week_label = '2025-W43'"
        )
    _, header = token_for(settings, "team")
    browser = Browser(create_app(settings, ADDRESS))
    days = "start_date=2025-10-20&end_date=2025-10-26"
    mrr = browser.get(f"/api/hubspot/scorecard/mrr-closed?{days}", **header).json()
    assert mrr["total_mrr"] is None and mrr["deals_closed"] is None
    assert browser.get(f"/api/autotask/tickets?{days}", **header).json()["count"] is None
    daily = browser.get("/api/autotask/report/daily?date=2025-10-20", **header).json()["metrics"]
    assert set(daily.values()) == {None}
    people = browser.get(f"/api/autotask/activity?{days}", **header).json()["activity"]
    assert people and {value for one in people.values() for value in one.values()} == {None}
    week = browser.get("/api/autotask/scorecard/weekly?week=43&year=2025", **header).json()["metrics"]
    sales = browser.get("/api/hubspot/scorecard/sales-activity?week=43&year=2025", **header).json()
    assert {value for one in (week, *sales.values()) for value in one.values()} == {None}
    # the week before was read
    before = "start_date=2025-10-13&end_date=2025-10-19"
    assert browser.get(f"/api/hubspot/scorecard/mrr-closed?{before}", **header).json()["total_mrr"] == 0


def test_a_quarter_says_which_weeks_it_lacks_and_a_source_why(settings: Settings) -> None:
    with duckdb.connect(str(settings.published_path)) as connection:
        connection.execute(
            "update marts.fct_scorecard_weekly set quarter_weeks = 3, quarter_weeks_expected = 4,"
            " partial_note = 'a bank complains' where week_label = '2025-W43'"
        )
        connection.execute(
            "update marts.dim_sources set last_error = '403 no scope' where source = 'hubspot'"
        )
    _, header = token_for(settings, "team")
    browser = Browser(create_app(settings, ADDRESS))
    path = "/api/v1/scorecard/quarterly?quarter=4&year=2025&line=reactive_ops.same_day_close_rate"
    (figure,) = browser.get(path, **header).json()["figures"]
    assert figure["note"] == "3 of 4 weeks; 1 week leaves something out"
    reasons = {
        one["source"]: one["reason"] for one in browser.get("/api/v1/sources", **header).json()["sources"]
    }
    assert reasons["hubspot"] == "403 no scope"


def test_lists_asked_for_by_name_come_in_pages(team: Callable[..., Any]) -> None:
    days = "start_date=2025-10-20&end_date=2025-10-26"
    whole = team(f"/api/autotask/tickets?{days}")
    assert "next_cursor" not in whole
    parts: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        page = team(f"/api/autotask/tickets?{days}&limit=60&cursor={cursor}")
        assert page["count"] == whole["count"], "of all, not of the page"
        parts, cursor = parts + page["tickets"], page.get("next_cursor")
    assert parts == whole["tickets"]
    team(f"/api/autotask/tickets?{days}&cursor=x", 422)
    team(f"/api/hubspot/scorecard/mrr-closed?{days}&limit=0", 422)


def test_a_line_that_may_not_be_seen_is_null_not_0(settings: Settings, tmp_path: Any) -> None:
    few = with_access(settings, tmp_path)
    _, header = token_for(few, "board")
    answer = Browser(create_app(few, ADDRESS)).get(
        "/api/hubspot/scorecard/mrr-closed?start_date=2025-10-20&end_date=2025-10-26", **header
    )
    assert answer.json() == {"total_mrr": None, "deals_closed": None, "deals": []}


def test_what_programs_read_is_in_the_audit(app: FastAPI, settings: Settings) -> None:
    """The first read of each route, then a row an hour that counts; also what was not modified."""
    _, header = token_for(settings, "team")
    browser = Browser(app)
    first = browser.get("/api/v1/lines", **header)
    for _ in range(5):
        browser.get("/api/v1/lines", **header, **{"if-none-match": first.headers["etag"]})
        browser.get(f"/api/v1/lines/{DIALS}/history", **header)
    browser.get("/api/autotask/report/weekly", **header)

    def noted() -> list[tuple[str, str | None, Any]]:
        with read(settings) as connection:
            found = [one for one in audit_records(connection) if one.action == "read_api"]
        return sorted((one.who, one.subject, one.details["reads"]) for one in found)

    rows = [
        ("token bi", "/api/autotask/report/weekly", 1),
        ("token bi", "/api/v1/lines", 1),
        ("token bi", "/api/v1/lines/{line_id}/history", 1),
    ]
    assert noted() == rows
    later = datetime.now(UTC) + answers.COUNTED_FOR
    assert app.state.api_reads.due("token bi", "/api/v1/lines", later) == 6, "five since, and this one"
    assert app.state.api_reads.due("token bi", "/api/v1/lines", later) == 0
    assert app.state.api_reads.due("token other", "/api/v1/lines", later) == 1

"""The MCP server with the package's own client: over HTTP for each role, and over standard input and output."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from foundation.settings import Settings
from foundation.store import begin, read
from foundation.store.audit import audit_records
from foundation.store.sign_in import revoke_token
from portal.api import answers
from portal.app import create_app
from tests.portal.conftest import ADDRESS, DANA, Browser, listening, with_access
from tests.portal.test_api import token_for
from tests.portal.test_my_week import CASH, NOTE, key
from tests.portal.test_reading import BALANCES, SECRETS, TICKETS

DIALS, TRAFFIC, REVENUE = "inside_sales.dials", "marketing.website_traffic", "finance.revenue"
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("list_lines", {}),
    ("get_week", {}),
    ("get_week", {"week": "2025-W42"}),
    ("what_is_missing", {}),
    ("search_definitions", {"words": ""}),
    ("search_notes", {}),
    *(
        (tool, {"line": line})
        for tool in ("get_history", "why_it_moved", "get_contributions")
        for line in (DIALS, REVENUE, "finance.cash_position", "reactive_ops.utilization")
    ),
    ("get_contributions", {"line": REVENUE, "period": "2025-09"}),
]
Ask = Callable[..., Awaitable[Any]]


def ask(transport: Any, talk: Callable[[Ask], Awaitable[None]]) -> None:
    """Talk to a server: `await call("get_week", week="2025-W43")` is the tool's answer, or its refusal as text."""

    async def run() -> None:
        async with Client(transport) as client:

            async def call(tool: str, **given: Any) -> Any:
                result = await client.call_tool(tool, given)
                if result.is_error:
                    return "".join(getattr(part, "text", "") for part in result.content)
                return result.structured_content

            tools = (await client.list_tools()).tools
            assert (
                all(tool.annotations and tool.annotations.read_only_hint for tool in tools)
                and len(tools) == 8
            )
            await talk(call)

    asyncio.run(asyncio.wait_for(run(), 60))


def over_http(address: str, header: dict[str, str]) -> Any:
    return streamable_http_client(f"{address}/mcp", http_client=httpx2.AsyncClient(headers=header))


def test_every_answer_says_state_as_of_and_receipts_and_a_blank_is_not_zero(settings: Settings) -> None:
    _, header = token_for(settings, "team")
    Browser(create_app(settings, ADDRESS)).sign_in(DANA).post(NOTE, note="A fair.", key=key())

    async def talk(call: Ask) -> None:
        week = await call("get_week", week="2025-W43")
        assert week["as_of"].startswith("2025-10-27") and "null is not 0" in week["rule"]
        figures = {one["line_id"]: one for one in week["figures"]}
        assert all({"state", "as_of", "receipts", "value"} <= one.keys() for one in figures.values())
        dials, blank = figures[DIALS], figures[TRAFFIC]
        assert (dials["value"], dials["status_in_words"], dials["goal_in_words"]) == (101, "Missed", "≥ 125")
        assert dials["receipts"].endswith(f"/receipts/2025-W43.html?line={DIALS}#{DIALS}")
        assert dials["note"]["text"] == "A fair."
        assert (blank["value"], blank["value_in_words"]) == (None, "no number: missing")
        assert TRAFFIC in [one["line_id"] for one in (await call("what_is_missing"))["figures"]]
        assert [one["period"] for one in (await call("get_history", line=DIALS, periods=2))["figures"]] == [
            "2025-W44", "2025-W43",
        ]  # fmt: skip
        moved = await call("why_it_moved", line=DIALS)
        assert moved["moved"][0]["sentence"].startswith("Up 31:") and moved["changed_definitions"]
        records = (await call("get_contributions", line=DIALS, limit=3))["contributions"]
        assert len(records) == 3 and records[0]["counted"] is True
        assert (await call("search_notes", words="FAIR"))["notes"][0]["text"] == "A fair."
        assert "2025-W99" in await call("get_week", week="2025-W99")
        assert "There is no line 'x.y'" in await call("get_history", line="x.y")

    with listening(settings) as address:
        ask(over_http(address, header), talk)


def test_a_line_that_is_kept_by_month_is_asked_for_its_newest_month(settings: Settings) -> None:
    _, header = token_for(settings, "leadership")

    async def talk(call: Ask) -> None:
        month = await call("why_it_moved", line=REVENUE)
        assert (month["figure"]["period"], month["figure"]["value"]) == ("2025-09", 90310.5)

    with listening(settings) as address:
        ask(over_http(address, header), talk)


@pytest.mark.parametrize(
    ("role", "hidden"), [("sales", (*SECRETS, *BALANCES, *TICKETS)), ("board", (*SECRETS, *TICKETS))]
)
def test_no_role_is_told_more_than_it_may_see(
    settings: Settings, tmp_path: Path, role: str, hidden: tuple[str, ...]
) -> None:
    few = with_access(settings, tmp_path)
    dana = Browser(create_app(few, ADDRESS)).sign_in(DANA)
    fields = {"what": "Revenue: ask the bank", "owner": "dana_whitfield", "due": "2025-11-03"}
    assert dana.post(CASH, note="Revenue was taxed.", **fields, key=key()).status_code == 303
    hidden = tuple(word for word in hidden if role != "board" or word != "Revenue")
    made, header = token_for(few, role)

    async def talk(call: Ask) -> None:
        for tool, given in CALLS:
            answer = await call(tool, **given)
            told = json.dumps(answer)
            shown = (
                "line" not in given
                or given["line"] == {"sales": DIALS, "board": "finance.cash_position"}[role]
            )
            assert isinstance(answer, dict) == shown, (tool, given, told)
            named = {str(value) for value in given.values()}
            leaks = [word for word in hidden if word in told and not any(word in name for name in named)]
            assert leaks == [], (tool, given, told)
            assert role == "board" or "taxed" not in told, "a note on a line that they may not see"
        with begin(few) as connection:
            revoke_token(connection, made, by="test", now=few.now())
        with pytest.raises(Exception, match=r"."):
            await call("get_week")

    with listening(few) as address:
        ask(over_http(address, header), talk)
    with read(few) as connection:
        noted = [
            one
            for one in audit_records(connection)
            if one.action == "opened_confidential" and one.who.startswith("token")
        ]
    assert bool(noted) == (role == "board")


def test_only_a_token_gets_in(app: Any, dana: Browser) -> None:
    for headers in ({}, {"authorization": "Bearer scoreline_guessed"}):
        answer = dana.client.post("/mcp", json={}, headers={"origin": ADDRESS, **headers})
        assert answer.status_code == 401, "a browser that has signed in is not a program"
    assert dana.get("/mcp").status_code == 401


def test_an_assistant_that_asks_in_a_loop_is_told_to_wait(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Assistants, the API and links share one pace, and each token has its own."""
    monkeypatch.setattr(answers, "MOST_A_MINUTE", 3)
    app = create_app(settings, ADDRESS)
    _, loops = token_for(settings, "team")
    _, other = token_for(settings, "team", "other")
    client = Browser(app).client

    def asked(header: dict[str, str]) -> list[int]:
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
        kinds = {"accept": "application/json, text/event-stream"}
        with client:
            by_api = [client.get("/api/v1/lines", headers=header) for _ in range(2)]
            as_assistant = [client.post("/mcp", json=call, headers=header | kinds) for _ in range(2)]
        last = as_assistant[-1]
        if last.status_code == 429:
            assert 0 < int(last.headers["retry-after"]) <= 60
            assert "asked 3 times within a minute" in last.json()["detail"]
        return [one.status_code for one in by_api + as_assistant]

    assert asked(loops) == [200, 200, 200, 429]
    assert client.get("/api/v1/lines", headers=loops).status_code == 429
    assert client.get("/api/v1/lines", headers=other).status_code == 200
    with monkeypatch.context() as later:
        later.setattr(answers, "MINUTE", timedelta(0))
        assert client.get("/api/v1/lines", headers=loops).status_code == 200


def test_an_assistant_starts_it_itself(settings: Settings) -> None:
    """`scoreline mcp` on standard input and output, with a token and with a role."""
    _, header = token_for(settings, "team")
    given = {
        **os.environ,
        "SCORELINE_HOME": str(settings.home),
        "SCORELINE_AS_OF": "2025-10-27T12:00:00Z",
        "SCORELINE_TOKEN": header["authorization"].removeprefix("Bearer "),
    }
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "orchestration.cli", "mcp"], env=given
    )

    async def talk(call: Ask) -> None:
        week = await call("get_week", line=DIALS)
        assert [one["value"] for one in week["figures"]] == [101]
        assert "There is no line" in await call("get_history", line=REVENUE)

    ask(command, talk)

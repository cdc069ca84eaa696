"""A server that speaks the contracts of Slack's and Teams' incoming webhooks, and their refusals."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SLACK, TEAMS = "/services/T000/B000/slack-canary", "/workflows/1/triggers/manual?sig=teams-canary"


class Channels:
    """What was taken, and what the server says next.

    `says`: answers in place of a yes, in order: (status, body, headers), "cut" after the whole message, or
    "cut before" its body.
    """

    def __init__(self) -> None:
        self.taken: list[tuple[str, dict[str, Any]]] = []
        self.says: list[Any] = []
        self.asked = 0
        self.url = ""

    def messages(self, channel: str) -> list[dict[str, Any]]:
        return [payload for name, payload in self.taken if name == channel]


def fault_of_slack(payload: Any) -> str:
    """Slack's answer to a message that breaks its rules; empty: it accepts the message."""
    blocks = payload.get("blocks", [])
    if not payload.get("text") and not blocks:
        return "no_text"
    if len(blocks) > 50:
        return "invalid_blocks"
    for block in blocks:
        texts = [block["text"]] if "text" in block else block.get("elements", [])
        for text in texts:
            most = 150 if block["type"] == "header" else 3000
            said = text["text"] if isinstance(text.get("text"), str) else text["text"]["text"]
            if not 1 <= len(said) <= most:
                return "invalid_blocks"
        if block["type"] not in ("header", "section", "image", "actions", "context"):
            return "invalid_blocks"
    return ""


@contextmanager
def channels() -> Iterator[Channels]:
    """The server on a free port of this machine."""
    state = Channels()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            state.asked += 1
            says = state.says.pop(0) if state.says else None
            if says == "cut before":
                self.close_connection = True
                self.connection.shutdown(2)
                return
            body = self.rfile.read(int(self.headers["content-length"]))
            if says is None:
                says = self._taken(body)
            elif says == "cut":
                self._taken(body)
                self.close_connection = True
                self.connection.shutdown(2)
                return
            status, text, headers = says
            data = text.encode()
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def _taken(self, body: bytes) -> tuple[int, str, dict[str, str]]:
            try:
                payload = json.loads(body)
            except ValueError:
                return 400, "invalid_payload", {}
            if self.path == SLACK:
                if fault := fault_of_slack(payload):
                    return 400, fault, {}
                state.taken.append(("slack", payload))
                return 200, "ok", {}
            if self.path == TEAMS:
                if len(body) > 28 * 1024:
                    return 413, "RequestEntityTooLarge", {}
                kinds = {one["contentType"] for one in payload["attachments"]}
                assert kinds == {"application/vnd.microsoft.card.adaptive"}
                state.taken.append(("teams", payload))
                return 202, "", {}
            return 404, "no_service", {}

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    yield state
    server.shutdown()

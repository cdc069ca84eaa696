"""The sandbox's server: one process on loopback, every vendor under its own prefix, and the controls under
`/_sandbox`.

| control | does |
|---|---|
| GET /_sandbox | clock, seed, company and its vendors, whether limits are enforced |
| POST /_sandbox/clock `{"as_of": iso}` | sets the clock (null: real time) |
| GET, POST, DELETE /_sandbox/faults | lists, adds (`faults.py`), clears (`?source=` only that vendor's) |
| GET, DELETE /_sandbox/requests | the calls so far (`?source=`): time, source, method, path, status; no
    query, header or body |
"""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import os
import socket
import sys
import threading
import time
import urllib.parse
from datetime import datetime
from typing import Any

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.companies import COMPANIES, build
from sandbox.engine import faults
from sandbox.engine.world import Call, Clock, Fault, Limits, World
from sandbox.registry import VENDORS

HOST = "127.0.0.1"

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def make_world(as_of: datetime | None, seed: int, company: str, limits: Limits | None = None) -> World:
    """An invented company of that seed, with its clock at `as_of` (None: real time)."""
    return World(build(seed, company), Clock(as_of), seed, company, limits or Limits())


class _VendorApp:
    """One vendor behind HTTP: reads the call, applies a fault that is on, sends the answer, logs the call."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name, self.vendor = world, name, VENDORS[name]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        started = time.time()
        call = await self._read(request)
        self.world.open(self.name)
        self.world.calls += 1
        asked = f"{urllib.parse.urlencode(call.query)} {call.body.decode('utf-8', 'replace')}"
        fault = self.world.faults.take(self.name, call.path, asked)
        entry = {
            "time": started,
            "source": self.name,
            "method": call.method,
            "path": call.path,
            "status": None,
        }
        self.world.log.append(entry)
        answer = await faults.answer(self.world, self.vendor, call, fault)
        entry["status"] = answer.status
        if fault is not None and fault.kind == "timeout" and await _gone_within(receive, fault.seconds):
            return
        content = answer.content()
        response = Response(content, answer.status, answer.headers, answer.content_type)
        if fault is not None and fault.kind == "reset":
            await send(
                {"type": "http.response.start", "status": answer.status, "headers": response.raw_headers}
            )
            await send(
                {"type": "http.response.body", "body": content[: len(content) // 2], "more_body": True}
            )
            return  # the server closes a connection whose body stays incomplete
        await response(scope, receive, send)

    async def _read(self, request: Request) -> Call:
        query: dict[str, str] = {}
        for name, value in request.query_params.multi_items():
            # a list may come as repeated names or as one text with commas; vendors see the latter
            query[name] = f"{query[name]},{value}" if name in query else value
        path = str(request.scope["path"]).removeprefix(f"/{self.name}")
        base = f"http://{request.headers.get('host', HOST)}/{self.name}"
        return Call(
            request.method, path, query, request.headers, await request.body(), base, request.url.query
        )


async def _gone_within(receive: Receive, seconds: float) -> bool:
    """Whether the client hangs up within that time."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True


class _Dated:
    """Every answer tells the sandbox's own clock, as the vendors' servers tell theirs."""

    def __init__(self, app: ASGIApp, world: World) -> None:
        self.app, self.world = app, world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = email.utils.format_datetime(self.world.clock.now(), usegmt=True)
                message = {**message, "headers": [*message.get("headers", ()), (b"date", told.encode())]}
            await send(message)

        await self.app(scope, receive, dated)


def make_app(world: World) -> Starlette:
    """The whole sandbox as an ASGI application."""

    def json(value: Any, status: int = 200) -> Response:
        return Response(orjson.dumps(value), status, media_type="application/json")

    async def about(request: Request) -> Response:
        as_of = world.clock.now().isoformat().replace("+00:00", "Z")
        return json(
            {
                "as_of": as_of,
                "clock_stands_still": world.clock.as_of is not None,
                "seed": world.seed,
                "company": world.company,
                "vendors": list(COMPANIES[world.company].vendors or VENDORS),
                "limits": world.limits.enforced,
                "databases": world.databases,
            }
        )

    async def set_clock(request: Request) -> Response:
        try:
            text = (await request.json())["as_of"]
            instant = None if text is None else datetime.fromisoformat(text)
        except (ValueError, KeyError, TypeError):
            return json({"error": 'send {"as_of": "2025-10-28T12:00:00Z"}'}, 400)
        if instant is not None and instant.tzinfo is None:
            return json({"error": "as_of needs a time zone, for example 2025-10-28T12:00:00Z"}, 400)
        world.clock.as_of = instant
        return await about(request)

    async def control_faults(request: Request) -> Response:
        if request.method == "POST":
            try:
                fault = Fault(**(await request.json()))
            except Exception as error:  # whatever is wrong with it, the text says what
                return json({"error": str(error)}, 400)
            if fault.source not in (*VENDORS, "*"):
                return json(
                    {"error": f"unknown source {fault.source!r}; there are {', '.join(VENDORS)}"}, 400
                )
            world.faults.active.append(fault)
        elif request.method == "DELETE":
            source = request.query_params.get("source")
            world.faults.active = [
                fault for fault in world.faults.active if source not in (None, fault.source)
            ]
        return json({"faults": [vars(fault) for fault in world.faults.active]})

    async def requests(request: Request) -> Response:
        source = request.query_params.get("source")
        if request.method == "DELETE":
            world.log.clear()
        return json({"requests": [entry for entry in world.log if source in (None, entry["source"])]})

    routes = [Route(f"/{name}/{{path:path}}", _VendorApp(world, name), methods=_METHODS) for name in VENDORS]
    routes += [
        Route("/_sandbox", about),
        Route("/_sandbox/clock", about, methods=["GET"]),
        Route("/_sandbox/clock", set_clock, methods=["POST"]),
        Route("/_sandbox/faults", control_faults, methods=["GET", "POST", "DELETE"]),
        Route("/_sandbox/requests", requests, methods=["GET", "DELETE"]),
    ]
    return Starlette(routes=routes, middleware=[Middleware(_Dated, world=world)])


class _Server(uvicorn.Server):
    """Prints its address once it listens."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        assert sockets is not None
        print(f"Sandbox: http://{HOST}:{sockets[0].getsockname()[1]}", flush=True)


def bind(port: int) -> socket.socket:
    """A place on loopback (port 0: any free one), taken before the company is invented.

    Raises:
        OSError: the port is taken.
    """
    place = socket.socket()
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.bind((HOST, port))
    return place


def serve(world: World, place: socket.socket, *, until_stdin_ends: bool = False) -> None:
    """Serve until stopped. `until_stdin_ends`: also stop when whoever started this process is gone, however
    it went."""
    if until_stdin_ends:
        threading.Thread(target=_leave_with_parent, daemon=True).start()
    config = uvicorn.Config(
        make_app(world),
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=1,
        lifespan="off",
        date_header=False,
    )
    with contextlib.suppress(KeyboardInterrupt):
        _Server(config).run([place])


def _leave_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)

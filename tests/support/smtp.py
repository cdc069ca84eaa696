"""A real SMTP server on loopback, and what it was given."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

SECRET = "s3cr:t@canary"


class Server:
    """A real SMTP server. `refuse`: recipients it does not know; `greylist`: how often it puts each recipient
    off; `data`: its answer to the message itself, or "hang up" after its last byte, or "hang up before" the
    message."""

    def __init__(self) -> None:
        self.got: list[tuple[str, bytes]] = []
        self.refuse: set[str] = set()
        self.greylist = 0
        self.asked: Counter[str] = Counter()
        self.data = "250 taken"
        self.pause = 0.0
        self.port = 0
        self.on_rcpt: Callable[[], object] = lambda: None
        self.on_data: Callable[[], object] = lambda: None

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        self.asked[address] += 1
        self.on_rcpt()
        if address in self.refuse:
            return "550 5.1.1 nobody here"
        if self.asked[address] <= self.greylist:
            return "451 4.7.1 greylisted, try again later"
        if self.data == "hang up before":
            server.transport.abort()
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.on_data()
        if self.pause:
            import asyncio

            self.got.append((envelope.rcpt_tos[0], envelope.content))
            await asyncio.sleep(self.pause)
        elif self.data.startswith("250"):
            self.got.append((envelope.rcpt_tos[0], envelope.content))
        if self.data == "hang up":
            server.transport.abort()
        return self.data

    def to(self) -> list[str]:
        return sorted(address for address, _ in self.got)


def free_port() -> int:
    with closing(
        socket.socket()
    ) as probe:  # aiosmtpd asks itself on the port that it was given, so 0 does not work
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(passwords: Collection[str] = (SECRET,)) -> Iterator[Server]:
    """The server on a free port of this machine. `passwords`: those that it takes."""
    handler = Server()
    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=free_port(),
        auth_require_tls=False,
        authenticator=lambda server, session, envelope, mechanism, data: AuthResult(
            success=isinstance(data, LoginPassword) and data.password.decode() in passwords, handled=False
        ),
    )
    controller.start()
    handler.port = controller.port
    handler.url = f"smtp://127.0.0.1:{controller.port}"  # type: ignore[attr-defined]
    handler.secret_url = f"smtp://scoreline:s3cr%3At%40canary@127.0.0.1:{controller.port}"  # type: ignore[attr-defined]
    yield handler
    controller.stop()

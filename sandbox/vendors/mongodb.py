"""A MongoDB server that speaks the wire protocol, for the company's own collections.

OP_MSG and the OP_QUERY of an old handshake, SCRAM-SHA-256, and of the commands those that a reader
needs: hello, ping, buildInfo, listCollections, find (filters with =, $gt, $gte, $lt, $lte, $in, $ne;
inclusive projections), getMore, killCursors, endSessions. Documents are visible from their `updated_at` on,
by the sandbox's clock. An unknown command is error 59, as in the real one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import socketserver
import struct
import threading
from collections.abc import Callable
from typing import Any

import bson
from bson.codec_options import CodecOptions

from sandbox.engine.world import Clock

USER, PASSWORD, DATABASE = "reader", "mongo-canary-41c7e0d2", "company"
_NAMESPACE_NOT_FOUND, _UNAUTHORIZED, _AUTHENTICATION_FAILED, _NO_SUCH_COMMAND, _CURSOR_NOT_FOUND = (
    26,
    13,
    18,
    59,
    43,
)
_ROUNDS = 4096
_AWARE: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)


class MongoServer(socketserver.ThreadingTCPServer):
    """A MongoDB on loopback, on a port of its own choice."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, clock: Clock, documents: dict[str, list[dict[str, Any]]]) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.clock, self.documents = clock, documents

    @property
    def url(self) -> str:
        """The address with which a reader comes in."""
        return (
            f"mongodb://{USER}:{PASSWORD}@127.0.0.1:{self.server_address[1]}/{DATABASE}?authSource={DATABASE}"
        )

    def start(self) -> None:
        """Serve in a thread that ends with the process."""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.5}, daemon=True).start()

    def find(self, collection: str, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        """The documents that are visible now and match."""
        now = self.clock.now()
        return [
            document
            for document in self.documents.get(collection, ())
            if document["updated_at"] <= now and _matches(document, wanted)
        ]


class _Refused(Exception):
    def __init__(self, code: int, name: str, text: str) -> None:
        super().__init__(text)
        self.code, self.name = code, name


class _Session(socketserver.StreamRequestHandler):
    server: MongoServer

    def setup(self) -> None:
        super().setup()
        self.signed_in = False
        self.scram: _Scram | None = None
        self.cursors: dict[int, tuple[str, list[dict[str, Any]]]] = {}

    def handle(self) -> None:
        while head := self.rfile.read(16):
            length, request_id, _, code = struct.unpack("<iiii", head)
            body = self.rfile.read(length - 16)
            if code == 2013:  # OP_MSG: flags, then sections; a reader sends one of kind 0
                command = bson.decode(body[5:], _AWARE)
                reply = struct.pack("<iB", 0, 0) + bson.encode(self._answer(command))
                self._send(request_id, 2013, reply)
            elif code == 2004:  # OP_QUERY: flags, collection name, two numbers, the document
                start = body.index(b"\0", 4) + 1 + 8
                command = bson.decode(body[start:], _AWARE)
                self._send(
                    request_id, 1, struct.pack("<iqii", 8, 0, 0, 1) + bson.encode(self._answer(command))
                )
            else:
                return

    def _send(self, request_id: int, code: int, reply: bytes) -> None:
        self.wfile.write(struct.pack("<iiii", 16 + len(reply), 0, request_id, code) + reply)

    def _answer(self, command: dict[str, Any]) -> dict[str, Any]:
        name = next(iter(command))
        open_to_all = {"hello", "ismaster", "ping", "buildinfo", "saslstart", "saslcontinue", "endsessions"}
        doers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "hello": self._hello,
            "ismaster": self._hello,
            "ping": lambda _: {},
            "buildinfo": lambda _: {"version": "7.0.14", "versionArray": [7, 0, 14, 0]},
            "saslstart": self._sign_in,
            "saslcontinue": self._sign_in,
            "listcollections": self._collections,
            "find": self._find,
            "getmore": self._more,
            "killcursors": lambda _: {},
            "endsessions": lambda _: {},
        }
        try:
            if name.lower() not in doers:
                raise _Refused(_NO_SUCH_COMMAND, "CommandNotFound", f"no such command: '{name}'")
            if name.lower() not in open_to_all and not self.signed_in:
                raise _Refused(_UNAUTHORIZED, "Unauthorized", f"Command {name} requires authentication")
            return doers[name.lower()](command) | {"ok": 1.0}
        except _Refused as error:
            return {"ok": 0.0, "errmsg": str(error), "code": error.code, "codeName": error.name}

    def _hello(self, command: dict[str, Any]) -> dict[str, Any]:
        return {
            "helloOk": True,
            "ismaster": True,
            "isWritablePrimary": True,
            "maxBsonObjectSize": 16 * 1024 * 1024,
            "maxMessageSizeBytes": 48_000_000,
            "maxWriteBatchSize": 100_000,
            "localTime": self.server.clock.now(),
            "minWireVersion": 0,
            "maxWireVersion": 21,
            "readOnly": True,
        } | ({"saslSupportedMechs": ["SCRAM-SHA-256"]} if "saslSupportedMechs" in command else {})

    def _sign_in(self, command: dict[str, Any]) -> dict[str, Any]:
        payload = bytes(command["payload"]).decode()
        if "saslStart" in command:
            self.scram = _Scram(payload)
            return {"conversationId": 1, "done": False, "payload": self.scram.challenge.encode()}
        if self.scram is None or (signature := self.scram.verified(payload)) is None:
            raise _Refused(_AUTHENTICATION_FAILED, "AuthenticationFailed", "Authentication failed.")
        self.signed_in = True
        return {"conversationId": 1, "done": True, "payload": signature.encode()}

    def _collections(self, command: dict[str, Any]) -> dict[str, Any]:
        wanted = (command.get("filter") or {}).get("name")
        rows = [
            {"name": name, "type": "collection"}
            for name in sorted(self.server.documents)
            if wanted in (None, name)
        ]
        return {"cursor": {"id": 0, "ns": f"{DATABASE}.$cmd.listCollections", "firstBatch": rows}}

    def _find(self, command: dict[str, Any]) -> dict[str, Any]:
        collection = command["find"]
        found = [
            _projected(document, command.get("projection") or {})
            for document in self.server.find(collection, command.get("filter") or {})
        ]
        size = command.get("batchSize", 101)
        cursor = 0
        if len(found) > size:
            cursor = len(self.cursors) + 1
            self.cursors[cursor] = (collection, found[size:])
        return {
            "cursor": {"id": bson.Int64(cursor), "ns": f"{DATABASE}.{collection}", "firstBatch": found[:size]}
        }

    def _more(self, command: dict[str, Any]) -> dict[str, Any]:
        if command["getMore"] not in self.cursors:
            raise _Refused(_CURSOR_NOT_FOUND, "CursorNotFound", f"cursor id {command['getMore']} not found")
        collection, rest = self.cursors.pop(command["getMore"])
        size = command.get("batchSize", 1000)
        cursor = 0
        if len(rest) > size:
            cursor = command["getMore"]
            self.cursors[cursor] = (collection, rest[size:])
        return {
            "cursor": {"id": bson.Int64(cursor), "ns": f"{DATABASE}.{collection}", "nextBatch": rest[:size]}
        }


class _Scram:
    """The server's side of SCRAM-SHA-256 (RFC 5802, RFC 7677) for the one user there is."""

    def __init__(self, first: str) -> None:
        self._client_first = first.partition(",,")[2]
        facts = dict(part.split("=", 1) for part in self._client_first.split(","))
        self._user = facts["n"]
        self._nonce = facts["r"] + base64.b64encode(os.urandom(18)).decode()
        self._salt = hashlib.sha256(USER.encode()).digest()[:16]
        self.challenge = f"r={self._nonce},s={base64.b64encode(self._salt).decode()},i={_ROUNDS}"

    def verified(self, final: str) -> str | None:
        """The server's signature when the client knows the password; None when it does not."""
        unproven, _, proof = final.rpartition(",p=")
        salted = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), self._salt, _ROUNDS)
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        said = f"{self._client_first},{self.challenge},{unproven}".encode()
        signature = hmac.digest(hashlib.sha256(client_key).digest(), said, "sha256")
        expected = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        if (
            self._user != USER
            or not unproven.endswith(f"r={self._nonce}")
            or not hmac.compare_digest(base64.b64decode(proof), expected)
        ):
            return None
        server_key = hmac.digest(salted, b"Server Key", "sha256")
        return f"v={base64.b64encode(hmac.digest(server_key, said, 'sha256')).decode()}"


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "$eq": lambda value, wanted: value == wanted,
    "$ne": lambda value, wanted: value != wanted,
    "$in": lambda value, wanted: value in wanted,
    "$gt": lambda value, wanted: value is not None and value > wanted,
    "$gte": lambda value, wanted: value is not None and value >= wanted,
    "$lt": lambda value, wanted: value is not None and value < wanted,
    "$lte": lambda value, wanted: value is not None and value <= wanted,
}


def _matches(document: dict[str, Any], wanted: dict[str, Any]) -> bool:
    for name, condition in wanted.items():
        if isinstance(condition, dict) and any(key.startswith("$") for key in condition):
            for operator, value in condition.items():
                if operator not in _OPERATORS:
                    raise _Refused(2, "BadValue", f"unknown operator: {operator}")
                if not _OPERATORS[operator](document.get(name), value):
                    return False
        elif document.get(name) != condition:
            return False
    return True


def _projected(document: dict[str, Any], projection: dict[str, Any]) -> dict[str, Any]:
    kept = {name for name, wanted in projection.items() if wanted}
    if not kept:
        return document
    names = kept | ({"_id"} if projection.get("_id", 1) else set())
    return {name: value for name, value in document.items() if name in names}

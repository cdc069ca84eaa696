"""A real Postgres server, for the company's own databases and for the store."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg

PASSWORD = "postgres-canary-9f0b"


@dataclass(frozen=True)
class Postgres:
    """A running server."""

    port: int
    data: Path
    runner: tuple[str, ...]
    """What runs a command as the server's user."""

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://reader:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The address of an empty database."""
        name = f"db_{uuid4().hex}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"create database {name} strategy file_copy")
        return self.url(name)

    def start(self) -> None:
        options = f"-p {self.port} -k {self.data.parent} -c listen_addresses=127.0.0.1 -c fsync=off"
        options += " -c max_connections=300"
        self._run("pg_ctl", "-w", "-s", "-l", str(self.data.parent / "log"), "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-m", "immediate", "-s", "stop")

    def _run(self, command: str, *options: str) -> None:
        subprocess.run(
            [*self.runner, str(_binaries() / command), "-D", str(self.data), *options],
            cwd=self.data.parent,
            check=True,
            stdout=subprocess.DEVNULL,
        )


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or [
        Path(path) for path in [shutil.which("initdb")] if path
    ]
    assert found, "these tests need Postgres: apt-get install postgresql"
    return found[-1].parent


@contextlib.contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A server of its own in a temporary folder."""
    # Postgres does not run as root; Debian's package brings a user for it, who must be able to reach the
    # folder
    runner = ("runuser", "-u", "postgres", "--") if os.geteuid() == 0 else ()
    with tempfile.TemporaryDirectory(prefix="scoreline-postgres-") as folder:
        if runner:
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        password = Path(folder) / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        server = Postgres(port, Path(folder) / "data", runner)
        server._run("initdb", "-U", "reader", "-A", "scram-sha-256", "--pwfile", str(password), "--no-sync")
        server.start()
        try:
            yield server
        finally:
            server.stop()

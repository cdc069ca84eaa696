"""The sandbox from the outside: credentials it accepts, a subprocess that runs it, and its controls as
functions."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.registry import VENDORS


class SandboxError(Exception):
    """The sandbox did not start, or refused a control; the text says why."""


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        """Variables that point the sources that the company works with at this sandbox."""
        about = self.about()
        credentials = {
            name: value for vendor in about["vendors"] for name, value in VENDORS[vendor].CREDENTIALS.items()
        }
        return {**credentials, **about["databases"], "SANDBOX_URL": self.url}

    def about(self) -> dict[str, Any]:
        """Clock (`as_of`, ISO in UTC), seed, company and its vendors, limits."""
        found: dict[str, Any] = self._control("GET", "")
        return found

    def set_clock(self, instant: datetime | str | None) -> None:
        """Move the sandbox's clock to an instant with a time zone (None: real time)."""
        text = instant.isoformat() if isinstance(instant, datetime) else instant
        self._control("POST", "/clock", {"as_of": text})

    def fault(self, source: str, kind: str, *, path: str = "", times: int | None = None, **more: Any) -> None:
        """Switch a fault on; kinds and their settings are in `sandbox/engine/faults.py`."""
        self._control(
            "POST", "/faults", {"source": source, "kind": kind, "path": path, "times": times, **more}
        )

    def clear_faults(self, source: str | None = None) -> None:
        """Switch all faults (or those of one source) off."""
        self._control("DELETE", f"/faults?source={source}" if source else "/faults")

    def requests(self, source: str | None = None) -> list[dict[str, Any]]:
        """Every call so far: time (seconds since 1970), source, method, path, status."""
        found = self._control("GET", f"/requests?source={source}" if source else "/requests")
        return list(found["requests"])

    def forget_requests(self) -> None:
        """Clear the log of calls."""
        self._control("DELETE", "/requests")

    def _control(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.url}/_sandbox{path}", data, {"Content-Type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise SandboxError(error.read().decode()) from None


@contextlib.contextmanager
def running_sandbox(
    as_of: datetime | str | None = None,
    seed: int = 1,
    company: str = "cedar",
    port: int = 0,
    *,
    limits: bool = True,
) -> Iterator[Sandbox]:
    """Run the sandbox in a process of its own while the block runs; it ends with the block, and with this
    process.

    `as_of`: where its clock starts (None: `SCORELINE_AS_OF`, else real time). `port` 0: any free one.
    `limits=False` serves without the vendors' request limits, so that a test does not wait for them.

    Raises:
        SandboxError: it did not start (a port in use, an unknown company, ...).
    """
    command = [
        sys.executable,
        "-m",
        "sandbox",
        "--port",
        str(port),
        "--seed",
        str(seed),
        "--company",
        company,
        "--with-parent",
    ]
    if as_of is not None:
        command += ["--as-of", as_of.isoformat() if isinstance(as_of, datetime) else as_of]
    if not limits:
        command.append("--no-limits")
    folder = tempfile.TemporaryDirectory(prefix="scoreline-sandbox-")
    command += ["--folder", folder.name]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.startswith("Sandbox: "):
            raise SandboxError(
                f"the sandbox did not start (exit code {process.wait()}); see its message above"
            )
        yield Sandbox(line.removeprefix("Sandbox: ").strip())
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        folder.cleanup()

"""Shows the progress of a job in the terminal: its current step, failures, and a summary. Everything else,
such as dbt's thousand lines, goes to a log file in the home.

The job and its child processes write to standard output and error as usual. Here both go into a pipe, whose
lines are sorted: progress, messages for people, and the rest. Without a terminal (CI, cron), messages are
plain lines.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from foundation.progress import VARIABLE, tell
from orchestration.cli.errors import log_folder, shown

_DBT = re.compile(r"^(?:\d\d:\d\d:\d\d +)?(\d+) of (\d+) ([\w-]+) (?!hook:)(.*)$")
_DBT_FAILED = ("FAIL", "ERROR")
_DBT_ENDED = ("OK", "PASS", "WARN", "SKIP", "NO-OP", *_DBT_FAILED)
_MESSAGE = re.compile(r"^ (?P<mark>[! ]) (?P<text>\S.*)$")
_LOADED = re.compile(r"^(?P<source>.+?): (?P<rows>[\d,]+) rows? into \d+ tables?")
_TECHNICAL = re.compile(
    r"dbt subsetted execution|partial_parse\.msgpack|(?:Running|Finished) dbt command"
    r"|AssetObservation|asset check selection|^Execution of run for .+ failed"
    r"|^waited [\d.]+ s for the warehouse|^waiting for the warehouse"
)
"""Messages of Dagster and of our locks that are of no use to a person."""
_END = "end of the watch"


class Watch:
    """Sorts and shows the lines of the jobs of one command."""

    def __init__(self, console: Console, log: IO[str], *, verbose: bool) -> None:
        self.console, self.log, self.verbose = console, log, verbose
        self.warnings = self.failures = self.rows = self.sources = 0
        self.succeeded = True
        """Whether the last job succeeded. Its caller sets it."""
        self._said: set[str] = set()
        self._requests: dict[str, int] = {}
        self._progress = self._bars()
        self._tasks: dict[str, TaskID] = {}

    @contextlib.contextmanager
    def job(self, name: str, *, sources: int | None = None) -> Iterator[None]:
        """Show the lines of a job while it runs. `sources`: how many it reads, if that is known."""
        self.warnings = self.failures = self.rows = self.sources = 0
        self.succeeded = True
        self._requests.clear()
        self._tasks.clear()
        self._progress = self._bars()  # bars are not reused: they would erase the lines above
        if sources:
            self._bar("sources", sources)
        began = time.monotonic()
        with self._progress if self.console.is_terminal and not self.verbose else contextlib.nullcontext():
            yield
        took = timedelta(seconds=round(time.monotonic() - began))
        parts = [
            "" if self.succeeded else "failed",
            f"{_count(self.sources, 'source')}, {_count(self.rows, 'row')}" if self.sources else "",
            f"{_count(self.failures, 'model or test', 'models or tests')} failed" if self.failures else "",
            _count(self.warnings, "warning") if self.warnings else "",
            f"{took}",
        ]
        style = "green" if self.succeeded and not self.failures else "bold red"
        self._print(f"   {name}: {', '.join(filter(None, parts))}", style)

    def _bars(self) -> Progress:
        return Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.completed:.0f}{task.fields[of]}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[now]}", style="dim"),
            console=self.console,
            transient=True,
            # both streams are already redirected: what is printed goes to the log
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def say(self, text: str) -> None:
        """Print a line of the command's own."""
        self.console.print(Text(text, "bold" if text.startswith("\n") else ""), soft_wrap=True)

    def done(self, what: str, number: int, total: int) -> None:
        """Show the progress of work that this process does itself."""
        self._progress.update(self._bar(what, total), completed=number)

    def line(self, line: str) -> None:
        """Sort one line."""
        self.log.write(f"{line}\n")
        if self.verbose:
            self._print(line)
        elif found := _DBT.match(line):
            self._dbt(int(found[2]), found[3], found[4])
        elif found := _MESSAGE.match(line):
            self._message(found["text"], is_warning=found["mark"] == "!")

    def _dbt(self, total: int, state: str, rest: str) -> None:
        task = self._bar("models and tests", total)
        if state == "START":
            self._progress.update(task, now=_named(rest))
        elif state in _DBT_ENDED:
            self._progress.update(task, advance=1, now="")
        if state in _DBT_FAILED:
            self.failures += 1
            self._once(f" ! dbt {_named(rest)}: {rest.rpartition('[')[2].rstrip(']')}", "red")

    def _message(self, text: str, *, is_warning: bool) -> None:
        if _TECHNICAL.search(text):
            return
        if found := _LOADED.match(text):
            self.sources += 1
            self.rows += int(found["rows"].replace(",", ""))
            self._requests.pop(found["source"], None)
        if "sources" in self._tasks and (found or ": not connected" in text):
            self._progress.advance(self._tasks["sources"])
        if is_warning:
            self.warnings += self._once(f" ! {text}", "yellow")
        elif not self.console.is_terminal or not found:
            self._once(f"   {text}")

    def told(self, what: str, done: int) -> None:
        """Show the progress that a process has reported."""
        if what.endswith(" requests"):
            self._requests[what.removesuffix(" requests")] = done
            busiest = sorted(self._requests.items(), key=lambda item: -item[1])[:2]
            text = ", ".join(f"{source} {count}" for source, count in busiest)
            if "sources" in self._tasks:
                self._progress.update(self._tasks["sources"], now=f"requests: {text}")
        else:
            self._progress.update(self._bar(what), completed=done)

    def _bar(self, what: str, total: int | None = None) -> TaskID:
        if what not in self._tasks:
            of = f"/{total}" if total else ""
            self._tasks[what] = self._progress.add_task(what, total=total, of=of, now="")
        return self._tasks[what]

    def _once(self, text: str, style: str = "") -> bool:
        """Print a message once: the step and the run both report a failure."""
        if text in self._said:
            return False
        self._said.add(text)
        self._print(text, style)
        return True

    def _print(self, text: str, style: str = "") -> None:
        # a message may quote a vendor: it must not format text or move the cursor
        self.console.print(Text("".join(s if s.isprintable() else " " for s in text), style), soft_wrap=True)


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _named(rest: str) -> str:
    """Return the name of a model or test in a line of dbt."""
    words = rest.split("...")[0].split()
    return words[-1].rpartition(".")[2] if words else ""


@contextlib.contextmanager
def watched(name: str) -> Iterator[Watch]:
    """Show the standard output and error of the block, and of the processes it starts, by a `Watch`; log all
    of it to a file."""
    path = log_folder() / f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%S}.log"
    context = click.get_current_context(silent=True)
    verbose = bool(context and context.meta.get("verbose"))
    with contextlib.ExitStack() as stack:
        terminal = _kept(stack, sys.stderr)
        log = stack.enter_context(path.open("w", encoding="utf-8"))
        watch = Watch(Console(file=terminal, highlight=False), log, verbose=verbose)
        incoming, outgoing = os.pipe()
        reader = threading.Thread(target=_read, args=(incoming, watch), daemon=True)
        reader.start()
        stack.enter_context(_listening(watch))
        try:
            with _redirected(outgoing):
                yield watch
        finally:
            # a process that outlives the job keeps the pipe open, so a line marks the end
            os.write(outgoing, f"{_END}\n".encode())
            reader.join()
            os.close(outgoing)
            _remove_old(path.parent)
            click.echo(f"   log: {shown(path)}", file=terminal)


def _kept(stack: contextlib.ExitStack, stream: IO[str]) -> IO[str]:
    """Return a copy of the stream as it is now, whatever descriptor 2 becomes."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):  # in a test
        return stream
    return stack.enter_context(
        os.fdopen(os.dup(number), "w", encoding="utf-8", errors="replace", buffering=1)
    )


@contextlib.contextmanager
def _redirected(outgoing: int) -> Iterator[None]:
    sys.stdout.flush()
    sys.stderr.flush()
    before, streams = (os.dup(1), os.dup(2)), (sys.stdout, sys.stderr)
    for number in (1, 2):
        os.dup2(outgoing, number)
    try:
        with os.fdopen(os.dup(outgoing), "w", encoding="utf-8", errors="replace", buffering=1) as both:
            sys.stdout = sys.stderr = both
            try:
                yield
            finally:
                sys.stdout, sys.stderr = streams
    finally:
        for number, kept in zip((1, 2), before, strict=True):
            os.dup2(kept, number)
            os.close(kept)


@contextlib.contextmanager
def _listening(watch: Watch) -> Iterator[None]:
    """Receive what `foundation.progress.tell` reports while the block runs."""
    with tempfile.TemporaryDirectory(prefix="scoreline-") as folder:
        path = f"{folder}/progress"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind(path)
            thread = threading.Thread(target=_hear, args=(listener, watch), daemon=True)
            thread.start()
            os.environ[VARIABLE] = path
            try:
                yield
            finally:
                tell(_END, 0)
                thread.join(timeout=1)
                del os.environ[VARIABLE]


def _hear(listener: socket.socket, watch: Watch) -> None:
    while True:
        done, _, what = listener.recv(1_000).decode().partition(" ")
        if what == _END:
            return
        watch.told(what, int(done))


def _read(incoming: int, watch: Watch) -> None:
    with os.fdopen(incoming, encoding="utf-8", errors="replace", newline="\n") as lines:
        for line in lines:
            if line.rstrip("\n") == _END:
                return
            watch.line(line.rstrip("\r\n"))


_KEPT = 30
"""How many logs of commands stay in the home."""


def _remove_old(folder: Path) -> None:
    for path in sorted(folder.glob("*.log"), key=lambda one: one.stat().st_mtime)[:-_KEPT]:
        with contextlib.suppress(OSError):
            path.unlink()

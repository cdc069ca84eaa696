"""`scoreline doctor`: what is missing, and how to fix it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dlt_pipelines.core.source import Finding
from dlt_pipelines.doctor.checks import diagnose
from dlt_pipelines.registry import SOURCES
from foundation.settings import Settings, env_file, load_company
from orchestration.cli.demo_home import world_of_home

_MARKS = {
    "ok": ("ok", "green"),
    "info": ("--", "dim"),
    "warn": ("warn", "yellow"),
    "fail": ("FAIL", "bold red"),
}


@click.command()
@click.option("--source", "sources", multiple=True, help="Check only this source. Repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(sources: tuple[str, ...], as_json: bool) -> None:
    """List what is missing per source, and how to fix it.

    Begins with what fails, then what needs attention. Also looks at mail, the site's address, disk, seeds and
    mails that did not arrive. Never prints a secret. Exits with 1 if anything fails.
    """
    with world_of_home():
        settings = Settings()
        findings = diagnose(settings, load_company(settings), list(sources) or None)
        if not sources:
            findings += _mail(settings)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        report(findings, Console(file=sys.stdout, highlight=False))
    sys.exit(1 if any(finding.level == "fail" for finding in findings) else 0)


def report(findings: Sequence[Finding], console: Console) -> None:
    """Print the summary, then the findings that matter most first. What is fine or not connected gets little
    room."""
    checked = [name for name in SOURCES if any(one.source == name for one in findings)]
    absent = {one.source: one for one in findings if one.check == "credentials" and one.level == "info"}
    troubled = {one.source for one in findings if one.level == "fail"} & set(checked)
    files = {name for name in checked if SOURCES[name].kind == "files"}
    systems = len(set(checked) - files)
    connected = systems - len(set(absent) - files) - len(troubled - files)
    counts = {level: sum(one.level == level for one in findings) for level in ("fail", "warn")}
    console.print(
        Text.assemble(
            (f"{connected} of {systems} systems connected", "bold"),
            f", {len(files)} folders of files read" if files else "",
            (f", {counts['fail']} to fix", "bold red") if counts["fail"] else "",
            (f", {counts['warn']} to look at", "yellow") if counts["warn"] else "",
        ),
        soft_wrap=not console.is_terminal,
    )
    for level, heading in (("fail", "To fix"), ("warn", "To look at")):
        _section(console, heading, [one for one in findings if one.level == level])
    well = [one for one in findings if one.level in ("ok", "info") and one not in absent.values()]
    _section(console, "In order", well)
    if absent:
        _heading(console, "Not connected")
        lacking = {name: one.detail.removeprefix("not connected: ") for name, one in absent.items()}
        _rows(console, [(Text(), name, Text(text)) for name, text in lacking.items()])
        where = f"  To connect a source, set its variables in {env_file()} or in the environment."
        console.print(Text(where), soft_wrap=not console.is_terminal)


def _section(console: Console, heading: str, findings: Sequence[Finding]) -> None:
    if not findings:
        return
    _heading(console, heading)
    rows = []
    for one in findings:
        mark, style = _MARKS[one.level]
        text = f"{one.check}: {_plain(one.detail)}"
        way_out = f"\n-> {_plain(one.way_out)}" if one.way_out else ""
        rows.append((Text(f"{mark:4}", style), one.source, Text(text + way_out)))
    _rows(console, rows)


def _heading(console: Console, text: str) -> None:
    console.print(Text(f"\n{text}", "bold underline" if console.is_terminal else ""))


def _rows(console: Console, rows: Sequence[tuple[Text, str, Text]]) -> None:
    """Print a table on a terminal; for a program, print lines that are never broken."""
    if not console.is_terminal:
        for mark, name, text in rows:
            line = Text.assemble(
                "  ", mark, " " if mark else "", f"{name} ", text.plain.replace("\n", "\n       ")
            )
            console.print(line, soft_wrap=True)
        return
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for mark, name, text in rows:
        table.add_row(Text("  ").append_text(mark), name, text)
    console.print(table)


def _plain(text: str) -> str:
    """Return a vendor's text without characters that move the cursor."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _mail(settings: Settings) -> Iterator[Finding]:
    """Yield whether the mail server accepts a connection, and the mails and alerts that did not arrive, or
    may not have. Creates no store in a home without one."""
    from reports.post.outcome import DeliveryFailed
    from reports.post.transport import Refused, Smtp, transport
    from reports.post.troubles import troubles

    if settings.smtp_url:
        try:
            way = transport(settings)
            if isinstance(way, Smtp):
                way.try_out()
                yield Finding("mail", "server", "ok", f"{way.host}:{way.port} accepts the connection")
        except (DeliveryFailed, Refused) as error:
            yield Finding(
                "mail", "server", "fail", str(error), "Correct SMTP_URL, or ask who runs the server."
            )
    else:
        detail = f"SMTP_URL is not set: mails become files in {settings.outbox_dir}"
        yield Finding("mail", "server", "info", detail, "Set SMTP_URL to send them.")
    places = (settings.store_path, settings.deliveries_path, settings.outbox_dir, settings.site_dir)
    if settings.store_url is None and not any(place.exists() for place in places):
        return
    found = [
        Finding(
            "mail",
            one.what.lower(),
            "warn" if one.what == "Pending mail" else "fail",
            f"{one.about}: {one.why}",
            one.way_out,
        )
        for one in troubles(settings)
    ]
    yield from found or [Finding("mail", "deliveries", "ok", "every mail and every alert has arrived")]

"""`scoreline doctor`: what is missing, and how to fix it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from foundation.settings import Settings, load_company

if TYPE_CHECKING:
    from dlt_pipelines.doctor.findings import Finding


@click.command()
@click.option("--source", "sources", multiple=True, help="Check only this source. Repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(sources: tuple[str, ...], as_json: bool) -> None:
    """List what is missing per source, and how to fix it.

    Also lists mails that did not arrive. Never prints a secret. Exits with 1 if anything fails.
    """
    from dataclasses import asdict

    from dlt_pipelines.doctor.checks import diagnose

    settings = Settings()
    findings = diagnose(settings, load_company(settings), list(sources) or None)
    if not sources:
        findings += _mail_findings(settings)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        marks = {
            "ok": ("ok  ", "green"),
            "info": ("--  ", None),
            "warn": ("warn", "yellow"),
            "fail": ("FAIL", "red"),
        }
        previous = None
        for finding in findings:
            if finding.source != previous:
                click.secho(f"\n{finding.source}", bold=True)
                previous = finding.source
            mark, colour = marks[finding.level]
            click.echo(f"  {click.style(mark, fg=colour)} {finding.check}: {finding.detail}")
            if finding.way_out:
                click.echo(f"       -> {finding.way_out}")
    sys.exit(1 if any(finding.level == "fail" for finding in findings) else 0)


def _mail_findings(settings: Settings) -> list[Finding]:
    """Mails and alerts that did not arrive, or may not have. Creates no store in a home without one."""
    from dlt_pipelines.doctor.findings import Finding
    from reports.post.troubles import troubles

    if (
        settings.store_url is None
        and not settings.store_path.exists()
        and not settings.deliveries_path.exists()
        and not settings.outbox_dir.exists()
        and not settings.site_dir.exists()
    ):
        return []
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
    return found or [Finding("mail", "deliveries", "ok", "every mail and every alert has arrived")]

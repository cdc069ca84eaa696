"""`scoreline ui`: the Dagster UI with its daemon. Leaves no process behind when it stops."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import click

from foundation.private import make_home
from foundation.settings import PROJECT_ROOT, Settings, load_company
from orchestration.cli.children import end_group
from orchestration.cli.demo_home import (
    DEMO_AS_OF,
    company_option,
    demo_world,
    lives_here,
    sandbox_port_option,
)
from orchestration.cli.ports import free_port
from orchestration.companies import companies_dir, companies_in, instance_home, write_workspace
from reports.look.numbers import plural


@click.command()
@click.option("--port", default=3000, show_default=True, help="Port of the UI; 0 picks a free one.")
@click.option("--host", default="127.0.0.1", show_default=True)
@sandbox_port_option
@company_option
@click.option(
    "--companies",
    is_flag=True,
    help="Serve all companies that `scoreline new` has laid out, in one instance.",
)
def ui(port: int, host: str, sandbox_port: int, company: str | None, companies: bool) -> None:
    """Start the Dagster UI and the daemon that runs the schedules.

    Without any credentials, or with --company, they run on the sandbox, as the demo does.
    """
    with contextlib.ExitStack() as stack:
        workspace = PROJECT_ROOT / "workspace.yaml"
        if companies or Settings().location:
            folder = companies_dir()
            workspace = write_workspace(folder)
            os.environ["SCORELINE_DAGSTER_HOME"] = str(instance_home(folder))
            click.echo(f"Companies: {', '.join(companies_in(folder))}")
        elif invented := lives_here(company):
            stack.enter_context(demo_world(invented, sandbox_port))
            settings = Settings()
            click.echo(
                f"{load_company(settings).company.name}: running on the sandbox, clock at"
                f" {DEMO_AS_OF:%Y-%m-%d %H:%M}Z, home {settings.home}"
            )
        port = free_port(port, "the UI", "--port", host)
        click.echo(f"Dagster UI: http://{host}:{port} in about half a minute (Ctrl-C stops it)")
        sys.exit(_dagster_dev(host, port, workspace))


def _dagster_dev(host: str, port: int, workspace: Path) -> int:
    """Run `dagster dev` until it ends or this process is stopped. Returns its exit code."""
    from orchestration.liveness import fail_dead_runs

    settings = Settings()
    make_home(settings.own_dagster_home or settings.home)
    if dead := fail_dead_runs(settings):
        click.echo(
            f"Marked {plural(len(dead), 'earlier run')} as failed, because the process is gone:"
            f" {', '.join(dead)}"
        )
    # the daemon would log a line for every tick of every sensor; and `dg dev` is not installed
    quiet = [sys.executable, "-W", "ignore", "-m", "dagster", "dev", "--log-level", "warning"]
    command = [*quiet, "-w", str(workspace), "-h", host, "-p", str(port)]
    # its own group: Ctrl-C reaches only this process, which then stops all of them in order
    process = subprocess.Popen(command, cwd=PROJECT_ROOT, start_new_session=True)
    note = settings.dagster_note  # the portal starts runs there
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(f"http://{host}:{port}", encoding="utf-8")
        return process.wait()
    finally:
        note.unlink(missing_ok=True)
        end_group(process.pid)

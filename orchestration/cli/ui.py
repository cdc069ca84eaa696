"""`scoreline ui`: the Dagster UI with its daemon."""

from __future__ import annotations

import subprocess
import sys

import click

from foundation.settings import PROJECT_ROOT, Settings, load_company
from orchestration.cli.demo import (
    DEMO_AS_OF,
    DEMO_COMPANIES,
    any_credential,
    company_option,
    demo_environment,
)


@click.command()
@click.option("--port", default=3000, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--sandbox-port", default=8808, show_default=True)
@company_option
def ui(port: int, host: str, sandbox_port: int, company: str) -> None:
    """Start the Dagster UI and the daemon that runs the schedules.

    Without any credentials, or with --company sales, they run on the sandbox, as the demo does.
    """
    if DEMO_COMPANIES[company] or (Settings().sandbox_url is None and not any_credential()):
        from sandbox import running_sandbox

        with running_sandbox(as_of=DEMO_AS_OF, port=sandbox_port, company=company) as sandbox:
            demo_environment(sandbox, company)
            click.echo(
                f"{load_company(Settings()).company.name}: running on the sandbox, clock at"
                f" {DEMO_AS_OF:%Y-%m-%d %H:%M}Z."
            )
            _dagster_dev(host, port)
    else:
        _dagster_dev(host, port)


def _dagster_dev(host: str, port: int) -> None:
    from orchestration.runs import fail_dead_runs

    if dead := fail_dead_runs(Settings()):
        click.echo(
            f"Marked {len(dead)} earlier run(s) as failed because their process is gone: {', '.join(dead)}"
        )
    command = [
        sys.executable,
        "-m",
        "dagster",
        "dev",
        "-w",
        str(PROJECT_ROOT / "workspace.yaml"),
        "-h",
        host,
        "-p",
        str(port),
    ]
    note = Settings().dagster_note  # the portal starts runs there
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(f"http://{host}:{port}", encoding="utf-8")
    try:
        sys.exit(subprocess.run(command, cwd=PROJECT_ROOT).returncode)
    except KeyboardInterrupt:
        sys.exit(0)
    finally:
        note.unlink(missing_ok=True)

"""`scoreline sandbox`, `dbt`, `metric-diff` and `gallery`: the tools of whoever changes the project."""

from __future__ import annotations

import os
import subprocess
import sys

import click

from foundation.settings import PROJECT_ROOT, Settings, load_company
from orchestration.cli.demo_home import work_where_the_demo_is, world_of_home

_READS_WAREHOUSE = {
    "build",
    "run",
    "test",
    "snapshot",
    "compile",
    "show",
    "retry",
    "run-operation",
    "docs",
    "source",
}
"""dbt commands that read raw tables, or settings from the warehouse, when they compile or run."""


@click.command("metric-diff")
@click.option(
    "--base",
    metavar="REVISION",
    help="Revision to compare with. Default: where the branch left its upstream, else the previous commit.",
)
def metric_diff(base: str | None) -> None:
    """List the numbers that a change of the project moves.

    Builds the base revision and the current one on the raw data of this home, and compares every line and
    period.
    """
    import metric_diff as work

    work_where_the_demo_is()
    for text in work.metric_diff(Settings(), PROJECT_ROOT, base):
        click.echo(text)


@click.command()
def gallery() -> None:
    """Build a page that shows every component of the pages.

    Prints its path. Needs a published database, and changes no other page.
    """
    from reports.site.build import build_site

    work_where_the_demo_is()
    settings = Settings()
    (file,) = build_site(settings, load_company(settings), only=["gallery"]).files
    click.echo(file)


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def sandbox(arguments: tuple[str, ...]) -> None:
    """Serve the sandbox on the loopback address. --help lists its options."""
    # this process becomes the server, so stopping it stops the server
    os.execv(sys.executable, [sys.executable, "-m", "sandbox", *arguments])


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@world_of_home()
def dbt(arguments: tuple[str, ...]) -> None:
    """Run dbt on the warehouse while holding the write lock.

    Example: `scoreline dbt build --select dials+`
    """
    from dlt_pipelines.core.load import ensure_tables
    from foundation.dbt_files import project_dir
    from foundation.warehouse import open_warehouse
    from orchestration.dbt_manifest import dbt_environment

    settings = Settings()
    if _READS_WAREHOUSE.intersection(arguments):
        ensure_tables(settings, load_company(settings))  # a fresh home has none
    project = project_dir(settings)
    place = ["--project-dir", str(project), "--profiles-dir", str(project)]
    command = [
        sys.executable,
        "-m",
        "dbt.cli.main",
        *arguments,
        *(place if arguments and not arguments[0].startswith("-") else []),
    ]
    with open_warehouse(settings).building(f"dbt {' '.join(arguments)}"):
        sys.exit(subprocess.run(command, cwd=project, env=dbt_environment(settings)).returncode)

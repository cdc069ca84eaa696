"""The homes of the invented companies, the sandbox that runs with them, and the home that a command works in.

A demo lives in `var/demo` or `var/sales`, so that `var/` starts clean with the first real account. If
`SCORELINE_HOME` is set, it is used as it is. Whatever runs later in a demo's home also runs on the sandbox
and the demo's clock: by the wall clock, every source would be late.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from foundation.errors import ScorelineError, SettingsError
from foundation.private import make_home
from foundation.settings import PROJECT_ROOT, Settings, load_company
from foundation.warehouse import DEMO_MARK
from orchestration.cli.ports import free_port

if TYPE_CHECKING:
    from dlt_pipelines.wire.credentials import Credentials
    from sandbox import Sandbox

DEMO_AS_OF = datetime(2025, 10, 27, 12, tzinfo=UTC)
"""Monday morning in both invented companies: 2025-W43 has just ended."""
DEMO_COMPANIES = {"cedar": None, "sales": PROJECT_ROOT / "sandbox" / "companies" / "brightwater"}
"""Invented company -> the folder of its company.toml and seeds. None: the project's own files."""
_HOMES = {"cedar": PROJECT_ROOT / "var" / "demo", "sales": PROJECT_ROOT / "var" / "sales"}

company_option = click.option(
    "--company",
    type=click.Choice(list(DEMO_COMPANIES)),
    help=(
        "cedar: an IT service company with every system, in var/demo. sales: a sales team with only HubSpot,"
        " in var/sales."
    ),
)
sandbox_port_option = click.option(
    "--sandbox-port", default=8808, show_default=True, help="Port of the sandbox; 0 picks a free one."
)


_REAL = (
    *("SMTP_URL", "SLACK_WEBHOOK_URL", "TEAMS_WEBHOOK_URL"),
    *("STORE_URL", "DAGSTER_STORAGE_URL", "WAREHOUSE_CATALOG_URL"),
)
"""Settings with real addresses, which a demo must not use."""


def demo_home(company: str) -> Path:
    """Return the home of an invented company: SCORELINE_HOME if it is set, else the company's own."""
    settings = Settings()
    return settings.home if "home" in settings.model_fields_set else _HOMES[company]


def lives_here(company: str | None = None) -> str | None:
    """Return the invented company that a command works with, or None if it works with real accounts.

    It is the company asked for, else the one whose demo made the home, else Cedar Ridge if the shell has
    neither credentials nor a home.
    """
    settings = Settings()
    if company or settings.sandbox_url is not None:
        return company  # whoever started the sandbox has set the rest
    if settings.store_url or settings.catalog_url:
        return None  # one of several machines: its home is empty at first, and it may lack credentials
    if "home" in settings.model_fields_set:
        if made := made_by_demo(settings.home):
            return made
        if settings.warehouse_path.exists():
            return None  # somebody's own
    return None if any_credential() else "cedar"


def made_by_demo(home: Path) -> str | None:
    """Return the company of a home that a demo made; None for any other home."""
    try:
        name = (home / DEMO_MARK).read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return name if name in DEMO_COMPANIES else None


def work_where_the_demo_is(company: str | None = None) -> None:
    """Let a command that only reads a home use the demo's, if nothing else is set up."""
    found = lives_here(company)
    if found and not Settings().warehouse_path.exists():
        os.environ["SCORELINE_HOME"] = str(demo_home(found))


@contextlib.contextmanager
def demo_world(company: str, port: int = 8808) -> Iterator[Sandbox]:
    """Run the sandbox of an invented company around the block; this process and its children work with it."""
    from sandbox import SandboxError, running_sandbox

    home = demo_home(company)
    if (home / "warehouse.duckdb").exists() and not made_by_demo(home):
        raise SettingsError(
            f"{home} holds data that no demo has made. Unset SCORELINE_HOME, or set it to another folder."
        )
    port = free_port(port, "the sandbox", "--sandbox-port")
    try:
        with running_sandbox(as_of=DEMO_AS_OF, port=port, company=company) as sandbox:
            demo_environment(sandbox, company)
            yield sandbox
    except SandboxError as error:
        raise ScorelineError(str(error)) from error


@contextlib.contextmanager
def world_of_home() -> Iterator[None]:
    """Run a command (as a decorator) with the sandbox and the demo's clock, if a demo made the home."""
    settings = Settings()
    made = made_by_demo(settings.home)
    if made is None or settings.sandbox_url is not None:
        yield
        return
    with demo_world(made):
        click.echo(
            f"{settings.home} holds the demo of {load_company(Settings()).company.name}: running on the"
            f" sandbox, clock at {DEMO_AS_OF:%Y-%m-%d %H:%M}Z.",
            err=True,
        )
        yield


def demo_environment(sandbox: Sandbox, company: str) -> None:
    """Point this process and its children at the sandbox and its company."""
    demo_company(company)
    # only here, because a home with the mark is the demo's for good: a command that only reads sets none
    (Settings().home / DEMO_MARK).write_text(f"{company}\n", encoding="utf-8")
    os.environ.update(sandbox.environment)


def demo_company(company: str) -> None:
    """Use an invented company: its files, the demo's home and clock, without real credentials and mail
    server."""
    home = demo_home(company)
    for credentials in _all_credentials():
        for field in credentials.model_fields.values():
            os.environ.pop(str(field.alias), None)
    for name in _REAL:
        os.environ.pop(name, None)
    make_home(home)
    places = {"HOME": home}
    if folder := DEMO_COMPANIES[company]:
        typed = {"MANUAL_DIR": home / "manual_entries", "AD_SPEND_DIR": home / "ad_spend"}
        for place in typed.values():
            place.mkdir(exist_ok=True)
        places |= typed | {"COMPANY_FILE": folder / "company.toml", "SEEDS_DIR": folder / "seeds"}
    os.environ.update({f"SCORELINE_{name}": str(place) for name, place in places.items()})
    os.environ.update({"SCORELINE_AS_OF": DEMO_AS_OF.isoformat(), "SCORELINE_ENV_FILE": os.devnull})


def _all_credentials() -> list[type[Credentials]]:
    from dlt_pipelines.registry import SOURCES
    from dlt_pipelines.wire.credentials import Credentials

    for entry in SOURCES.values():
        _ = entry.source  # importing the module defines its credentials
    return Credentials.__subclasses__()


def connected_sources() -> list[str]:
    """Return the sources that have all their credentials, or need none."""
    from dlt_pipelines.registry import SOURCES

    needed = {name: entry.source.credentials for name, entry in SOURCES.items()}
    return [name for name, kind in needed.items() if kind is None or all(kind.variables().values())]


def any_credential() -> bool:
    """Whether the environment or `.env` has any credential of a source."""
    return any(is_set for credentials in _all_credentials() for is_set in credentials.variables().values())

"""`scoreline mcp`: answers an assistant on this machine with the published numbers."""

from __future__ import annotations

import os

import click

from foundation.errors import unknown
from foundation.settings import Settings, load_company
from foundation.store import read
from foundation.store.sign_in import token_of
from orchestration.cli.demo_home import company_option, demo_company, lives_here
from portal.access import Viewer, viewer_of_token
from portal.web import LOCAL_ADDRESS, Portal, Reader


@click.command()
@click.option(
    "--role", help="Role of company.toml to read as. Default: that of the token in SCORELINE_TOKEN."
)
@company_option
def mcp(role: str | None, company: str | None) -> None:
    """Answer an assistant over the Model Context Protocol, on standard input and output.

    The assistant starts this command itself: it reads what the role may see, and changes nothing.
    """
    try:
        from portal.assistants import server_of
    except ModuleNotFoundError:
        raise click.ClickException("The extra mcp is not installed: pip install 'scoreline[mcp]'.") from None
    if invented := lives_here(company):
        demo_company(invented)
    settings = Settings()
    roles = [one.name for one in load_company(settings).access.roles]
    if role and role not in roles:
        raise click.BadParameter(unknown("role", role, roles), param_hint="--role")
    secret = os.environ.get("SCORELINE_TOKEN", "")
    if not role and not secret:
        raise click.UsageError("Set SCORELINE_TOKEN to a token of `scoreline token create`, or pass --role.")
    portal = Portal(settings, LOCAL_ADDRESS)

    def reader() -> Reader:
        return Reader(portal, _viewer(portal, role, secret))

    if reader().viewer is None:
        raise click.ClickException(
            "SCORELINE_TOKEN is not a token of this home, was revoked, or its role is gone."
        )
    server_of(reader).run("stdio")


def _viewer(portal: Portal, role: str | None, secret: str) -> Viewer | None:
    """Return the viewer. Called for each tool, so that a revoked token ends at once."""
    access = portal.company.access
    if role:
        return viewer_of_token(access, f"mcp {role}", role)
    with read(portal.settings) as connection:
        token = token_of(connection, secret)
    return viewer_of_token(access, token.name, token.role) if token else None

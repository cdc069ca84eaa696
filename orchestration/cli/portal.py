"""`scoreline portal` and `scoreline token`: the web application, and what programs sign in to it with."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime

import click
import uvicorn

from foundation.errors import unknown
from foundation.settings import Settings, load_company
from foundation.settings.types import is_loopback
from foundation.store import begin, read
from foundation.store.audit import record
from foundation.store.sign_in import API, LINK, all_tokens, create_token, link_to, revoke_token
from orchestration.cli.demo_home import DEMO_AS_OF, company_option, demo_company, lives_here
from orchestration.cli.ports import free_port
from portal.app import create_app
from portal.web import LOCAL_ADDRESS, PORT


@click.command()
@click.option("--port", default=PORT, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@company_option
def portal(port: int, host: str, company: str | None) -> None:
    """Start the portal: pages for those who may read them, numbers to type in, goals, the API.

    Without any credentials, or with --company, it shows what `make demo` has built. Without a mail
    server, sign-in links are printed here.
    """
    if invented := lives_here(company):
        demo_company(invented)
        click.echo(f"The demo's company, clock at {DEMO_AS_OF:%Y-%m-%d %H:%M}Z.")
    settings = Settings()
    url = load_company(settings).access.portal_url
    if not is_loopback(host) and not url:
        raise click.ClickException(
            f"{settings.company_file}: access.portal_url is empty. Set the https:// address of the portal, or"
            " leave out --host."
        )
    if not url:  # a proxy knows the port
        port = free_port(port, "the portal", "--port", host)
    address = f"http://{host}:{port}"
    app = create_app(settings, address)
    access = load_company(settings).access
    click.echo(f"The portal: {url or address}   (Ctrl+C stops it)")
    if settings.smtp_url is None and "mail" in access.sign_in and access.admins:
        click.echo(
            f"Sign in as {access.admins[0]}, say: the link is printed here, because SMTP_URL is empty."
        )
    if settings.dagster_address is None:
        click.echo(
            "Typed-in numbers, goals and notes reach the pages with the next build: start `scoreline ui`, or"
            " run `scoreline run build`."
        )
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,  # addresses carry sign-in links
        server_header=False,
        proxy_headers=False,  # the portal knows which proxies to believe
    )


@click.group()
def token() -> None:
    """Create, list and revoke the tokens of programs that use the API."""


@token.command()
@click.option("--name", required=True, help="What the token is for, such as bi.")
@click.option("--role", required=True, help="Role of company.toml: what the program may read and type in.")
@click.option("--link", is_flag=True, help="Print an address for a spreadsheet, which only reads weekly.csv.")
def create(name: str, role: str, link: bool) -> None:
    """Create a token, and print it once."""
    settings = Settings()
    roles = [one.name for one in load_company(settings).access.roles]
    if role not in roles:
        raise click.BadParameter(unknown("role", role, roles), param_hint="--role")
    now = datetime.now(UTC)
    with begin(settings) as connection:
        if any(one.name == name and one.revoked_at is None for one in all_tokens(connection)):
            raise click.BadParameter(
                f"there is a token {name!r} already; revoke it first", param_hint="--name"
            )
        made, secret = create_token(
            connection,
            name=name,
            role=role,
            created_by=getpass.getuser(),
            now=now,
            kind=LINK if link else API,
        )
        record(
            connection,
            at=now,
            who=getpass.getuser(),
            action="made_token",
            subject=made.token_id,
            details={"name": name, "role": role, "kind": made.kind},
        )
    if link:
        url = load_company(settings).access.portal_url or LOCAL_ADDRESS
        click.echo(link_to(url, secret))
        click.echo("Keep it now: only its hash is stored. Whoever has the address reads the table.", err=True)
        return
    click.echo(secret)
    click.echo("Keep it now: only its hash is stored. Send it as `Authorization: Bearer ...`.", err=True)


@token.command("list")
def list_() -> None:
    """List the tokens, and when each was used last."""
    with read(Settings()) as connection:
        tokens = all_tokens(connection)
        if not tokens:
            click.echo("No tokens. `scoreline token create` makes one.")
        for one in tokens:
            state = "revoked" if one.revoked_at else "in use" if one.used_at else "not used yet"
            used = f", last {one.used_at:%Y-%m-%d %H:%M}Z" if one.used_at else ""
            kind = "  CSV link" if one.kind == LINK else ""
            click.echo(f"{one.token_id}  {one.name}  role {one.role}{kind}  {state}{used}")


@token.command()
@click.argument("token_id")
def revoke(token_id: str) -> None:
    """Revoke a token by its id, as `scoreline token list` shows it."""
    now = datetime.now(UTC)
    with begin(Settings()) as connection:
        if not revoke_token(connection, token_id, by=getpass.getuser(), now=now):
            raise click.BadParameter(
                f"there is no token {token_id!r} that can be revoked", param_hint="TOKEN_ID"
            )
        record(connection, at=now, who=getpass.getuser(), action="revoked_token", subject=token_id)
    click.echo(f"{token_id} is revoked.")

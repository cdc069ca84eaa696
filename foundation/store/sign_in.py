"""Links, sessions and tokens. Only hashes of them are stored; they run on real time (`now`)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import sqlalchemy as sa

from foundation.store.schema import sessions, sign_in_links, tokens

LINK_LASTS = timedelta(minutes=15)
LINKS_PER_ADDRESS, LINKS_PER_CLIENT = 5, 20
"""Links that may be asked for within an hour."""
SESSION_IDLE, SESSION_LASTS = timedelta(hours=12), timedelta(days=30)
API, LINK = "api", "link"
"""Kinds of tokens: sent with each request; in the address of a table."""


@dataclass(frozen=True)
class Session:
    """A signed-in browser."""

    hash: str
    address: str
    method: str
    """`mail`, `oidc` or `proxy`."""
    started_at: datetime
    seen_at: datetime


@dataclass(frozen=True)
class Token:
    """A program's access. The secret itself is shown once and not kept."""

    token_id: str
    name: str
    role: str
    created_at: datetime
    created_by: str
    used_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None
    kind: str = API
    """`api`, or `link`: part of an address that reads one table."""


def ask_for_link(
    connection: sa.Connection, *, address: str, client: str, known: bool, now: datetime
) -> str | None:
    """The secret of a new link; None: the address is unknown, or too many were asked for within an hour.

    A request from an unknown address counts too, and does the same work.

    Args:
        client: network address of whoever asks.
    """
    address = _key_of(address)
    # two requests at once are counted one after the other
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("lock table sign_in_links in exclusive mode"))
    hour = sign_in_links.c.asked_at > now - timedelta(hours=1)
    count = sa.select(sa.func.count()).select_from(sign_in_links)
    of_address = connection.execute(count.where(hour, sign_in_links.c.address == address)).scalar_one()
    of_client = connection.execute(count.where(hour, sign_in_links.c.client == client)).scalar_one()
    allowed = of_address < LINKS_PER_ADDRESS and of_client < LINKS_PER_CLIENT
    secret = secrets.token_urlsafe(32)
    if allowed:
        row = {
            "hash": hashed(secret) if known else None,
            "address": address,
            "client": client,
            "asked_at": now,
        }
        connection.execute(sa.insert(sign_in_links).values(row))
    return secret if allowed and known else None


def use_link(connection: sa.Connection, secret: str, now: datetime) -> str | None:
    """The address that the link signs in, once; None: it was used, it is too old, or it was never sent."""
    return connection.execute(
        sa.update(sign_in_links)
        .where(_open_link(secret, now))
        .values(used_at=now)
        .returning(sign_in_links.c.address)
    ).scalar()


def link_address(connection: sa.Connection, secret: str, now: datetime) -> str | None:
    """The address that the link would sign in, without using it; None: as in `use_link`."""
    return connection.execute(sa.select(sign_in_links.c.address).where(_open_link(secret, now))).scalar()


def _open_link(secret: str, now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(
        sign_in_links.c.hash == hashed(secret),
        sign_in_links.c.used_at.is_(None),
        sign_in_links.c.asked_at > now - LINK_LASTS,
        sign_in_links.c.asked_at <= now,
    )


def start_session(connection: sa.Connection, *, address: str, method: str, now: datetime) -> str:
    """The secret of a new session, for its cookie."""
    secret = secrets.token_urlsafe(32)
    row = {
        "hash": hashed(secret),
        "address": _key_of(address),
        "method": method,
        "started_at": now,
        "seen_at": now,
    }
    connection.execute(sa.insert(sessions).values(row))
    return secret


def session_of(connection: sa.Connection, secret: str, now: datetime) -> Session | None:
    """The session of a cookie; None: it has ended, was idle for too long, or never began."""
    row = connection.execute(
        sa.select(
            sessions.c.hash, sessions.c.address, sessions.c.method, sessions.c.started_at, sessions.c.seen_at
        ).where(
            sessions.c.hash == hashed(secret),
            sessions.c.ended_at.is_(None),
            sessions.c.seen_at > now - SESSION_IDLE,
            sessions.c.started_at > now - SESSION_LASTS,
        )
    ).mappings().first()  # fmt: skip
    return Session(**row) if row else None


def see_session(connection: sa.Connection, session: Session, now: datetime) -> None:
    """Note that the session is in use. Once in some minutes is enough."""
    connection.execute(sa.update(sessions).where(sessions.c.hash == session.hash).values(seen_at=now))


def end_session(connection: sa.Connection, secret: str, now: datetime) -> None:
    """Sign out in one browser."""
    _end(connection, sessions.c.hash == hashed(secret), now)


def end_sessions_of(connection: sa.Connection, address: str, now: datetime) -> None:
    """Sign out everywhere."""
    _end(connection, sessions.c.address == _key_of(address), now)


def _end(connection: sa.Connection, which: sa.ColumnElement[bool], now: datetime) -> None:
    connection.execute(sa.update(sessions).where(which, sessions.c.ended_at.is_(None)).values(ended_at=now))


def clear_old_sign_ins(connection: sa.Connection, now: datetime) -> None:
    """Delete links and sessions that nobody can use any more."""
    connection.execute(sa.delete(sign_in_links).where(sign_in_links.c.asked_at < now - timedelta(days=1)))
    connection.execute(
        sa.delete(sessions).where(
            sa.or_(
                sessions.c.ended_at < now - timedelta(days=1),
                sessions.c.seen_at < now - SESSION_IDLE,
                sessions.c.started_at < now - SESSION_LASTS,
            )
        )
    )


def create_token(
    connection: sa.Connection, *, name: str, role: str, created_by: str, now: datetime, kind: str = API
) -> tuple[Token, str]:
    """A new token and its secret, which is shown once."""
    secret = f"scoreline_{secrets.token_urlsafe(32)}"
    token = Token(secrets.token_hex(4), name, role, now, created_by, None, None, None, kind)
    row = {
        "token_id": token.token_id,
        "hash": hashed(secret),
        "name": name,
        "role": role,
        "kind": kind,
        "created_at": now,
        "created_by": created_by,
    }
    connection.execute(sa.insert(tokens).values(row))
    return token, secret


def token_of(connection: sa.Connection, secret: str, *, kind: str = API) -> Token | None:
    """Return the token of a secret; None: it was revoked or never made, or is of another kind."""
    same = (tokens.c.hash == hashed(secret), tokens.c.kind == kind, tokens.c.revoked_at.is_(None))
    return next(iter(_tokens(connection, *same)), None)


def link_to(url: str, secret: str) -> str:
    """The address of the table that a link's token reads. `url`: of the portal."""
    return f"{url.rstrip('/')}/links/{secret}/weekly.csv"


def use_token(connection: sa.Connection, token: Token, now: datetime) -> None:
    """Note when the token was used last. Once in some minutes is enough."""
    connection.execute(sa.update(tokens).where(tokens.c.token_id == token.token_id).values(used_at=now))


def all_tokens(connection: sa.Connection) -> list[Token]:
    """Every token, also the revoked ones, the newest first."""
    return _tokens(connection)


def revoke_token(connection: sa.Connection, token_id: str, *, by: str, now: datetime) -> bool:
    """Revoke a token. Returns False if no valid token has this id."""
    return bool(
        connection.execute(
            sa.update(tokens)
            .where(tokens.c.token_id == token_id, tokens.c.revoked_at.is_(None))
            .values(revoked_at=now, revoked_by=by)
        ).rowcount
    )


def _tokens(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> list[Token]:
    columns = [column for column in tokens.c if column.name != "hash"]
    query = sa.select(*columns).where(*where).order_by(tokens.c.created_at.desc(), tokens.c.token_id)
    return [Token(**row) for row in connection.execute(query).mappings()]


def hashed(secret: str) -> str:
    """Hash a secret for the store. Secrets are random and long, so one round is enough."""
    return sha256(secret.encode()).hexdigest()


def _key_of(address: str) -> str:
    return address.strip().lower()

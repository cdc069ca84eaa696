"""Alerts to the operator: one mail when something breaks, and one when it works again.

An alert that cannot be sent stays untold in the ledger of deliveries. Each run that sends alerts tries it
again, and fails until it is sent. `scoreline doctor` and the data health page show it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial

import sqlalchemy as sa

from foundation.settings import Company, Settings
from foundation.store.schema import alerts, deliveries
from foundation.warehouse import published_file, utc
from reports.engine.markup import plain
from reports.engine.queries import connect
from reports.look.numbers import instant
from reports.post.channels import post_of
from reports.post.channels.card import Card, Item, Part, Post
from reports.post.delivery import Postman
from reports.post.ledger import ledger, sending_lock
from reports.post.message import build
from reports.post.outcome import DeliveryFailed, failure_text
from reports.words import gate

AGAIN_AFTER = timedelta(hours=6)
"""How long to wait before retrying an alert that the mail server refused for good, or for a day."""
ENDS_SOON = timedelta(days=14)
"""How long before access expires to warn the operator."""


def source_conditions(settings: Settings) -> dict[str, str]:
    """Return the sources that fail, are late, refuse tables or send values that nobody can read: key -> what
    is wrong and the way out, in sentences. Reads the published database.

    Raises:
        LookupError: nothing has been published yet.
    """
    connection = connect(published_file(settings))
    try:
        rows = connection.execute(
            "select source, label, last_error, refused, unread from published.marts.dim_sources"
        ).fetchall()
    finally:
        connection.close()
    errors = {source: error for source, _, error, _, _ in rows}
    # a condition of its own: a source that fails for a day still refuses what it refused
    out = {
        f"{source} tables": (
            f"{label} refuses a part of its data. {plain(refused, 1200).rstrip('.')}. The numbers that"
            " need these tables are missing or stale, the others are not affected. Way out: `scoreline"
            f" doctor --source {source}` names what is missing. If the account is not meant to read these"
            " tables, do nothing."
        )
        for source, label, _, refused, _ in rows
        if refused
    } | {
        f"{source} values": (
            f"{label} sends values that nobody can read: {plain(unread, 1200).rstrip('.')}. The numbers of"
            " their days show what was read and are not judged. Way out: correct the records in"
            f" {label}. If a word is new and changes no number, add it to known_values under [{source}] in"
            ' company.toml as "table.field: word", for example "calls.direction: OUTGOING".'
        )
        for source, label, _, _, unread in rows
        if unread
    }
    for source, state in gate.source_states(settings).items():
        if state.state not in ("failing", "late"):
            continue
        error = f" The error was: {plain(errors[source], 600).rstrip('.')}." if errors.get(source) else ""
        out[source] = (
            f"{state.sentence}{error} The other sources are not affected; pages and mails mark its numbers"
            " with their date. Way out: `scoreline doctor` names what is wrong; correct it, then materialise"
            " the source's assets again in the Dagster UI."
        )
    return out


def data_conditions(settings: Settings) -> dict[str, str]:
    """Return what else the operator must do about the data: totals that differ, and access that ends. Key ->
    sentences and the way out.

    Raises:
        LookupError: nothing has been published yet.
    """
    out = {}
    with closing(connect(published_file(settings))) as connection:
        zone, as_of = connection.execute(
            "select time_zone, as_of from published.marts.dim_build"
        ).fetchone() or ("UTC", settings.now())
        for source, label, table, told, held in connection.execute(
            "select source, source_label, table_name, vendor_total, records_held from"
            " published.marts.fct_reconciliations where is_off"
        ).fetchall():
            out[f"{source}.{table} total"] = (
                f"{label} reports {told:,} {table.replace('_', ' ')}, but {held:,} are stored. Numbers from"
                f" them may be wrong. Way out: `scoreline backfill --source {source} --days 90`; if they"
                f" still differ, `scoreline doctor --source {source}` says what the credentials may not see."
            )
        for source, label, ends in connection.execute(
            "select source, label, access_ends from published.marts.dim_sources where state <>"
            " 'not_connected' and access_ends is not null"
        ).fetchall():
            if ends - as_of < ENDS_SOON:
                out[f"{source} access"] = (
                    f"The access to {label} ends on {instant(ends, zone)}. After that nothing can be read"
                    f" from it. Way out: connect it again before then; `scoreline doctor --source {source}`"
                    " says how."
                )
    return out


def tell_operator(
    settings: Settings, company: Company, conditions: Mapping[str, str], scope: str
) -> list[EmailMessage]:
    """Record what is wrong now, then send the operator every alert that is still untold, of all scopes.

    Args:
        conditions: everything that is wrong now: key -> what, why and the way out, in sentences.
        scope: a condition of this scope ends when it is missing from `conditions`; others stay.

    Returns:
        The mails that were sent now.

    Raises:
        DeliveryFailed: an alert is still untold, or the ledger can't be used.
    """
    remember(settings, conditions, scope)
    return tell_untold(settings, company)


def remember(settings: Settings, conditions: Mapping[str, str], scope: str) -> None:
    """Record what is wrong now, until it is over and the operator has been told both. `conditions`, `scope`:
    as in `tell_operator`.

    Raises:
        DeliveryFailed: the ledger can't be used.
    """
    with sending_lock(settings, "alerts"), ledger(settings) as connection:
        _remember(connection, settings, conditions, scope)


def tell_untold(settings: Settings, company: Company) -> list[EmailMessage]:
    """Send the operator every alert that is still untold, and every end of one. What cannot be sent stays
    untold.

    Returns:
        The mails that were sent now.

    Raises:
        DeliveryFailed: an alert is still untold, or may not have arrived, or the ledger can't be used.
    """
    told: list[EmailMessage] = []
    failed: dict[str, str] = {}
    uncertain: dict[str, str] = {}
    scopes: dict[str, None] = {}
    # held from looking to recording, so that no alert is sent twice; mails have their own lock
    with sending_lock(settings, "alerts"), ledger(settings) as connection:
        waiting = list(connection.execute(_UNTOLD.order_by(alerts.c.scope, alerts.c.key)).mappings())
        postman = Postman(settings, company.mail.sender) if waiting else None
        for row in waiting:
            assert postman
            report, period = _mail_of(row)
            outcomes = {
                recipient: postman.deliver(report, period, recipient, make)
                for recipient, make in _readers(settings, company, row).items()
            }
            for recipient, outcome in outcomes.items():
                if outcome.state not in ("sent", "already_sent"):
                    kind = uncertain if outcome.state == "uncertain" else failed
                    kind[f"{recipient} ({row['key']})"] = outcome.reason
                    scopes[row["scope"]] = None
                if isinstance(outcome.message, EmailMessage):
                    told.append(outcome.message)
            if any(outcome.state in ("pending", "failed") for outcome in outcomes.values()):
                continue
            if row["ended_at"] is None:
                connection.execute(sa.update(alerts).where(_is(row["scope"], row["key"])).values(told=1))
            else:
                connection.execute(sa.delete(alerts).where(_is(row["scope"], row["key"])))
    if failed or uncertain:
        text = failure_text("alert", ", ".join(scopes), failed, uncertain)
        raise DeliveryFailed(text, remembered=True, uncertain=not failed)
    return told


def _readers(
    settings: Settings, company: Company, row: sa.RowMapping
) -> dict[str, Callable[[str], EmailMessage | Post]]:
    """Return the recipients of an alert, and for each the function that composes their mail or message."""
    post = partial(_post, company, row)
    return {
        company.mail.operator: partial(_message, settings, company, row),
        **{channel: partial(post, channel) for channel in company.mail.alerts_also_to},
    }


_UNTOLD = sa.select(alerts).where(sa.or_(alerts.c.told == 0, alerts.c.ended_at.is_not(None)))


def _is(scope: str, key: str) -> sa.ColumnElement[bool]:
    return sa.and_(alerts.c.scope == scope, alerts.c.key == key)


@dataclass(frozen=True)
class Untold:
    """Something that the operator has not been told yet."""

    scope: str
    key: str
    text: str
    since: datetime
    why: str
    """Why the last try to send it failed; empty before the first try."""
    tries: int
    next_try_at: datetime | None
    """None: now."""
    mail: tuple[str, str]
    """(report, period) of its mail in the ledger."""


def untold(settings: Settings) -> list[Untold]:
    """What the operator has not been told yet.

    Raises:
        DeliveryFailed: the ledger can't be used.
    """
    found = []
    with ledger(settings) as connection:
        order = (alerts.c.since, alerts.c.scope, alerts.c.key)
        for row in list(connection.execute(_UNTOLD.order_by(*order)).mappings()):
            report, period = _mail_of(row)
            of_mail = sa.and_(deliveries.c.report == report, deliveries.c.period == period)
            # of several recipients, one who has not been told yet
            arrived = sa.case((deliveries.c.state.in_(["sent", "uncertain"]), 1), else_=0)
            attempts = sa.select(deliveries).where(of_mail).order_by(arrived, deliveries.c.attempt.desc())
            tried = connection.execute(attempts).mappings().first()
            at = (
                tried
                and tried["next_try_at"]
                or (utc(datetime.fromisoformat(tried["noted_at"]) + AGAIN_AFTER) if tried else None)
            )
            why, tries = (tried["error"] or "", tried["tries"]) if tried else ("", 0)
            found.append(
                Untold(
                    row["scope"],
                    row["key"],
                    row["text"],
                    _since(row),
                    why,
                    tries,
                    datetime.fromisoformat(at) if at else None,
                    _mail_of(row),
                )
            )
    return found


def _mail_of(row: sa.RowMapping) -> tuple[str, str]:
    """Return (report, period) in the ledger, for the mail about an alert or about its end."""
    return "alert" if row["ended_at"] is None else "recovery", f"{row['scope']}:{row['key']}:{row['since']}"


def _since(row: sa.RowMapping) -> datetime:
    return datetime.fromisoformat(row["since"].partition("#")[0])


def _remember(
    connection: sa.Connection, settings: Settings, conditions: Mapping[str, str], scope: str
) -> None:
    now = settings.now().isoformat(timespec="microseconds")
    known: set[str] = set(
        connection.execute(sa.select(alerts.c.key).where(alerts.c.scope == scope)).scalars()
    )
    for key, text in conditions.items():
        if key not in known:
            since = _unused(connection, scope, key, now)
            connection.execute(sa.insert(alerts).values(scope=scope, key=key, text=text, since=since))
        else:
            # it came back before its end was sent: for the operator it never ended
            connection.execute(sa.update(alerts).where(_is(scope, key)).values(text=text, ended_at=None))
    for key in known - conditions.keys():
        # also if nobody has heard of it yet: then one mail says that it began and ended
        ended = sa.func.coalesce(alerts.c.ended_at, now)
        connection.execute(sa.update(alerts).where(_is(scope, key)).values(ended_at=ended))


def _unused(connection: sa.Connection, scope: str, key: str, since: str) -> str:
    """Return the instant, with a number if the same condition already began at that instant: a fixed clock
    (`SCORELINE_AS_OF`) does not advance."""
    period = f"{scope}:{key}:{since}"
    count = connection.execute(
        sa.select(sa.func.count(deliveries.c.period.distinct())).where(
            deliveries.c.report.in_(["alert", "recovery"]),
            sa.func.substr(deliveries.c.period, 1, len(period)) == period,
        )
    ).scalar_one()
    return f"{since}#{count + 1}" if count else since


def _texts(company: Company, row: sa.RowMapping) -> tuple[str, str]:
    """Return subject and text of an alert, or of the mail that says it is over."""
    zone = company.company.time_zone
    since = instant(_since(row), zone)
    what = plain(row["text"], 2000)
    first = plain(what.split(". ")[0].rstrip("."), 110)
    if row["ended_at"] is None:
        text = (
            f"{what}\n\nSince: {since}\n\nYou get one mail when it begins and one when it is over, none in"
            " between.\n"
        )
        subject = first if first.startswith("Scoreline ") else f"Scoreline alert: {first}"
    else:
        ended = instant(datetime.fromisoformat(row["ended_at"]), zone)
        late = (
            ""
            if row["told"]
            else f"\n\nYou get this only now, because no mail could be sent to you before. It was:\n{what}"
        )
        text = (
            f"This is over: {first}.\n\nSince: {since}\nOver at: {ended}\n\nNothing has to be done.{late}\n"
        )
        subject = f"Scoreline, over: {first}"
    return subject, text


def _message(settings: Settings, company: Company, row: sa.RowMapping, mid: str) -> EmailMessage:
    subject, text = _texts(company, row)
    return build(
        settings, company, recipient=company.mail.operator, subject=subject, message_id=mid, text=text
    )


def _post(company: Company, row: sa.RowMapping, channel: str, mid: str) -> Post:
    subject, text = _texts(company, row)
    items = [Item(plain(paragraph, 1000)) for paragraph in text.split("\n") if paragraph.strip()]
    heading = "Over" if row["ended_at"] else "Alert"
    return post_of(channel, Card(subject, heading, plain(company.company.name), parts=[Part("", items)]))

"""Alerts to the operator: one mail when something breaks, one when it is mended, none in between."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime, timedelta
from email.message import EmailMessage

from foundation.settings import Company, Settings
from reports import gate
from reports.delivery import DeliveryFailed, Postman, failure_text, ledger, sending_lock
from reports.fmt import instant
from reports.mail import build
from reports.markup import plain
from reports.queries import connect

ENDS_SOON = timedelta(days=14)
"""So long before the access to a source ends the operator is told."""


def source_conditions(settings: Settings) -> dict[str, str]:
    """Sources that fail or run late, from the published database: source -> what it is and the way out.

    Raises:
        LookupError: nothing has been published yet.
    """
    connection = connect(settings.published_path)
    try:
        errors = dict(connection.execute("select source, last_error from published.marts.dim_sources").fetchall())
    finally:
        connection.close()
    out = {}
    for source, state in gate.source_states(settings).items():
        if state.state not in ("failing", "late"):
            continue
        error = f" The error was: {plain(errors[source], 600)}" if errors.get(source) else ""
        out[source] = (
            f"{state.sentence}{error} The other sources are not affected; pages and mails mark its numbers with their date. "
            f"Way out: `scoreline doctor` names what is wrong; mend it, then materialise the source's assets again in the Dagster UI."
        )
    return out


def data_conditions(settings: Settings) -> dict[str, str]:
    """What else the operator must do about the data: totals that are off, and access that ends; what -> sentences and the way out.

    Raises:
        LookupError: nothing has been published yet.
    """
    out = {}
    with closing(connect(settings.published_path)) as connection:
        zone, as_of = connection.execute("select time_zone, as_of from published.marts.dim_build").fetchone() or ("UTC", settings.now())
        for source, label, table, told, held in connection.execute(
            "select source, source_label, table_name, vendor_total, records_held from published.marts.fct_reconciliations where is_off"
        ).fetchall():
            out[f"{source}.{table} total"] = (
                f"{label} says that it has {told:,} {table.replace('_', ' ')}, and {held:,} are held. Numbers from them may be wrong. "
                f"Way out: `scoreline backfill --source {source} --days 90`; if they still differ, `scoreline doctor --source {source}` "
                "tells what the credentials may not see."
            )
        for source, label, ends in connection.execute(
            "select source, label, access_ends from published.marts.dim_sources where state <> 'not_connected' and access_ends is not null"
        ).fetchall():
            if ends - as_of < ENDS_SOON:
                out[f"{source} access"] = (
                    f"The access to {label} ends on {instant(ends, zone)}. After that nothing can be read from it. "
                    f"Way out: connect it anew before then; `scoreline doctor --source {source}` says how."
                )
    return out


def tell_operator(settings: Settings, company: Company, conditions: Mapping[str, str], scope: str) -> list[EmailMessage]:
    """Tell the operator what is new among the conditions of a scope, and what is over.

    A condition's key is remembered until it is gone. A mail that can't be sent is tried again at the next call: what is
    remembered moves on only with the mail.

    Args:
        conditions: everything that is wrong now: key -> what, why and the way out, in sentences.
        scope: conditions of other scopes are left alone.

    Returns:
        The mails that were sent now.

    Raises:
        DeliveryFailed: the operator's mail did not leave, or the ledger can't be read.
    """
    postman = Postman(settings, company.mail.sender)
    told: list[EmailMessage] = []
    failed: dict[str, str] = {}
    # held over look and note, so that two processes don't tell the same twice; the mails have a lock of their own
    with sending_lock(settings, "alerts"), ledger(settings) as connection:
        _remember(connection, settings, conditions, scope)
        for row in connection.execute(
            "select * from alerts where scope = ? and (told = 0 or ended_at is not null) order by key", [scope]
        ).fetchall():
            over = row["ended_at"] is not None
            outcome = postman.deliver(
                "recovery" if over else "alert",
                f"{scope}:{row['key']}:{row['since']}",
                company.mail.operator,
                lambda mid, row=row, over=over: _message(settings, company, mid, row, over),  # type: ignore[misc]
            )
            if outcome.state == "failed":
                failed[f"{company.mail.operator} ({row['key']})"] = outcome.reason
                continue
            if outcome.message is not None:
                told.append(outcome.message)
            if over:
                connection.execute("delete from alerts where scope = ? and key = ?", [scope, row["key"]])
            else:
                connection.execute("update alerts set told = 1 where scope = ? and key = ?", [scope, row["key"]])
    if failed:
        raise DeliveryFailed(failure_text("alert", scope, failed))
    return told


def _remember(connection: sqlite3.Connection, settings: Settings, conditions: Mapping[str, str], scope: str) -> None:
    now = settings.now().isoformat(timespec="microseconds")
    known = {row["key"]: row for row in connection.execute("select * from alerts where scope = ?", [scope]).fetchall()}
    for key, text in conditions.items():
        if key not in known:
            connection.execute(
                "insert into alerts (scope, key, text, since) values (?, ?, ?, ?)", [scope, key, text, _unused(connection, scope, key, now)]
            )
        else:
            # back before its end was told: for the operator it never ended
            connection.execute("update alerts set text = ?, ended_at = null where scope = ? and key = ?", [text, scope, key])
    for key, row in known.items():
        if key in conditions:
            continue
        if row["told"]:
            connection.execute("update alerts set ended_at = coalesce(ended_at, ?) where scope = ? and key = ?", [now, scope, key])
        else:  # nobody heard of it, so nobody needs to hear that it is over
            connection.execute("delete from alerts where scope = ? and key = ?", [scope, key])


def _unused(connection: sqlite3.Connection, scope: str, key: str, since: str) -> str:
    """The instant, made different where the same thing began at the same instant before: a clock set by hand stands still."""
    period = f"{scope}:{key}:{since}"
    sql = "select count(*) from deliveries where report = 'alert' and substr(period, 1, ?) = ?"
    (count,) = connection.execute(sql, [len(period), period]).fetchone()
    return f"{since}#{count + 1}" if count else since


def _message(settings: Settings, company: Company, mid: str, row: sqlite3.Row, over: bool) -> EmailMessage:
    zone = company.company.time_zone
    since = instant(datetime.fromisoformat(row["since"].partition("#")[0]), zone)
    what = plain(row["text"], 2000)
    first = plain(what.split(". ")[0].rstrip("."), 110)
    if over:
        ended = instant(datetime.fromisoformat(row["ended_at"]), zone)
        text = f"This is over: {first}.\n\nSince: {since}\nOver at: {ended}\n\nNothing has to be done.\n"
        subject = f"Scoreline, over: {first}"
    else:
        text = f"{what}\n\nSince: {since}\n\nYou get one mail when it begins and one when it is over, none in between.\n"
        subject = f"Scoreline alert: {first}"
    return build(settings, company, recipient=company.mail.operator, subject=subject, message_id=mid, text=text)

"""Replaces a lost or damaged ledger of deliveries, so that nobody gets a mail twice."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from foundation.settings import Company, Settings
from foundation.store.copies import replace_store
from foundation.store.engine import copy_in, name_of, open_store
from foundation.warehouse import backups
from reports.post.alerts import untold
from reports.post.delivery import Postman
from reports.post.due import due, pending
from reports.post.ledger import ledger, sending_lock
from reports.post.outcome import DeliveryFailed, LedgerLost
from reports.post.round import recipients


def new_ledger(settings: Settings, company: Company) -> tuple[Path | None, Path | None]:
    """Replace a lost or damaged store, with the entries and goals of the newest backup. Mails that are due
    now, or were being sent, count as uncertain: nobody can know who has them, so they are not sent
    automatically.

    Returns:
        The backup that it comes from, and the new place of the damaged file.

    Raises:
        DeliveryFailed: the store is neither lost nor damaged, so it stays.
    """
    try:
        with ledger(settings):
            pass
    except LedgerLost:
        pass
    else:
        raise DeliveryFailed(f"{name_of(settings)} can be read. There is nothing to replace.")
    copies = [copy for folder in backups(settings) if (copy := copy_in(folder, settings))]
    backup = copies[-1] if copies else None
    with sending_lock(settings), TemporaryDirectory(dir=settings.home, prefix=".new-ledger-") as folder:
        # completed in a temporary home, so that nobody sends by half a ledger
        other = settings.model_copy(update={"home": Path(folder), "store_url": None})
        if backup:
            shutil.copyfile(backup, other.home / backup.name)
        open_store(other)
        postman = Postman(other, company.mail.sender)
        why = "the ledger that recorded it was lost"
        lost: list[tuple[str, str, str]] = [
            (one.report, one.period, address)
            for one in due(settings, company)
            for address in recipients(company, one.report)
        ]
        lost += [(row["report"], row["period"], row["recipient"]) for row in pending(other)]
        lost += [
            (*one.mail, reader)
            for one in untold(other)
            for reader in (company.mail.operator, *company.mail.alerts_also_to)
        ]
        for report, period, address in lost:
            postman.assume(report, period, address, why)
        return backup, replace_store(settings, other.home)

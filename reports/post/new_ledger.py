"""Another ledger of deliveries in the place of one that is lost or damaged, so that nobody gets a mail
twice."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from foundation.settings import Company, Settings
from foundation.warehouse import backups
from reports.post.alerts import untold
from reports.post.delivery import Postman
from reports.post.due import due, pending
from reports.post.ledger import ledger, sending_lock
from reports.post.outcome import DeliveryFailed, LedgerLost
from reports.post.round import recipients


def new_ledger(settings: Settings, company: Company) -> tuple[Path | None, Path | None]:
    """Put another ledger in the place of one that is lost or damaged. What is due now, or was on its way,
    counts as uncertain in it: nobody can know who has it, so nothing of it is sent by itself.

    Returns:
        The backup that it comes from, and where the damaged file went.

    Raises:
        DeliveryFailed: the ledger is neither lost nor damaged, so it stays.
    """
    path = settings.deliveries_path
    try:
        with ledger(settings):
            pass
    except LedgerLost:
        pass
    else:
        raise DeliveryFailed(f"{path} can be read. There is nothing to replace.")
    backup = next(
        (copy for folder in reversed(backups(settings)) if (copy := folder / path.name).exists()), None
    )
    with sending_lock(settings), TemporaryDirectory(dir=settings.home, prefix=".new-ledger-") as folder:
        # made whole in a home of its own, so that nobody sends by half a ledger
        other = settings.model_copy(update={"home": Path(folder)})
        if backup:
            shutil.copyfile(backup, other.deliveries_path)
        postman = Postman(other, company.mail.sender)
        why = "the ledger that knew was lost"
        lost: list[tuple[str, str, str]] = [
            (one.report, one.period, address)
            for one in due(settings, company)
            for address in recipients(company, one.report)
        ]
        lost += [(row["report"], row["period"], row["recipient"]) for row in pending(other)]
        lost += [(*one.mail, company.mail.operator) for one in untold(other)]
        for report, period, address in lost:
            postman.assume(report, period, address, why)
        aside = path.with_name(f"{path.stem}.{settings.now():%Y%m%dT%H%M%SZ}.replaced{path.suffix}")
        # with its journal, which SQLite would apply to the new file
        for end in ("", "-journal"):
            if (old := Path(f"{path}{end}")).exists():
                old.replace(f"{aside}{end}")
        other.deliveries_path.replace(path)
    if not aside.stat().st_size:
        aside.unlink()
    return backup, aside if aside.exists() else None

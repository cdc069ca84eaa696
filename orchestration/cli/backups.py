"""`scoreline backup`, `restore` and `new-ledger`: what cannot be computed again."""

from __future__ import annotations

import click

from foundation.calendar import local_date
from foundation.settings import Settings, load_company


@click.command()
def backup() -> None:
    """Back up the warehouse and the store.

    Copies them into today's folder of var/backups. The first build of each day does this automatically.
    """
    from foundation.backup import make_backup

    settings = Settings()
    folder = settings.backups_dir / local_date(settings.now(), load_company(settings).zone).isoformat()
    make_backup(settings, folder)
    click.echo(f"Backed up to {folder}. `scoreline restore` restores it.")


@click.command()
@click.argument("day", required=False)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def restore(day: str | None, yes: bool) -> None:
    """Restore the warehouse from a backup.

    DAY is YYYY-MM-DD. Default: the newest backup. The current file is moved aside, not deleted. The store
    stays as it is.
    """
    from foundation import backup as work

    settings = Settings()
    day = work.backup_of(settings, day).name
    if not yes:
        click.confirm(f"Replace {settings.warehouse_path} with the backup of {day}?", abort=True)
    folder, aside = work.restore(settings, day)
    if aside:
        click.echo(f"Moved the previous file to {aside}.")
    click.echo(
        f"Restored the warehouse of {folder.name}. The store is unchanged: nothing typed is lost, and no mail"
        " goes out twice."
    )
    click.echo("Next: run `scoreline run refresh` to read what changed since, then `scoreline run build`.")


@click.command("new-ledger")
def new_ledger() -> None:
    """Replace a lost or damaged store, with the ledger of deliveries in it.

    Mails that are due now count as uncertain and are not sent again automatically.
    """
    from foundation.store.engine import name_of
    from reports.post import new_ledger as work

    settings = Settings()
    backup, aside = work.new_ledger(settings, load_company(settings))
    if aside:
        click.echo(f"Moved the previous file to {aside}.")
    origin = f"restored from the backup of {backup.parent.name}" if backup else "empty"
    click.echo(f"{name_of(settings)} is {origin}.")
    click.echo(
        "Mails that are due now count as uncertain. `scoreline doctor` lists them, with the command that"
        " sends each again."
    )

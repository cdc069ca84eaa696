"""Checks that belong to no source: names in `.env`, the mail server's password, seeds, the site's address,
the home folder and its disk."""

from __future__ import annotations

import contextlib
import difflib
import shutil
from collections.abc import Iterator

from dotenv import dotenv_values

from dlt_pipelines.core.source import Finding
from dlt_pipelines.doctor.findings import credential_ages
from foundation.errors import ScorelineError
from foundation.private import open_to_others
from foundation.seeds import MOST_FAULTS, SEEDS, seed_faults
from foundation.settings import Company, EnvSettings, Settings, env_file
from foundation.warehouse import backups, open_warehouse, warehouse_kind

LEAST_FREE = 1_000_000_000
"""Bytes that should be free on the disk of the home."""


def findings(settings: Settings, company: Company) -> Iterator[Finding]:
    """All findings about this machine."""
    yield from _misspelt()
    yield from _mail(settings, company)
    yield from _files(settings, company)
    yield from _home(settings, company)


def _misspelt() -> Iterator[Finding]:
    """Yield the names in `.env` that nothing reads and that look like a name that is read. Their source would
    silently be "not connected"."""
    known = {str(field.alias).upper() for kind in _kinds(EnvSettings) for field in kind.model_fields.values()}
    known |= {"SCORELINE_ENV_FILE", "SCORELINE_COMPANIES"}
    for name in dotenv_values(env_file(), interpolate=False, encoding="utf-8-sig"):
        if name.upper() in known:
            continue
        if near := difflib.get_close_matches(name.upper(), known, 1, 0.8):
            detail = f"{env_file()} sets {name}, which nothing reads"
            yield Finding("settings", name, "warn", detail, f"Correct the name: {near[0]}.")


def _kinds(base: type[EnvSettings]) -> list[type[EnvSettings]]:
    return [kind for child in base.__subclasses__() for kind in (child, *_kinds(child))]


def _mail(settings: Settings, company: Company) -> Iterator[Finding]:
    secrets = {
        "SMTP_URL": settings.smtp_url,
        "SLACK_WEBHOOK_URL": settings.slack_webhook_url,
        "TEAMS_WEBHOOK_URL": settings.teams_webhook_url,
    }
    given = {name: secret.get_secret_value() for name, secret in secrets.items() if secret}
    if given:
        yield from credential_ages("mail", settings, company, given)
    wanted = {*(one.channel for one in company.mail.subscriptions), *company.mail.alerts_also_to} - {"mail"}
    for channel in ("slack", "teams"):
        name = f"{channel.upper()}_WEBHOOK_URL"
        if channel in wanted and name not in given:
            detail = f"{name} is not set: messages become files in {settings.outbox_dir}"
            yield Finding("mail", channel, "info", detail, f"Set {name} to send them.")
        elif name in given and channel not in wanted:
            detail = f"{name} is set, but company.toml sends nothing there"
            way_out = f'Add channel = "{channel}" to a subscription, or "{channel}" to mail.alerts_also_to.'
            yield Finding("mail", channel, "info", detail, way_out)
        elif name in given:
            yield Finding("mail", channel, "ok", "has a webhook, which is tried with the next message")


def _files(settings: Settings, company: Company) -> Iterator[Finding]:
    """Yield the seeds that a build would refuse, and the address that mails link to."""
    wrong = [fault for name in SEEDS for fault in seed_faults(settings, name)]
    for fault in wrong[:MOST_FAULTS]:
        yield Finding(
            "settings", "seeds", "fail", fault, "Correct the file; `scoreline check` lists all faults."
        )
    if not wrong:
        yield Finding("settings", "seeds", "ok", f"{len(SEEDS)} files in {settings.seeds_dir}")
    if not company.pages.site_url:
        detail = "pages.site_url is empty: mails do not link to the site"
        yield Finding("settings", "site address", "info", detail, "Set it once the site is published.")
    elif company.pages.site_url.startswith("http://"):
        detail = f"{company.pages.site_url} is not encrypted"
        yield Finding("settings", "site address", "warn", detail, "Serve the site by https://.")
    else:
        yield Finding("settings", "site address", "ok", company.pages.site_url)


def _disk(settings: Settings) -> Iterator[Finding]:
    """Yield whether the disk has room for the next build, which writes a second copy of what readers see, and
    a backup."""
    place = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(place).free
    size = settings.warehouse_path.stat().st_size if settings.warehouse_path.exists() else 0
    detail = f"{free / 1e9:.1f} GB free where {settings.home} is"
    if free < max(LEAST_FREE, 2 * size):
        way_out = "Make room: a build needs twice the size of the warehouse. backup.keep limits the backups."
        yield Finding("home", "disk", "fail" if free < LEAST_FREE / 5 else "warn", detail, way_out)
    else:
        yield Finding("home", "disk", "ok", detail)


def _lake(settings: Settings) -> Iterator[Finding]:
    """Yield whether the lake can be reached, if the warehouse is one."""
    if warehouse_kind(settings) == "file":
        if settings.catalog_url:
            detail = "WAREHOUSE_CATALOG_URL is set, but company.toml does not say [warehouse] kind = ducklake"
            yield Finding("warehouse", "lake", "warn", detail, "Write it there, or unset the variable.")
        return
    try:
        with contextlib.closing(open_warehouse(settings).look()) as connection:
            tables = connection.execute("select count(*) from information_schema.tables").fetchone()
        yield Finding("warehouse", "lake", "ok", f"{tables[0] if tables else 0} tables")
    except ScorelineError as error:
        yield Finding("warehouse", "lake", "fail", str(error), "Loads and builds need it.")


def _home(settings: Settings, company: Company) -> Iterator[Finding]:
    """Yield whether other users of the machine can read the home, whether its disk has room, and how old the
    newest backup is."""
    for path in open_to_others(settings, company):
        detail = f"other users of this machine can read {path}"
        yield Finding("home", "permissions", "warn", detail, f"chmod go-rwx {path}")
    yield from _disk(settings)
    yield from _lake(settings)
    if not settings.warehouse_path.exists():
        return
    if copies := backups(settings):
        yield Finding("home", "backup", "ok", f"newest: {copies[-1].name}")
    else:
        way_out = "The next build makes one, or `scoreline backup`."
        yield Finding("home", "backup", "info", "there is none yet", way_out)

"""Checks of what no source owns: names in `.env`, the mail server's password, the home folder."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from dotenv import dotenv_values

from dlt_pipelines.doctor import credential_ages
from dlt_pipelines.doctor.findings import Finding
from foundation.private import open_to_others
from foundation.settings import Company, EnvSettings, Settings, env_file
from foundation.warehouse import backups


def findings(settings: Settings, company: Company) -> Iterator[Finding]:
    """All findings about this machine."""
    yield from _misspelt()
    yield from _mail(settings, company)
    yield from _home(settings, company)


def _misspelt() -> Iterator[Finding]:
    """Names in `.env` that nothing reads and that look like one that is read. Their source would silently be
    "not connected"."""
    known = {str(field.alias).upper() for kind in _kinds(EnvSettings) for field in kind.model_fields.values()}
    known.add("SCORELINE_ENV_FILE")
    for name in dotenv_values(env_file(), interpolate=False, encoding="utf-8-sig"):
        if name.upper() in known:
            continue
        if near := difflib.get_close_matches(name.upper(), known, 1, 0.8):
            detail = f"{env_file()} sets {name}, which nothing reads"
            yield Finding("settings", name, "warn", detail, f"Correct the name: {near[0]}.")


def _kinds(base: type[EnvSettings]) -> list[type[EnvSettings]]:
    return [kind for child in base.__subclasses__() for kind in (child, *_kinds(child))]


def _mail(settings: Settings, company: Company) -> Iterator[Finding]:
    if settings.smtp_url:
        yield from credential_ages.findings(
            "mail", settings, company, {"SMTP_URL": settings.smtp_url.get_secret_value()}
        )


def _home(settings: Settings, company: Company) -> Iterator[Finding]:
    """Whether other users of the machine can read the home, and how old the newest backup is."""
    for path in open_to_others(settings, company):
        detail = f"other users of this machine can read {path}"
        yield Finding("home", "permissions", "warn", detail, f"chmod go-rwx {path}")
    if not settings.warehouse_path.exists():
        return
    if copies := backups(settings):
        yield Finding("home", "backup", "ok", f"the newest is of {copies[-1].name}")
    else:
        way_out = "The next build makes one, or `scoreline backup`."
        yield Finding("home", "backup", "info", "there is none yet", way_out)

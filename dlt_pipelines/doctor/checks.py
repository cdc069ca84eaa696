"""The doctor: what stands between a source and its data, each with the way out. It never prints a secret, and
it changes nothing but the memory of how old the credentials are."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Literal

import duckdb
from dotenv import dotenv_values

from dlt_pipelines import versions
from dlt_pipelines.core.clocks import APART
from dlt_pipelines.doctor import credential_ages
from dlt_pipelines.doctor.findings import Finding
from dlt_pipelines.errors import PermanentError, SourceError, TransientError
from dlt_pipelines.registry import SOURCES, SourceEntry
from dlt_pipelines.wire.connection import Connection
from dlt_pipelines.wire.redaction import Redactor, redacted_logs
from foundation.calendar import local_date
from foundation.private import open_to_others
from foundation.settings import Company, EnvSettings, Settings, SettingsError, env_file
from foundation.warehouse import backups, read_published

__all__ = ["Finding", "diagnose"]


def diagnose(settings: Settings, company: Company, sources: Collection[str] | None = None) -> list[Finding]:
    """Look at the given sources (all, and the mail server's password, without `sources`): credentials and
    their age, versions, reach, permissions, configured ids, people, budget.

    Raises:
        PermanentError: a source of that name does not exist.
    """
    unknown = sorted(set(sources or ()) - set(SOURCES))
    if unknown:
        raise PermanentError(f"unknown source {', '.join(unknown)}; there are: {', '.join(SOURCES)}")
    chosen = [entry for name, entry in SOURCES.items() if sources is None or name in sources]
    found = [finding for entry in chosen for finding in _source(entry, settings, company)]
    return found if sources else [*found, *_misspelt(), *_mail(settings, company), *_home(settings, company)]


def _home(settings: Settings, company: Company) -> Iterator[Finding]:
    """Whether other users of the machine can read the home, and how old the newest backup is."""
    for path in open_to_others(settings, company):
        way_out = f"chmod go-rwx {path}"
        yield Finding("home", "permissions", "warn", f"other users of this machine can read {path}", way_out)
    if settings.warehouse_path.exists():
        copies = backups(settings)
        newest = f"the newest is of {copies[-1].name}" if copies else "there is none yet"
        level: Literal["ok", "info"] = "ok" if copies else "info"
        yield Finding(
            "home",
            "backup",
            level,
            newest,
            "" if copies else "The next build makes one, or `scoreline backup`.",
        )


def _mail(settings: Settings, company: Company) -> Iterator[Finding]:
    if settings.smtp_url:
        yield from credential_ages.findings(
            "mail", settings, company, {"SMTP_URL": settings.smtp_url.get_secret_value()}
        )


def _source(entry: SourceEntry, settings: Settings, company: Company) -> list[Finding]:
    """The findings of one source. Whatever goes wrong is one of them, so that the other sources are looked at
    too."""
    redact = Redactor()
    findings: list[Finding] = []
    with redacted_logs(redact):
        try:
            for finding in _look(entry, settings, company, redact):
                findings.append(finding)
        except (SourceError, SettingsError) as error:
            findings.append(_broken(error, entry))
        except Exception as error:  # of a library, about a value that nobody foresaw
            detail = f"{type(error).__name__}: {error}"
            findings.append(
                Finding(
                    entry.name,
                    "access",
                    "fail",
                    detail,
                    f"Check the settings of {entry.label} or report this text.",
                )
            )
    return [Finding(f.source, f.check, f.level, redact(f.detail), redact(f.way_out)) for f in findings]


def _look(entry: SourceEntry, settings: Settings, company: Company, redact: Redactor) -> Iterator[Finding]:
    source = entry.source
    if source.credentials is not None:
        variables = source.credentials.variables()
        if not all(variables.values()):
            yield from _lacking(entry, variables)
            return
        credentials = source.credentials()
        redact.learn(*credentials.secrets())
        values = credential_ages.values_of(credentials)
        yield from (Finding(entry.name, name, "ok", "set") for name in variables if name not in values)
        yield from credential_ages.findings(entry.name, settings, company, values)
    yield from versions.findings(entry.name, company, local_date(settings.now(), company.zone))
    client = source.connect(settings, company)
    assert client is not None  # its credentials are set
    yield Finding(
        entry.name, "connection", "ok", source.identify(client) or "an account that has no name yet"
    )
    yield from _refused(entry, settings)
    yield from source.diagnose(client, settings, company)
    yield from _clock(entry, client, settings)


def _clock(entry: SourceEntry, client: Connection, settings: Settings) -> Iterator[Finding]:
    """Whether this machine's clock and the vendor's differ; a clock that is set to the past by
    `SCORELINE_AS_OF` is meant."""
    told = client.clock()
    ahead = settings.now() - told if told else timedelta()
    if ahead > APART or (ahead < -APART and settings.as_of is None):
        apart = f"{abs(ahead)} {'ahead of' if ahead > timedelta() else 'behind'}"
        way_out = (
            "Correct the machine's clock and keep it right (NTP). Loads go by the earlier of the two clocks."
        )
        yield Finding(
            entry.name, "clock", "warn", f"this machine's clock is {apart} {entry.label}'s", way_out
        )


def _refused(entry: SourceEntry, settings: Settings) -> Iterator[Finding]:
    """The tables that the vendor refused at the last load that was published, and the lines that have no
    number without them."""
    try:
        with contextlib.closing(read_published(settings)) as connection:
            rows = connection.execute(
                "select t.table_name, t.reason, string_agg(distinct l.label, ', ' order by l.label) from"
                " marts.dim_source_tables as t left join marts.dim_line_tables as n using (source,"
                " table_name) left join marts.dim_lines as l using (line_id) where t.source = ? and t.state ="
                " 'refused' group by all order by t.table_name",
                [entry.name],
            ).fetchall()
    except (LookupError, duckdb.Error):
        return  # nothing was published yet, or by an older version
    for table, reason, lines in rows:
        needed = f"Without it these lines have no whole number: {lines}." if lines else "No line needs it."
        way_out = "Give the account the permission that the text names and load again." if lines else ""
        yield Finding(
            entry.name,
            f"table {table}",
            "warn" if lines else "info",
            f"refused at the last load: {reason}. {needed}",
            way_out,
        )


def _lacking(entry: SourceEntry, variables: dict[str, bool]) -> Iterator[Finding]:
    if not any(variables.values()):
        yield Finding(
            entry.name,
            "credentials",
            "info",
            f"not connected: {' and '.join(variables)} not set",
            f"To connect {entry.label}, set them in {env_file()} or in the environment.",
        )
        return
    for name, is_set in variables.items():
        if is_set:
            yield Finding(entry.name, name, "ok", "set")
        else:
            way_out = f"Set it in {env_file()} or in the environment."
            yield Finding(entry.name, name, "fail", "not set, while others of this source are", way_out)


def _misspelt() -> Iterator[Finding]:
    """Names in `.env` that nothing reads and that look like one that is read: their source would be "not
    connected" without a word."""
    known = {
        str(field.alias).upper() for kind in _kinds(EnvSettings) for field in kind.model_fields.values()
    } | {"SCORELINE_ENV_FILE"}
    for name in dotenv_values(env_file(), interpolate=False, encoding="utf-8-sig"):
        if name.upper() not in known and (near := difflib.get_close_matches(name.upper(), known, 1, 0.8)):
            yield Finding(
                "settings",
                name,
                "warn",
                f"{env_file()} sets {name}, which nothing reads",
                f"Correct the name: {near[0]}.",
            )


def _kinds(base: type[EnvSettings]) -> list[type[EnvSettings]]:
    return [kind for child in base.__subclasses__() for kind in (child, *_kinds(child))]


def _broken(error: Exception, entry: SourceEntry) -> Finding:
    if isinstance(error, TransientError):
        return Finding(
            entry.name,
            "reach",
            "fail",
            str(error),
            "Check the network and the vendor's status page, and try again later.",
        )
    return Finding(entry.name, "access", "fail", str(error), "See the text; then run the doctor again.")

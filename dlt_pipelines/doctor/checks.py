"""The doctor: finds what is missing between each source and its data, and says how to fix it.

It never prints a secret. It changes nothing except its record of how old the credentials are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from datetime import timedelta

import duckdb

from dlt_pipelines.core import versions
from dlt_pipelines.core.clocks import APART
from dlt_pipelines.core.source import Finding
from dlt_pipelines.doctor import machine
from dlt_pipelines.doctor.findings import credential_ages
from dlt_pipelines.errors import SourceError, TransientError
from dlt_pipelines.registry import SOURCES, SourceEntry, source_entry
from dlt_pipelines.wire.connection import Connection
from dlt_pipelines.wire.credential_ages import values_of
from dlt_pipelines.wire.redaction import Redactor, redacted_logs
from foundation.calendar import local_date
from foundation.settings import Company, Settings, SettingsError, env_file
from foundation.warehouse import WarehouseError, open_warehouse, read_published


def diagnose(settings: Settings, company: Company, sources: Collection[str] | None = None) -> list[Finding]:
    """Check the given sources: credentials and their age, versions, reach, permissions, configured ids,
    people, budget. Without `sources`: all of them, and this machine.

    Raises:
        PermanentError: a source does not exist.
    """
    chosen = [source_entry(name) for name in (SOURCES if sources is None else dict.fromkeys(sources))]
    found = [finding for entry in chosen for finding in _source(entry, settings, company)]
    return found if sources else [*found, *machine.findings(settings, company)]


def _source(entry: SourceEntry, settings: Settings, company: Company) -> list[Finding]:
    """Return the findings of one source. An error becomes a finding, so that the other sources are checked
    too."""
    redact = Redactor()
    findings: list[Finding] = []
    with redacted_logs(redact):
        try:
            for finding in _checks(entry, settings, company, redact):
                findings.append(finding)  # those before an error stay
        except Exception as error:
            findings.append(_failed(entry, error))
    return [Finding(f.source, f.check, f.level, redact(f.detail), redact(f.way_out)) for f in findings]


def _checks(entry: SourceEntry, settings: Settings, company: Company, redact: Redactor) -> Iterator[Finding]:
    source = entry.source
    if source.credentials is not None:
        variables = source.credentials.variables()
        if not all(variables.values()):
            yield from _lacking(entry, variables)
            return
        credentials = source.credentials()
        redact.learn(*credentials.secrets())
        values = values_of(credentials)
        yield from (Finding(entry.name, name, "ok", "set") for name in variables if name not in values)
        yield from credential_ages(entry.name, settings, company, values)
    yield from versions.findings(entry.name, company, local_date(settings.now(), company.zone))
    client = source.connect(settings, company)
    assert client is not None  # its credentials are set
    account = source.identify(client) or "an account that has no name yet"
    yield Finding(entry.name, "connection", "ok", account)
    yield from _refused(entry, settings)
    found = list(source.diagnose(client, settings, company))
    yield from found
    if all(finding.level != "fail" for finding in found):
        yield from _last_load(entry, settings)  # otherwise the cause is named already
    yield from _clock(entry, client, settings)


def _clock(entry: SourceEntry, client: Connection, settings: Settings) -> Iterator[Finding]:
    """Whether this machine's clock and the vendor's differ. `SCORELINE_AS_OF` may be in the past."""
    theirs = client.clock()
    ahead = settings.now() - theirs if theirs else timedelta()
    if ahead > APART or (ahead < -APART and settings.as_of is None):
        apart = f"{abs(ahead)} {'ahead of' if ahead > timedelta() else 'behind'}"
        detail = f"this machine's clock is {apart} {entry.label}'s"
        way_out = (
            "Correct the machine's clock and keep it right (NTP). Loads use the earlier of the two clocks."
        )
        yield Finding(entry.name, "clock", "warn", detail, way_out)


def _last_load(entry: SourceEntry, settings: Settings) -> Iterator[Finding]:
    """Yield why the last load failed, by the ledger: reading may be allowed and the shape of an answer
    wrong."""
    try:
        with contextlib.closing(open_warehouse(settings).look()) as connection:
            rows = connection.execute(
                "select error, string_agg(table_name, ', ' order by table_name), max(finished_at) from"
                " ledger.loads where source = ? and load_id = (select arg_max(load_id, load_number) from"
                " ledger.loads where source = ?) and status = 'failed' group by error",
                [entry.name, entry.name],
            ).fetchall()
    except (duckdb.Error, WarehouseError):
        return  # a load is writing, or nothing was ever loaded; or another finding says what is wrong
    for error, tables, when in rows:
        yield Finding(
            entry.name,
            "last load",
            "fail",
            f"failed on {when:%Y-%m-%d %H:%M %Z} ({tables}): {error}",
            "Do what the text says and load again: `scoreline run refresh`.",
        )


def _refused(entry: SourceEntry, settings: Settings) -> Iterator[Finding]:
    """Yield the tables that were refused or not read in full at the last published load, and the lines that
    have no whole number without them."""
    try:
        with contextlib.closing(read_published(settings)) as connection:
            rows = connection.execute(
                "select t.table_name, t.state, t.reason, string_agg(distinct l.label, ', ' order by l.label)"
                " from marts.dim_source_tables as t left join marts.dim_line_tables as n using (source,"
                " table_name) left join marts.dim_lines as l using (line_id) where t.source = ? and t.state"
                " in ('refused', 'partial') group by all order by t.table_name",
                [entry.name],
            ).fetchall()
    except (LookupError, duckdb.Error):
        return  # nothing is published yet, or an older version published it
    for table, state, reason, lines in rows:
        needed = f"Without it these lines have no whole number: {lines}." if lines else "No line needs it."
        way_out = "Do what the text says, then load again: `scoreline run refresh`." if lines else ""
        said = "refused at the last load" if state == "refused" else "not read in full"
        detail = f"{said}: {reason.rstrip('.')}. {needed}"
        yield Finding(entry.name, f"table {table}", "warn" if lines else "info", detail, way_out)


def _lacking(entry: SourceEntry, variables: dict[str, bool]) -> Iterator[Finding]:
    """Yield the credentials that are not set. It is a failure if others of the source are set, otherwise
    information."""
    if not any(variables.values()):
        detail = f"not connected: {' and '.join(variables)} not set"
        way_out = f"To connect {entry.label}, set them in {env_file()} or in the environment."
        yield Finding(entry.name, "credentials", "info", detail, way_out)
        return
    for name, is_set in variables.items():
        if is_set:
            yield Finding(entry.name, name, "ok", "set")
        else:
            way_out = f"Set it in {env_file()} or in the environment."
            yield Finding(entry.name, name, "fail", "not set, while others of this source are", way_out)


def _failed(entry: SourceEntry, error: Exception) -> Finding:
    """Return the finding for a check that raised an error."""
    if isinstance(error, TransientError):
        way_out = "Check the network and the vendor's status page, and try again later."
        return Finding(entry.name, "reach", "fail", str(error), way_out)
    if isinstance(error, SourceError | SettingsError):
        return Finding(entry.name, "access", "fail", str(error), "See the text; then run the doctor again.")
    detail = f"{type(error).__name__}: {error}"  # of a library, about a value that nobody expected
    way_out = f"Check the settings of {entry.label} or report this text."
    return Finding(entry.name, "access", "fail", detail, way_out)

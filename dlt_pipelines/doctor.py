"""The doctor: what stands between a source and its data, each with the way out. It never prints a secret and changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal

from dlt_pipelines import versions
from dlt_pipelines.credentials import Redactor, redacted_logs
from dlt_pipelines.errors import PermanentError, SourceError, TransientError
from dlt_pipelines.findings import Finding
from dlt_pipelines.registry import SOURCES, SourceEntry
from foundation.calendar import local_date
from foundation.private import open_to_others
from foundation.settings import Company, Settings, env_file
from foundation.warehouse import backups

__all__ = ["Finding", "diagnose"]


def diagnose(settings: Settings, company: Company, sources: Collection[str] | None = None) -> list[Finding]:
    """Look at the given sources (all without `sources`): credentials, reach, permissions, configured ids, people, budget.

    Raises:
        PermanentError: a source of that name does not exist.
    """
    unknown = sorted(set(sources or ()) - set(SOURCES))
    if unknown:
        raise PermanentError(f"unknown source {', '.join(unknown)}; there are: {', '.join(SOURCES)}")
    chosen = [entry for name, entry in SOURCES.items() if sources is None or name in sources]
    found = [finding for entry in chosen for finding in _source(entry, settings, company)]
    return found if sources else [*found, *_home(settings, company)]


def _home(settings: Settings, company: Company) -> Iterator[Finding]:
    """Whether other users of the machine can read the home, and how old the newest backup is."""
    for path in open_to_others(settings, company):
        way_out = f"chmod go-rwx {path}"
        yield Finding("home", "permissions", "warn", f"other users of this machine can read {path}", way_out)
    if settings.warehouse_path.exists():
        copies = backups(settings)
        newest = f"the newest is of {copies[-1].name}" if copies else "there is none yet"
        level: Literal["ok", "info"] = "ok" if copies else "info"
        yield Finding("home", "backup", level, newest, "" if copies else "The next build makes one, or `scoreline backup`.")


def _source(entry: SourceEntry, settings: Settings, company: Company) -> list[Finding]:
    module = entry.load_module()
    findings: list[Finding] = []
    if module.CREDENTIALS is not None:
        findings += _credentials(entry, module.CREDENTIALS.variables())
        if any(finding.level != "ok" for finding in findings):
            return findings
    findings += versions.findings(entry.name, company, local_date(settings.now(), company.zone))
    redact = Redactor(module.CREDENTIALS().secrets() if module.CREDENTIALS else ())
    with redacted_logs(redact):
        try:
            client = module.connect(settings, company)
            findings.append(Finding(entry.name, "connection", "ok", module.identify(client)))
            findings.extend(_each(entry, module.diagnose(client, settings, company)))
        except SourceError as error:
            findings.append(_broken(error, entry))
    return [Finding(f.source, f.check, f.level, redact(f.detail), redact(f.way_out)) for f in findings]


def _each(entry: SourceEntry, found: Iterator[Finding]) -> Iterator[Finding]:
    try:
        yield from found
    except SourceError as error:
        yield _broken(error, entry)


def _credentials(entry: SourceEntry, variables: dict[str, bool]) -> Iterator[Finding]:
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


def _broken(error: SourceError, entry: SourceEntry) -> Finding:
    if isinstance(error, TransientError):
        return Finding(entry.name, "reach", "fail", str(error), "Check the network and the vendor's status page, and try again later.")
    return Finding(entry.name, "access", "fail", str(error), "See the text; then run the doctor again.")

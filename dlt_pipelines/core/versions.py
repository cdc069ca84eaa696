"""The versions of vendors' APIs that are in use, and when they end: for the doctor and the data health
page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from dlt_pipelines.core.api_versions import LastDay
from dlt_pipelines.core.source import Finding
from dlt_pipelines.registry import SOURCES
from foundation.settings import Company
from foundation.warehouse import ApiVersion

WARN_DAYS = 90
"""The doctor and the data health page warn this many days before a version ends."""


@dataclass(frozen=True)
class Version:
    """A version that a source requests."""

    name: str
    part: str
    """The part of the API that it serves; empty: all of it."""
    last_day: LastDay | None
    """None: unknown."""


def in_use(source: str, company: Company) -> list[Version]:
    """Return the versions that a source requests; none for files and databases."""
    if (versions := SOURCES[source].source.versions) is None:
        return []
    return [Version(name, part, versions.last_day(name)) for name, part in versions.in_use(company).items()]


def rows(source: str, company: Company) -> list[ApiVersion]:
    """Return them as rows for `Warehouse.prepare()`."""
    return [
        ApiVersion(
            source,
            version.name,
            version.part,
            last.day if last else None,
            str(last) if last else None,
            last.day - timedelta(days=WARN_DAYS) if last else None,
        )
        for version in in_use(source, company)
        for last in [version.last_day]
    ]


def findings(source: str, company: Company, today: date) -> Iterator[Finding]:
    """Yield the last day of each version in use; a warning within the last `WARN_DAYS` days."""
    versions = SOURCES[source].source.versions
    setting = versions.setting if versions else None
    for version in in_use(source, company):
        part = f" ({version.part})" if version.part else ""
        if version.last_day is None:
            yield Finding(source, "API version", "info", f"{version.name}{part}: last day unknown")
            continue
        left = (version.last_day.day - today).days
        way_out = f"Set {setting} in company.toml to a newer version." if setting else "Update Scoreline."
        if left > WARN_DAYS:
            yield Finding(source, "API version", "ok", f"{version.name}{part}: last day {version.last_day}")
        elif left >= 0:
            yield Finding(
                source,
                "API version",
                "warn",
                f"{version.name}{part}: last day {version.last_day}, in {left} days",
                way_out,
            )
        else:
            passed = "it has passed" if version.last_day.precision == "day" else "it may have passed"
            yield Finding(
                source,
                "API version",
                "warn",
                f"{version.name}{part}: last day {version.last_day}, {passed}",
                way_out,
            )

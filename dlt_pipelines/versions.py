"""Versions of vendors' APIs in use, and the last day of each. If a vendor moves a date, correct it here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from dlt_pipelines.doctor.findings import Finding
from dlt_pipelines.sources.hubspot import api as hubspot_api
from foundation.settings import Company
from foundation.warehouse import ApiVersion

WARN_DAYS = 90
"""The doctor and the data health page warn this many days before a version ends."""


@dataclass(frozen=True)
class LastDay:
    """The last day on which a vendor supports a version."""

    day: date
    precision: Literal["day", "month", "at least"] = "day"
    """month: only the month is published; `day` is its first day. at least: the vendor promises support until
    then."""

    def __str__(self) -> str:
        return {"day": f"{self.day}", "month": f"in {self.day:%B %Y}", "at least": f"not before {self.day}"}[
            self.precision
        ]


def _day(text: str) -> LastDay:
    return LastDay(date.fromisoformat(text))


def _month(text: str) -> LastDay:
    return LastDay(date.fromisoformat(f"{text}-01"), "month")


# checked on 29 November 2026 against the vendors' changelogs and timetables
_HUBSPOT = {
    "v4": _day("2027-03-30"),
    # without v1 and v2: they serve only endpoints for which HubSpot publishes no dated path and no last day
    "v3": _month("2027-09"),
    # 18 months after the release
    "2026-03": _day("2027-09-30"),
    "2026-09": _day("2028-03-09"),
}
_GOOGLE_ADS = {
    "v22": _day("2026-10-06"),
    "v23": _month("2027-02"),
    "v24": _month("2027-05"),
    "v25": _month("2027-08"),
    "v26": _month("2027-11"),
}
_META_ADS = {"v24.0": _day("2026-11-10"), "v25.0": _day("2027-02-23")}
_LINKEDIN_ADS = {
    "202511": _day("2026-11-16"),
    "202601": _day("2027-01-15"),
    "202602": _day("2027-02-15"),
    "202603": _day("2027-03-16"),
}


def _months_later(year: int, month: int, months: int) -> LastDay | None:
    years, month = divmod(month - 1 + months, 12)
    return LastDay(date(year + years, month + 1, 1), "at least") if year + years < 9999 else None


def _hubspot(version: str) -> LastDay | None:
    year, _, month = version.partition("-")
    return _HUBSPOT.get(version) or (
        _months_later(int(year), int(month), 18) if year.isdigit() and month.isdigit() else None
    )


def _linkedin_ads(version: str) -> LastDay | None:
    return _LINKEDIN_ADS.get(version) or _months_later(int(version[:4]), int(version[4:]), 12)


def _unknown(version: str) -> LastDay | None:
    return None


_LAST_DAYS: Mapping[str, Callable[[str], LastDay | None]] = {
    "hubspot": _hubspot,
    "google_ads": _GOOGLE_ADS.get,
    "meta_ads": _META_ADS.get,
    "linkedin_ads": _linkedin_ads,
}
"""Source -> the last day of a version. None, or no entry: the vendor publishes none."""

_IN_USE: Mapping[str, Callable[[Company], dict[str, str]]] = {
    "hubspot": hubspot_api.versions,
    "google_ads": lambda company: {company.google_ads.api_version: ""},
    "meta_ads": lambda company: {company.meta_ads.api_version: ""},
    "linkedin_ads": lambda company: {company.linkedin_ads.api_version: ""},
    "intercom": lambda company: {company.intercom.api_version: ""},
    "simplefin": lambda company: {f"protocol {company.simplefin.protocol_version}": ""},
    "autotask": lambda _: {"v1.0": ""},
    "microsoft_graph": lambda _: {"v1.0": ""},
    "smartlead": lambda _: {"v1": ""},
    "billcom": lambda _: {"v3": ""},
    "zendesk": lambda _: {"v2": ""},
    "quickbooks": lambda _: {"v3": "minor version 75"},
    "datto_rmm": lambda _: {"v2": ""},
    "datto_bcdr": lambda _: {"v1": ""},
    "copper": lambda _: {"v1": ""},
    "justcall": lambda _: {"v2.1": ""},
}
"""Source -> the versions it requests with the settings of `company.toml`, and the part of the API that each
serves."""

_SETTINGS = {
    name: f"{name}.api_version" for name in ("hubspot", "google_ads", "meta_ads", "linkedin_ads", "intercom")
} | {"simplefin": "simplefin.protocol_version"}
"""Source -> the setting of `company.toml` that selects the version."""


@dataclass(frozen=True)
class Version:
    """A version that a source requests."""

    name: str
    part: str
    """The part of the API that it serves; empty: all of it."""
    last_day: LastDay | None
    """None: unknown."""


def in_use(source: str, company: Company) -> list[Version]:
    """The versions that a source requests; none for files and databases."""
    last_day = _LAST_DAYS.get(source, _unknown)
    asked = _IN_USE[source](company) if source in _IN_USE else {}
    return [Version(name, part, last_day(name)) for name, part in asked.items()]


def rows(source: str, company: Company) -> list[ApiVersion]:
    """The same for `Warehouse.prepare()`."""
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


def ended(label: str, source: str, company: Company) -> Callable[[str], str]:
    """For `Vendor.outdated`: what to do if the vendor has ended the version that a source requests."""
    version = in_use(source, company)[0].name
    return lambda _: (
        f"If {label} has ended version {version} of its API, set {_SETTINGS[source]} in company.toml to a"
        " newer one."
    )


def findings(source: str, company: Company, today: date) -> Iterator[Finding]:
    """The last day of each version in use; a warning within the last `WARN_DAYS` days."""
    setting = _SETTINGS.get(source)
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

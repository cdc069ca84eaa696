"""The versions of its API that a source requests, and the last day of each.

`versions.py` reports them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from foundation.settings import Company


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


def last_day(text: str) -> LastDay:
    """From "2027-03-30", or "2027-02" where the vendor publishes only the month."""
    if len(text) == len("2027-02"):
        return LastDay(date.fromisoformat(f"{text}-01"), "month")
    return LastDay(date.fromisoformat(text))


def months_after(year: int, month: int, months: int) -> LastDay | None:
    """The promise of a vendor that supports each version for a number of months after its release."""
    years, month = divmod(month - 1 + months, 12)
    return LastDay(date(year + years, month + 1, 1), "at least") if year + years < 9999 else None


@dataclass(frozen=True)
class ApiVersions:
    """What a source says about the versions of its API."""

    in_use: Callable[[Company], Mapping[str, str]]
    """The versions that it requests with the settings of company.toml, and the part of the API that each
    serves; empty: all of it."""
    setting: str | None = None
    """The setting of company.toml that selects the version. None: the source is written for one."""
    last_day: Callable[[str], LastDay | None] = lambda _: None
    """The last day of a version. None: the vendor publishes none."""

    def ended(self, label: str, company: Company) -> Callable[[str], str]:
        """For `Vendor.outdated`: what to do if the vendor has ended the version that the source requests."""
        version = next(iter(self.in_use(company)))
        return lambda _: (
            f"If {label} has ended version {version} of its API, set {self.setting} in company.toml to a"
            " newer one."
        )


def only(version: str, part: str = "") -> ApiVersions:
    """Return the versions of a source that is written for one version, whose last day the vendor does not
    publish."""
    return ApiVersions(lambda _: {version: part})

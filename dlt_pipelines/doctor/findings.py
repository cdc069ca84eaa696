"""Checks of the doctor that several sources share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from dlt_pipelines.core.source import Finding
from dlt_pipelines.errors import NotAvailable
from dlt_pipelines.wire.credential_ages import since
from foundation.calendar import local_date
from foundation.seeds import seed_rows
from foundation.settings import Company, Settings, load_company


def readable(source: str, what: str, call: Callable[[], Any], way_out: str) -> Finding:
    """Return whether the credentials may read `what`. `call` asks for it."""
    try:
        call()
    except NotAvailable as error:
        return Finding(source, what, "fail", str(error), way_out)
    return Finding(source, what, "ok", "may be read")


def existing(
    source: str, setting: str, wanted: Iterable[Any], there: Mapping[Any, str], what: str
) -> Finding:
    """Return whether every id of a list in company.toml exists. `there`: the vendor's ids -> labels."""
    missing = [str(value) for value in wanted if value not in there]
    if not missing:
        return Finding(source, setting, "ok", f"every {what} of {source}.{setting} exists")
    choice = ", ".join(
        f"{value} ({label})" if label != value else str(value) for value, label in list(there.items())[:20]
    )
    return Finding(
        source,
        setting,
        "fail",
        f"{source}.{setting} names {', '.join(missing)}, but there is no such {what}",
        f"Correct company.toml. The account has: {choice or 'none'}.",
    )


def currency_differs(source: str, who: str, currency: Any, company: Company) -> Iterator[Finding]:
    """Yield a finding if a system keeps its money in another currency than company.toml says. Nothing if they
    agree, or the system does not say."""
    if currency and str(currency).upper() != company.company.currency:
        yield Finding(
            source,
            "currency",
            "warn",
            f"{who} counts in {currency}, company.toml in {company.company.currency}: amounts without a"
            " currency of their own are left out",
            "If that is not intended, correct company.currency in company.toml.",
        )


def people_missing(source: str, settings: Settings, emails: Collection[str], what: str) -> Iterator[Finding]:
    """Yield the people in people.csv whom a tool does not know. The tool's column there, such as
    `hubspot_email`, is for an address that differs from `email`.

    Args:
        emails: the tool's addresses, in lower case.
        what: the tool's word for a person.
    """
    column = f"{source}_email"
    today = local_date(settings.now(), load_company(settings).zone).isoformat()
    unknown: list[dict[str, str]] = []
    wrong: list[dict[str, str]] = []
    for row in seed_rows(settings, "people", "person_key", "full_name", "email"):
        own = row.get(column)
        left = row.get("active_to")
        if (own or row["email"]).lower() in emails or (left and left < today):
            continue
        (wrong if own else unknown).append(row)
    for row in wrong:
        yield Finding(
            source,
            "people",
            "fail",
            f"no {what} has the address {row[column]} of {row['full_name']}",
            f"Correct {column} of {row['person_key']} in people.csv.",
        )
    if unknown:
        yield Finding(
            source,
            "people",
            "info",
            f"no {what}: {', '.join(row['full_name'] for row in unknown)}",
            f"For people who work in this tool, fill in {column} in people.csv; for the others there is"
            " nothing to do.",
        )
    if not wrong and not unknown:
        yield Finding(source, "people", "ok", f"every person in people.csv is a {what}")


def credential_ages(
    source: str, settings: Settings, company: Company, values: dict[str, str]
) -> Iterator[Finding]:
    """Yield the age of each credential; a warning if it is older than `credentials.rotate_after_days`."""
    most = company.credentials.rotate_after_days
    for name, first_seen in since(settings, source, values).items():
        days = (settings.now() - first_seen).days
        age = f"set, the same since {first_seen:%Y-%m-%d} ({days} {'day' if days == 1 else 'days'})"
        if days > most:
            way_out = (
                f"Replace {name} with a new one from the vendor, or raise credentials.rotate_after_days in"
                f" company.toml (it is {most})."
            )
            yield Finding(source, name, "warn", age, way_out)
        else:
            yield Finding(source, name, "ok", age)

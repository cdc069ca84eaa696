"""The invented companies that live in the vendors of the sandbox; the sandbox's clock decides how much of a
life is visible.

`cedar`: Cedar Ridge IT, a managed-service company in every system, from July 2024 to the end of 2026, with
the golden weeks. `sales`: Brightwater Labs, a sales team in HubSpot alone, with the volume of a mid-sized
CRM.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sandbox.companies import account, brightwater
from sandbox.companies.base import Book
from sandbox.companies.cedar_ridge import (
    accounting,
    ads,
    backups,
    copper,
    deals,
    directory,
    justcall,
    machines,
    marketing,
    outreach,
    payables,
    sales,
    security,
    service,
    support,
)
from sandbox.engine.store import Store

COMPANIES = ("cedar", "sales")
ALONE = {"sales": ("hubspot",)}
"""Company -> the vendors it works with; one that is not named here works with all. The others answer, and
    have nothing of it."""

LIVES: dict[str, Callable[[Book], None]] = {
    "quickbooks": accounting.write,
    "microsoft_graph": security.write,
    "smartlead": outreach.write,
    "billcom": payables.write,
    "copper": copper.write,
    "justcall": justcall.write,
    "zendesk": support.write_zendesk,
    "intercom": support.write_intercom,
    "google_ads": ads.write_google,
    "meta_ads": ads.write_meta,
    "linkedin_ads": ads.write_linkedin,
    "datto_rmm": machines.write,
    "datto_bcdr": backups.write,
}
"""Vendor -> writes the company's life into that vendor's tables, once it is first asked for something. They
may read the tables of HubSpot and Autotask, which are always there, and nothing of each other: what two
vendors share is a function of the seed."""


def build(seed: int, company: str) -> Store:
    """A company's life.

    Raises:
        ValueError: no such company.
    """
    if company not in COMPANIES:
        raise ValueError(f"unknown company {company!r}; there are {', '.join(COMPANIES)}")
    book = Book(seed)
    if company == "sales":
        brightwater.write(book)
        return book.store
    book.store.pending.update({vendor: partial(write, book) for vendor, write in LIVES.items()})
    account.write_autotask(book)
    account.write_hubspot(book)
    people = directory.write(book)
    sales.write(book, people)
    deals.write(book, people)
    marketing.write(book)
    service.write(book, people)
    return book.store

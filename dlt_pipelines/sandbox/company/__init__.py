"""Cedar Ridge IT, the invented managed-service company that lives in the vendors of the sandbox.

`build` writes its whole life (from July 2024 to the end of 2026) into a store; the sandbox's clock decides how much of it is visible.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from dlt_pipelines.sandbox.company import (
    account,
    accounting,
    ads,
    backups,
    copper,
    crm,
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
from dlt_pipelines.sandbox.company.base import Book
from dlt_pipelines.sandbox.store import Store

SCALES = ("demo", "crm")

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
"""Vendor -> writes the company's life into that vendor's tables, once it is first asked for something. They may read the tables of
HubSpot and Autotask, which are always there, and nothing of each other: what two vendors share is a function of the seed."""


def build(seed: int, scale: str) -> Store:
    """The company's life. `demo`: with the golden weeks. `crm`: HubSpot holds the volume of a mid-sized CRM instead.

    Raises:
        ValueError: no such scale.
    """
    if scale not in SCALES:
        raise ValueError(f"unknown scale {scale!r}; there are {', '.join(SCALES)}")
    book = Book(seed)
    book.store.pending.update({vendor: partial(write, book) for vendor, write in LIVES.items()})
    account.write_autotask(book)
    if scale == "crm":
        crm.write(book)
        service.write(book, directory.write(Book(seed)))
        return book.store
    account.write_hubspot(book)
    people = directory.write(book)
    sales.write(book, people)
    deals.write(book, people)
    marketing.write(book)
    service.write(book, people)
    return book.store

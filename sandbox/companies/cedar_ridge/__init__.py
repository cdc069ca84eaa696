"""Cedar Ridge IT, a managed-service company in every system, from July 2024 to the end of 2026, with the golden
weeks."""

from __future__ import annotations

from sandbox.companies import account
from sandbox.companies.base import ZONE, Book, Company
from sandbox.companies.cedar_ridge import (
    accounting,
    ads,
    backups,
    capacity,
    copper,
    deals,
    directory,
    finance,
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


def write(book: Book) -> None:
    """HubSpot and Autotask, which every other vendor's tables may refer to."""
    account.write_autotask(book)
    account.write_hubspot(book)
    people = directory.write(book)
    sales.write(book, people)
    deals.write(book, people)
    marketing.write(book)
    service.write(book, people)


COMPANY = Company(
    zone=ZONE,
    write=write,
    lives={
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
    },
    finances=finance.CedarFinances,
    databases=capacity.Databases,
)

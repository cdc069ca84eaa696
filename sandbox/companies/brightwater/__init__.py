"""Brightwater Labs, the second invented company: nine people who sell water testing in Britain, in HubSpot
alone.

At the demo's clock its CRM has the volume of `VOLUME`, none of it archived, written down from January 2023 to
October 2025 and growing by the year. Within the twelve months before the clock, and within 2025, it won 7
deals worth 110,019.00 in 733 days together, and lost
19. Nothing is added later; one record in a hundred changes daily, to measure with.
"""

from __future__ import annotations

from datetime import date, timedelta

from sandbox.companies import account
from sandbox.companies.base import HOUR, Book, Company, edit
from sandbox.companies.brightwater.activities import write_activities
from sandbox.companies.brightwater.calendar import ZONE, at
from sandbox.companies.brightwater.contacts import write_companies, write_contacts
from sandbox.companies.brightwater.crm import OWNERS, VOLUME, Crm
from sandbox.companies.brightwater.deals import write_deals

CHANGES_FROM, CHANGING_DAYS, CHANGED_SHARE = date(2025, 10, 27), 60, 0.01
"""From that day on, one record in a hundred of every object is edited each day between 13:00 and 14:00 of the
company's clock."""


def write(book: Book) -> None:
    """The whole CRM."""
    account.hubspot_account(
        book,
        portalId=51_330_912,
        timeZone="Europe/London",
        companyCurrency="GBP",
        utcOffset="+00:00",
        utcOffsetMilliseconds=0,
    )
    account.hubspot_owners(book, OWNERS)
    crm = Crm()
    write_contacts(book, crm, write_companies(book))
    write_deals(book, crm)
    write_activities(book, crm)
    _daily_changes(book)


def _daily_changes(book: Book) -> None:
    for kind in VOLUME:
        rng = book.rng("sales", "changes", kind)
        records = list(book.store.tables[f"hubspot.{kind}"])
        share = max(round(len(records) * CHANGED_SHARE), 1)
        for offset in range(CHANGING_DAYS):
            noon = at(CHANGES_FROM + timedelta(days=offset), 13)
            for record_id in rng.sample(records, share):
                change = {"hs_lead_status": rng.choice(("OPEN", "CONNECTED"))} if kind == "contacts" else {}
                edit(book, kind, record_id, noon + rng.randrange(HOUR), change)


COMPANY = Company(zone=ZONE, write=write, vendors=("hubspot",))

"""The invented companies that live in the vendors; the sandbox's clock decides how much of a life is visible.

A company is a package with a `COMPANY` and one entry here.
"""

from __future__ import annotations

from functools import partial

from sandbox.companies import brightwater, cedar_ridge
from sandbox.companies.base import Book, Company
from sandbox.engine.store import Store, not_collecting

COMPANIES: dict[str, Company] = {"cedar": cedar_ridge.COMPANY, "sales": brightwater.COMPANY}


def build(seed: int, company: str) -> Store:
    """A company's life.

    Raises:
        ValueError: no such company.
    """
    if company not in COMPANIES:
        raise ValueError(f"unknown company {company!r}; expected {' or '.join(COMPANIES)}")
    found = COMPANIES[company]
    book = Book(seed, Store(zone=found.zone, finances=found.finances(seed)))
    book.store.pending.update({vendor: partial(write, book) for vendor, write in found.lives.items()})
    with not_collecting():
        found.write(book)
    return book.store

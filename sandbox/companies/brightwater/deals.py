"""Deals: those that were won and lost, and those that are open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sandbox.companies import names
from sandbox.companies.base import Book, edit
from sandbox.companies.brightwater.calendar import FIRST, HOLIDAYS, LAST, at
from sandbox.companies.brightwater.crm import Crm, Deal, there
from sandbox.companies.cedar_ridge.deals import DISQUALIFIED, LOST, WON, walk
from sandbox.engine.formats import hubspot_time

_PRODUCTS = (
    "Legionella programme",
    "Effluent analysis",
    "Drinking water survey",
    "Cooling tower testing",
    "Sensor network",
    "Laboratory portal",
    "Compliance audit",
    "Pool water contract",
)

# days from creation to close (733 together), closed on, amount (110,019.00 together)
_WON_2025 = (
    (41, date(2025, 1, 28), "8450.00"),
    (147, date(2025, 3, 12), "22300.00"),
    (84, date(2025, 4, 30), "12975.00"),
    (181, date(2025, 6, 17), "31500.00"),
    (63, date(2025, 7, 24), "9800.00"),
    (119, date(2025, 9, 10), "14494.00"),
    (98, date(2025, 10, 15), "10500.00"),
)
# how many, last stage, first and last day on which they were closed; nothing was closed in November and
# December 2024
_CLOSED = (
    (2, WON, date(2023, 7, 17), date(2023, 12, 8)),
    (3, LOST, date(2023, 6, 5), date(2023, 11, 24)),
    (6, WON, date(2024, 1, 16), date(2024, 10, 8)),
    (15, LOST, date(2024, 1, 9), date(2024, 10, 16)),
    (1, DISQUALIFIED, date(2024, 5, 14), date(2024, 5, 14)),
    (19, LOST, date(2025, 1, 8), date(2025, 10, 22)),
    (2, DISQUALIFIED, date(2025, 3, 18), date(2025, 8, 20)),
)
# stage, made, came into the stage, planned close, amount (None: missing), pushes of the close date, something
# is done until (None: now)
OPEN_DEALS: tuple[tuple[str, date, date, date, str | None, int, date | None], ...] = (
    ("1042001", date(2025, 10, 21), date(2025, 10, 21), date(2026, 1, 30), None, 0, None),
    ("1042001", date(2025, 10, 13), date(2025, 10, 13), date(2026, 1, 16), "6200.00", 0, None),
    ("1042001", date(2025, 8, 28), date(2025, 8, 28), date(2025, 12, 12), "4800.00", 0, date(2025, 9, 4)),
    ("1042002", date(2025, 9, 22), date(2025, 10, 16), date(2025, 12, 19), "11250.00", 0, None),
    ("1042002", date(2025, 9, 8), date(2025, 10, 3), date(2026, 2, 13), "8900.00", 1, None),
    ("1042002", date(2025, 7, 15), date(2025, 8, 6), date(2025, 11, 28), None, 2, date(2025, 8, 29)),
    ("appointmentscheduled", date(2025, 9, 3), date(2025, 10, 20), date(2025, 12, 5), "14600.00", 0, None),
    ("appointmentscheduled", date(2025, 8, 18), date(2025, 10, 9), date(2025, 11, 21), "7350.00", 1, None),
    (
        "appointmentscheduled",
        date(2025, 7, 7),
        date(2025, 8, 12),
        date(2025, 10, 10),
        "19800.00",
        1,
        date(2025, 9, 10),
    ),
    ("appointmentscheduled", date(2025, 9, 16), date(2025, 10, 14), date(2026, 1, 9), "5400.00", 0, None),
    ("qualifiedtobuy", date(2025, 6, 24), date(2025, 10, 7), date(2025, 11, 14), "23500.00", 2, None),
    (
        "qualifiedtobuy",
        date(2025, 5, 20),
        date(2025, 8, 1),
        date(2025, 12, 1),
        "16750.00",
        3,
        date(2025, 8, 21),
    ),
    ("qualifiedtobuy", date(2025, 8, 5), date(2025, 10, 22), date(2025, 12, 18), "9950.00", 0, None),
    (
        "qualifiedtobuy",
        date(2025, 6, 3),
        date(2025, 8, 19),
        date(2025, 11, 24),
        "28400.00",
        1,
        date(2025, 9, 3),
    ),
    ("presentationscheduled", date(2025, 6, 11), date(2025, 10, 2), date(2025, 11, 7), "12400.00", 2, None),
    ("presentationscheduled", date(2025, 5, 6), date(2025, 9, 30), date(2025, 10, 17), "34900.00", 4, None),
    (
        "presentationscheduled",
        date(2025, 4, 15),
        date(2025, 7, 22),
        date(2025, 9, 26),
        "10800.00",
        2,
        date(2025, 8, 15),
    ),
    ("decisionmakerboughtin", date(2025, 5, 28), date(2025, 10, 8), date(2025, 11, 4), "17600.00", 1, None),
    ("decisionmakerboughtin", date(2025, 4, 2), date(2025, 9, 11), date(2025, 10, 24), "21300.00", 3, None),
    ("contractsent", date(2025, 3, 26), date(2025, 10, 17), date(2025, 10, 31), "15250.00", 2, None),
)


def write_deals(book: Book, crm: Crm) -> None:
    rng = book.rng("sales", "deals")
    asked = sorted(
        (contact for contact in crm.warm if contact.opportunity), key=lambda contact: contact.opportunity or 0
    )

    def deal(
        made: int, until: int, last: str, amount: str | None, quiet_from: int, plans: Sequence[int] = ()
    ) -> None:
        # whoever became an opportunity at about the time, if possible a customer where the deal was won, and
        # none elsewhere
        free = [contact for contact in asked if contact.id not in crm.in_deals and contact.created < made]
        contact = min(
            free,
            key=lambda contact: (contact.customer != (last == WON), abs((contact.opportunity or 0) - made)),
        )
        crm.in_deals.add(contact.id)
        number, owner = len(crm.deals), contact.owner or there(rng, made)
        first = there(rng, made)
        name = f"{rng.choice(_PRODUCTS)}, {rng.choice(names.CITIES_UK)}"
        estimate = (
            f"{round(float(amount) * rng.uniform(0.7, 1.3), -2):.2f}"
            if amount and number % 3 == 0
            else amount
        )
        props = {
            "dealname": f"{name} & renewal" if number % 20 == 4 else name,
            "dealtype": rng.choices(("newbusiness", "existingbusiness"), (80, 20))[0],
            "deal_currency_code": "GBP",
            "amount": estimate,
            "hs_analytics_source": contact.source,
            "hubspot_owner_id": first if number % 9 == 5 else owner,
        }
        if plans:
            props["closedate"] = hubspot_time(plans[0])
        deal_id = walk(
            book,
            rng,
            made,
            until,
            last,
            props,
            {"contacts": [contact.id], "companies": [contact.firm]},
            pace=3,
        )
        span = min(quiet_from, until) - made
        if estimate != amount:
            edit(book, "deals", deal_id, made + span * 2 // 3, {"amount": amount})
        if number % 9 == 5:
            edit(book, "deals", deal_id, made + span // 3, {"hubspot_owner_id": owner})
        for push, plan in enumerate(plans[1:], 1):
            edit(
                book,
                "deals",
                deal_id,
                made + (quiet_from - made) * push // len(plans),
                {"closedate": hubspot_time(plan)},
            )
        crm.deals.append(Deal(deal_id, made, quiet_from, contact, owner))

    for days, closed, amount in _WON_2025:
        until = at(closed, rng.uniform(9, 16))
        deal(at(closed - timedelta(days=days), rng.uniform(9, 16)), until, WON, amount, until)
    for count, last, earliest, latest in _CLOSED:
        for number in range(count):
            closed = _workday(earliest + (latest - earliest) * number // max(count - 1, 1))
            made = max(
                _workday(closed - timedelta(days=rng.randrange(40, 180 if last == WON else 300))),
                FIRST + timedelta(days=60),
            )
            until = at(closed, rng.uniform(9, 16))
            deal(at(made, rng.uniform(9, 16)), until, last, f"{rng.randrange(30, 300) * 100}.00", until)
    for stage, begun, entered, planned, worth, pushes, quiet in OPEN_DEALS:
        begin = at(begun, rng.uniform(9, 11))
        until = begin if entered == begun else at(entered, rng.uniform(11, 16))
        end = at(planned, 17)
        step = (end - begin) // (pushes + 2)
        deal(
            begin,
            until,
            stage,
            worth,
            at(quiet or LAST, 17),
            [end - left * step for left in range(pushes, -1, -1)],
        )


def _workday(day: date) -> date:
    while day.weekday() > 4 or day in HOLIDAYS:
        day += timedelta(days=1)
    return day

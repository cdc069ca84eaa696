"""Who telephoned with whom: one list of calls, from which the phone system (JustCall) and its log in the CRM
(Copper) are written.

The calls are those of HubSpot: most of what its integration wrote there went through the phone system, the
rest was made from mobiles and typed in. So a call may be in the phone system and in Copper (`twin`), or only
in one of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.companies.account import CONNECTED
from sandbox.companies.base import BEN, MAYA, NOOR, RILEY, VICTOR, Book, Owner
from sandbox.engine.store import parse_ms

INSIDE = (MAYA, NOOR, RILEY)
"""Those who sit at the phone system; the others use their mobiles."""
_REPS = {str(owner.id): owner for owner in (*INSIDE, VICTOR, BEN)}
_NEAR = 200_000


@dataclass(frozen=True)
class PhoneCall:
    """One call."""

    at: int
    rep: Owner
    contact: int | None
    number: str | None
    """The other party's number: digits with country code."""
    name: str | None
    inbound: bool
    answered: bool
    seconds: int
    """From the first word to the last; of an unanswered call, the ringing."""
    in_phone: bool
    in_crm: bool
    lag: int
    """Seconds by which Copper's time of the call is later."""
    logged: int
    """When it is in Copper."""

    @property
    def twin(self) -> bool:
        """Whether it is in both."""
        return self.in_phone and self.in_crm


def calls(book: Book) -> list[PhoneCall]:
    """All calls in the order of their start. The same list for every vendor's life: it depends on the seed
    only."""
    found = sorted(_calls(book), key=lambda call: call.at)
    # a call typed in without a number can only be told from the phone system's by its time
    phone = {(call.rep.id, call.at // _NEAR + step) for call in found if call.in_phone for step in (-1, 0, 1)}
    return [
        call for call in found if call.in_phone or call.number or (call.rep.id, call.at // _NEAR) not in phone
    ]


def _calls(book: Book) -> Iterator[PhoneCall]:
    rng = book.rng("phone")
    people: dict[Any, tuple[str | None, str | None]] = {}
    for contact, versions in book.store.tables["hubspot.contacts"].items():
        props = versions[0].props
        people[contact] = (
            _digits(props.get("phone")),
            " ".join(filter(None, (props.get("firstname"), props.get("lastname")))),
        )
    for versions in book.store.tables["hubspot.calls"].values():
        created, props, links = versions[0].at, versions[0].props, versions[0].links or {}
        rep = _REPS.get(props["hubspot_owner_id"])
        if rep is None:
            continue
        chance = rng.random()
        contact = next(iter(links.get("hubspot.contacts", ())), None)
        number, name = people.get(contact, (None, None))
        by_phone = rng.random() < 0.58 and props.get("hs_object_source_label") == "INTEGRATION"
        in_phone = by_phone and rep in INSIDE and number is not None
        start = parse_ms(props["hs_timestamp"]) // 1000 * 1000
        seconds = int(props["hs_call_duration"]) // 1000
        answered = props["hs_call_disposition"] == CONNECTED
        inbound = props["hs_call_direction"] == "INBOUND"
        lag = int(chance * 997) % 8 + 1 if chance > 0.05 else 40 + int(chance * 700)
        # a call made from a mobile is typed in to the minute
        at = start if in_phone else start // 60_000 * 60_000
        in_crm = chance < 0.94 or not in_phone
        logged = at + (seconds + lag) * 1000 if in_phone else max(created, at + 60_000)
        yield PhoneCall(
            at,
            rep,
            contact,
            number,
            name,
            inbound,
            answered,
            seconds,
            in_phone,
            in_crm,
            lag if in_phone else 0,
            logged,
        )
        if in_phone and not answered and chance < 0.06:
            # nobody answered: the same number again, a minute later
            again = at + (seconds + 45) * 1000
            yield PhoneCall(
                again,
                rep,
                contact,
                number,
                name,
                False,
                False,
                14,
                True,
                in_crm,
                lag,
                again + (14 + lag) * 1000,
            )


def _digits(text: str | None) -> str | None:
    return "".join(letter for letter in text if letter.isdigit()) if text else None

"""The scorecard's numbers worked out in plain Python from what the sandbox serves: an independent twin of the
rules in dbt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from foundation.calendar import quarter_label, week_label
from foundation.settings import Company
from tests.support.wire import Wire

MAYA, VICTOR, NOOR = "maya.torres", "victor.lang", "noor.haddad"


@dataclass
class Scorecard:
    """Everything the rules need, read once."""

    wire: Wire
    company: Company

    def __post_init__(self) -> None:
        wire, hubspot = self.wire, self.company.hubspot
        self.owners = {
            owner["id"]: owner["email"].split("@")[0].lower()
            for archived in ("false", "true")
            for owner in wire.all("/crm/v3/owners", limit=100, archived=archived)
            if owner["email"].lower().endswith("@cedar-ridge.example")
        }
        self.contacts = {
            row["id"]: row["properties"]
            for row in wire.objects(
                "contacts",
                f"{hubspot.decision_maker_property},{hubspot.coi_property},hubspot_owner_id,createdate",
            )
        }
        self.calls = [
            (row["id"], row["properties"], _targets(row, "contacts"))
            for row in wire.objects(
                "calls", "hs_timestamp,hs_call_direction,hs_call_disposition,hubspot_owner_id", "contacts"
            )
        ]
        self.meetings = [
            (row["id"], row["properties"] | {"created": row["createdAt"]}, _targets(row, "contacts"))
            for row in wire.objects(
                "meetings",
                "hs_meeting_start_time,hs_meeting_outcome,hs_activity_type,hubspot_owner_id,hs_attendee_owner_ids",
                "contacts",
            )
        ]
        self.deals = [
            row["properties"]
            for row in wire.objects(
                "deals", "pipeline,dealstage,amount,hs_mrr,dealtype,closedate,hubspot_owner_id"
            )
        ]
        found = wire.get(f"/crm/v3/lists/object-type-id/0-1/name/{hubspot.warm_list}").json()["list"][
            "listId"
        ]
        self.members = {
            row["recordId"]: self.day(row["membershipTimestamp"])
            for row in wire.all(f"/crm/v3/lists/{found}/memberships", limit=250)
        }
        self.tickets = wire.query("Tickets")
        self.entries = wire.query("TimeEntries")
        self.codes = {row["id"]: row["name"] for row in wire.query("BillingCodes")}

    def day(self, text: str) -> date:
        """The company's day of an instant on the wire."""
        return datetime.fromisoformat(text).astimezone(ZoneInfo("America/Chicago")).date()

    def dials(self, who: str, *, warm: bool = False) -> dict[str, int]:
        days = (
            self.day(call["hs_timestamp"])
            for _, call, contacts in self.calls
            if call["hs_call_direction"] == "OUTBOUND"
            and self.owners.get(call["hubspot_owner_id"]) == who
            and (not warm or self._warm(contacts, self.day(call["hs_timestamp"])))
        )
        return _count(days)

    def conversations(self, who: str, *, warm: bool = False) -> dict[str, int]:
        hubspot = self.company.hubspot
        seen: set[tuple[str, date]] = set()
        for _, call, contacts in self.calls:
            if (
                call["hs_call_disposition"] not in hubspot.connected_outcomes
                or self.owners.get(call["hubspot_owner_id"]) != who
            ):
                continue
            day = self.day(call["hs_timestamp"])
            for contact in contacts:
                roles = (self.contacts.get(contact, {}).get(hubspot.decision_maker_property) or "").split(";")
                if set(roles) & set(hubspot.decision_maker_values) and (
                    not warm or self._warm([contact], day)
                ):
                    seen.add((contact, day))
        return _count(day for _, day in seen)

    def _warm(self, contacts: list[str], day: date) -> bool:
        return any(contact in self.members and self.members[contact] <= day for contact in contacts)

    def ftas_set(self, who: str, *, warm: bool = False) -> dict[str, int]:
        mine = [
            (meeting, contacts)
            for _, meeting, contacts in self.meetings
            if meeting["hs_activity_type"] == "First appointment"
        ]
        moved = [
            (contact, m["created"])
            for m, contacts in mine
            if m["hs_meeting_outcome"] == "RESCHEDULED"
            for contact in contacts
        ]

        def again(meeting: dict[str, Any], contacts: list[str]) -> bool:
            return any(
                contact in contacts and _instant(meeting["created"]) > _instant(when)
                for contact, when in moved
            )

        days = (
            self.day(meeting["created"])
            for meeting, contacts in mine
            if self.owners.get(meeting["hubspot_owner_id"]) == who
            and not again(meeting, contacts)
            and (not warm or self._warm(contacts, self.day(meeting["created"])))
        )
        return _count(days)

    def attended(self, kind: str, *who: str) -> dict[str, int]:
        """Distinct meetings of a type that any of them attended, as owner or attendee, by start."""
        days = []
        for _, meeting, _ in self.meetings:
            ids = {meeting["hubspot_owner_id"], *(meeting["hs_attendee_owner_ids"] or "").split(";")}
            people = {self.owners.get(owner or "") for owner in ids}
            if (
                meeting["hs_activity_type"] == kind
                and meeting["hs_meeting_outcome"] == "COMPLETED"
                and people & set(who)
            ):
                days.append(self.day(meeting["hs_meeting_start_time"]))
        return _count(days)

    def coi_created(self, who: str) -> dict[str, int]:
        return _count(
            date.fromisoformat(contact["coi_since"])
            for contact in self.contacts.values()
            if contact["coi_since"] and self.owners.get(contact["hubspot_owner_id"]) == who
        )

    def won(self, *who: str) -> list[tuple[str, Decimal]]:
        """(week, monthly amount) of the won deals that count as new monthly business."""
        return [
            (week_label(self.day(deal["closedate"])), Decimal(deal["hs_mrr"]))
            for deal in self.deals
            if deal["pipeline"] == "default"
            and deal["dealstage"] == "closedwon"
            and deal["dealtype"] != "renewal"
            and deal["hs_mrr"]
            and self.owners.get(deal["hubspot_owner_id"]) in who
        ]

    def quarter(self, label: str, today: date) -> dict[str, Any]:
        """The quarter summary: deals of the pipeline that were open at some time in it."""
        result: dict[str, Any] = {"total": 0, "value": Decimal(0), "won": 0, "lost": 0, "in_progress": 0}
        for deal in self.deals:
            if deal["pipeline"] != "default" or _after(quarter_label(self.day(deal["createdate"])), label):
                continue
            closed = deal["dealstage"] in ("closedwon", "closedlost", "1042010")
            if closed and _after(label, quarter_label(self.day(deal["closedate"]))):
                continue
            result["total"] += 1
            result["value"] += Decimal(deal["amount"] or 0)
            within = closed and quarter_label(self.day(deal["closedate"])) == label
            result[
                "won" if within and deal["dealstage"] == "closedwon" else "lost" if within else "in_progress"
            ] += 1
        return result

    def _reactive(self) -> list[dict[str, Any]]:
        return [
            ticket for ticket in self.tickets if ticket["queueID"] in self.company.autotask.reactive_queue_ids
        ]

    def opened(self) -> dict[str, int]:
        return _count(self.day(ticket["createDate"]) for ticket in self._reactive())

    def closed(self, *, same_day: bool = False) -> dict[str, int]:
        return _count(
            self.day(ticket["completedDate"])
            for ticket in self._reactive()
            if ticket["status"] in self.company.autotask.complete_status_ids
            and ticket["completedDate"]
            and (not same_day or self.day(ticket["createDate"]) == self.day(ticket["completedDate"]))
        )

    def hours(self) -> dict[str, tuple[Decimal, Decimal]]:
        """(billable, total) worked hours by week, time off left out."""
        found: dict[str, tuple[Decimal, Decimal]] = defaultdict(lambda: (Decimal(0), Decimal(0)))
        for entry in self.entries:
            if self.codes.get(entry["internalBillingCodeID"]) in self.company.autotask.time_off_codes:
                continue
            week, hours = (
                week_label(date.fromisoformat(entry["dateWorked"][:10])),
                Decimal(str(entry["hoursWorked"])),
            )
            counts = not entry["isNonBillable"] and (entry["ticketID"] or entry["taskID"])
            found[week] = (found[week][0] + (hours if counts else 0), found[week][1] + hours)
        return found


def _targets(row: dict[str, Any], to: str) -> list[str]:
    found = row.get("associations", {}).get(to, {}).get("results", [])
    return list(dict.fromkeys(item["id"] for item in found))


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _after(label: str, other: str) -> bool:
    return label > other


def _count(days: Iterator[date] | list[date] | Any) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for day in days:
        found[week_label(day)] += 1
    return found


def weeks(first: str, last: date) -> list[str]:
    """Labels of the weeks from one to the week of a day."""
    day = date.fromisocalendar(int(first[:4]), int(first[6:]), 1)
    labels = []
    while day <= last:
        labels.append(week_label(day))
        day += timedelta(days=7)
    return labels

"""The round of a report by mail: who gets it, who has it already, who may have it, and what to tell the
operator.

A mail is a `Report`: it decides what to tell a recipient, and composes the mail. `send` does the rest for
every report.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from email.utils import parseaddr
from functools import partial
from typing import ClassVar, Generic, TypeVar

from foundation.calendar import local_date, parse_week
from foundation.settings import Company, ReportName, Settings
from foundation.store.subscriptions import subscription_choices_for
from reports.engine.markup import plain
from reports.look.numbers import plural
from reports.pages import SCORECARD, page_lines
from reports.post.alerts import remember, tell_operator
from reports.post.channels.card import Post
from reports.post.delivery import Postman, called, way_out
from reports.post.ledger import key_of, ledger
from reports.post.outcome import DIED, DeliveryFailed, DeliveryReport, failure_text
from reports.words import gate
from reports.words.gate import Gate
from reports.words.line import EVERYTHING


def recipients(company: Company, report: str) -> dict[str, set[str]]:
    """Return recipient -> the sections and lines they get, as `line.picked` reads them (none: all). A
    recipient with several subscriptions gets one mail with all of them. A channel is a recipient too.

    Confidential sections and lines only go to recipients whose subscription names them, or a page with them.
    They never go into a channel, because nobody knows who reads it.

    Raises:
        SiteError: a subscription names a page that does not exist.
    """
    out: dict[str, set[str]] = {}
    secret = set(company.access.confidential)
    hidden = {f"-{pick}" for pick in secret}
    for subscription in company.mail.subscriptions:
        if subscription.report != report:
            continue
        named = {
            *subscription.sections,
            *(pick for page in subscription.pages for pick in page_lines(company, page)),
        }
        if named:
            # naming a section does not name its confidential lines
            picks = named | {
                f"-{pick}" for pick in secret - named if pick.partition(".")[0] in named - {pick}
            }
        else:
            picks = {*(page_lines(company, SCORECARD) or [EVERYTHING])} - secret | hidden
        addresses = subscription.to
        if subscription.channel != "mail":
            addresses = [subscription.channel]
            picks = {pick for pick in picks if not {pick, pick.partition(".")[0]} & secret} | hidden
        for address in addresses:
            known = next((a for a in out if a.lower() == address.strip().lower()), address.strip())
            out.setdefault(known, set()).update(picks)
    return {
        address: set() if EVERYTHING in picks and not picks & hidden else picks
        for address, picks in out.items()
    }


def readers_of_channel(company: Company, report: str, channel: str) -> list[str]:
    """Return the addresses whose own lines come first in a channel."""
    subscriptions = [one for one in company.mail.subscriptions if one.report == report]
    return [address for one in subscriptions if one.channel == channel for address in one.to]


def subscribers(settings: Settings, company: Company, report: str, period: str) -> dict[str, set[str]]:
    """Return the recipients who want this mail now, without those who turned the report off in the portal or
    chose a later day. A digest of another day than the chosen one is not wanted: the next digest on that day
    has its news.

    Raises:
        DeliveryFailed: the store can't be used.
        SiteError: a subscription names a page that does not exist.
    """
    with ledger(settings) as connection:
        choices = subscription_choices_for(connection, report)
    today = local_date(settings.now(), company.zone)

    def wants(address: str) -> bool:
        choice = choices.get(key_of(address))
        if choice is None or not choice.wanted or choice.weekday is None:
            return choice is None or choice.wanted
        if report == "daily_digest":
            return date.fromisoformat(period).weekday() == choice.weekday
        # the weekly scorecard is sent in the week after its own
        sent_from = parse_week(period) + timedelta(days=7 if report == "weekly_scorecard" else 0)
        return today >= sent_from + timedelta(days=choice.weekday)

    return {address: picks for address, picks in recipients(company, report).items() if wants(address)}


TOLD_AFTER = timedelta(hours=1)
"""How long a mail may be pending before the operator is told. Most servers that refuse for now take it within
minutes."""


@dataclass
class Mailing:
    """Sends one period of a report to its subscribers. Call `conclude` last."""

    settings: Settings
    company: Company
    name: ReportName
    period: str
    """As in the ledger: `2025-W43`, or a day."""
    force: bool = False
    report: DeliveryReport = field(default_factory=lambda: DeliveryReport(Gate("green")))
    _fresh: dict[str, str] = field(default_factory=dict)
    """Recipient -> why it became uncertain in this run."""

    def __post_init__(self) -> None:
        self.postman = Postman(self.settings, self.company.mail.sender)
        self.title, self.command = called(self.name, self.period)

    @property
    def scope(self) -> str:
        """The scope of the alerts about this period's mails."""
        return f"{self.name}:{self.period}"

    def subscribers(self, only: Collection[str] | None) -> dict[str, set[str]]:
        """Return who gets it, with their sections. `only`: just these recipients, whatever they chose in the
        portal; an address that has not subscribed is a failure."""
        people = recipients(self.company, self.name)
        if not only:
            people = subscribers(self.settings, self.company, self.name, self.period)
        wanted = {address.strip().lower() for address in only or ()}
        for stranger in sorted(wanted - {address.lower() for address in people}):
            self.report.failed[stranger] = (
                f"has not subscribed to {self.name}; add the address to company.toml, [[mail.subscriptions]]"
            )
        return {
            address: sections
            for address, sections in people.items()
            if not wanted or address.lower() in wanted
        }

    def settled(self, address: str) -> bool:
        """Whether nothing is sent: the recipient has it, or may have it, and nobody forces it."""
        state = None if self.force else self.postman.settled(self.name, self.period, address)
        if state is not None:
            (self.report.already_sent if state == "already_sent" else self.report.uncertain).append(address)
        return state is not None

    def send(self, address: str, make: Callable[[str], EmailMessage | Post]) -> None:
        """Deliver to one recipient and record the outcome. `make` composes the message for a Message-ID."""
        outcome = self.postman.deliver(self.name, self.period, address, make, force=self.force)
        if outcome.state == "failed":
            self.report.failed[address] = outcome.reason
        elif outcome.state == "pending":
            self.report.pending[address] = outcome.reason
        elif outcome.state == "uncertain":
            self.report.uncertain.append(address)
            self._fresh[address] = outcome.reason
        else:
            (self.report.sent if outcome.state == "sent" else self.report.already_sent).append(address)

    def remember(self, conditions: dict[str, str], scope: str) -> None:
        """Record a condition. The operator gets one mail when it begins and one when it is over; `conclude`
        sends it."""
        try:
            remember(self.settings, conditions, scope)
        except DeliveryFailed as error:
            self._not_told(error)

    def remember_held(self) -> None:
        """Record that the mail is held: the operator is told once per period, and again when it goes out
        after all. Its recipients are not told."""
        report = self.report
        if report.held:
            text = (
                f"Scoreline held the {self.title}. It was not sent to: {', '.join(report.held)}. Why:"
                f" {' '.join(report.gate.reasons)} It goes out by itself after the next successful build. Way"
                " out, if that does not help: run `scoreline doctor` and repair what it names, then run the"
                f" refresh and build jobs (or `{self.command}` afterwards)."
            )
            self.remember({"held": text}, f"{self.scope}:held")
        elif all(
            self.postman.settled(self.name, self.period, address)
            for address in subscribers(self.settings, self.company, self.name, self.period)
        ):
            self.remember({}, f"{self.scope}:held")

    def conclude(self) -> DeliveryReport:
        """Tell the operator who did not get the mail, may not have got it, or waits for it.

        Raises:
            DeliveryFailed: mails could not be sent, or an alert is untold; names every recipient and why.
        """
        remembered = False
        try:
            conditions = self.conditions()
            # an address that has not subscribed is a slip of whoever sends by hand
            remembered = all(f"{who.lower()} failed" in conditions for who in self.report.failed)
            tell_operator(self.settings, self.company, conditions, scope=self.scope)
        except DeliveryFailed as error:
            remembered = remembered and error.remembered
            self._not_told(error)
        # mails that became uncertain in this run make it fail; those of earlier runs were reported then
        if self.report.failed or self._fresh:
            text = failure_text(self.name, self.period, self.report.failed, self._fresh)
            raise DeliveryFailed(text, self.report, remembered=remembered)
        return self.report

    def _not_told(self, error: DeliveryFailed) -> None:
        who = parseaddr(self.company.mail.operator)[1] or self.company.mail.operator
        (self._fresh if error.uncertain else self.report.failed)[who] = f"(an alert) {error}"

    def conditions(self) -> dict[str, str]:
        """Return what is wrong with this period's mails: recipients who may not have it, did not get it, or
        have waited for long."""
        out = {}
        waiting = []
        spelt = {address.lower(): address for address in recipients(self.company, self.name)}
        for row in self.postman.newest(self.name, self.period):
            who = plain(spelt.get(row["recipient"], row["recipient"]))
            only = f"`{self.command} {{}}--only {who}`"
            if row["state"] in ("uncertain", "sending"):
                out[spelt.get(row["recipient"], row["recipient"])] = (
                    f"{who} may not have got the {self.title}: {row['error'] or DIED}. It is not sent again"
                    " by itself, because they may have it. Way out: ask them, then"
                    f" {only.format('--force ')}."
                )
            elif row["state"] == "failed":
                out[f"{row['recipient']} failed"] = (
                    f"{who} did not get the {self.title}. Why: {row['error']}. Way out:"
                    f" {way_out(row['recipient'])}, then {only.format('')}. Without"
                    " that it is tried again after each build while it is due."
                )
            elif (
                row["state"] == "pending"
                and self.settings.now() - datetime.fromisoformat(row["first_tried_at"]) >= TOLD_AFTER
            ):
                waiting.append(f"{who} ({row['error']})")
        if waiting:
            out["waiting"] = (
                f"{plural(len(waiting), 'mail')} of the {self.title} can't be delivered for now. To:"
                f" {'; '.join(waiting)}. Each is tried again for a day. Way out, if that does not help: ask"
                " whoever runs the mail server, and check SMTP_URL (of a channel, its webhook)."
            )
        return out


Told = TypeVar("Told")
"""What one recipient is told."""


class Report(ABC, Generic[Told]):
    """One period of a report that is sent by mail."""

    name: ClassVar[ReportName]
    period: str
    """As in the ledger: `2025-W43`, or a day."""
    keeps_what_it_tells: ClassVar[bool] = False
    """`tell` records what it returns, so it is also called for recipients who have, or may have, the mail."""

    def __init__(self, settings: Settings, company: Company) -> None:
        self.settings = settings
        self.company = company
        self.postman = Postman(settings, company.mail.sender)

    @abstractmethod
    def check(self) -> None:
        """Refuse a period that cannot be sent now.

        Raises:
            DeliveryFailed: says why.
        """

    @contextmanager
    def open(
        self, recipients: Mapping[str, set[str]], *, everybody: bool
    ) -> Iterator[Mapping[str, set[str]]]:
        """Wrap the round; yields the recipients (with their sections) that the report is for."""
        yield recipients

    def decide(self, sections: Collection[str]) -> Gate:
        """Whether these sections may go out."""
        return Gate("green")

    @abstractmethod
    def tell(self, recipient: str, sections: Collection[str], decision: Gate) -> Told | None:
        """Return what to tell a recipient; None or anything falsy: nothing.

        Raises:
            LookupError: it cannot be said now: the mail is held.
            DeliveryFailed: it cannot be said at all.
        """

    @abstractmethod
    def compose(self, told: Told, recipient: str, message_id: str) -> EmailMessage | Post:
        """Compose the mail, or the message into a channel.

        Raises:
            MailError: it would be too large, or the recipient is not a valid address.
        """

    def remember(self, mailing: Mailing, held: Mapping[tuple[str, ...], str], *, everybody: bool) -> None:
        """Record for the operator that the mail is held, or no longer held. `held`: sections -> why."""
        mailing.remember_held()


def send(report: Report[Told], *, force: bool = False, only: Collection[str] | None = None) -> DeliveryReport:
    """Send a report to everybody who has subscribed to it and does not have it yet.

    Args:
        force: also to those who have it, or may have it.
        only: only to these of the subscribers.

    Raises:
        DeliveryFailed: the period cannot be sent now, or mails could not be sent; names every recipient and
            why. Mails to the others were sent.
    """
    report.check()
    mailing = Mailing(report.settings, report.company, report.name, report.period, force)
    with report.open(mailing.subscribers(only), everybody=not only) as chosen:
        parts = {tuple(sorted(sections)): sections for sections in chosen.values()}
        gates = {key: report.decide(sections) for key, sections in parts.items()}
        held: dict[tuple[str, ...], str] = {}
        for address, sections in chosen.items():
            key = tuple(sorted(sections))
            if why := _serve(mailing, report, address, sections, gates[key]):
                mailing.report.held.append(address)
                held[key] = why
        # why a mail is held although its gate lets it through
        gates |= {key: Gate("held", [why]) for key, why in held.items() if gates[key].decision != "held"}
        mailing.report.gate = gate.together(list(gates.values()))
        report.remember(mailing, held, everybody=not only)
        return mailing.conclude()


def _serve(
    mailing: Mailing, report: Report[Told], address: str, sections: Collection[str], decision: Gate
) -> str:
    """Send to one recipient, unless they have it or there is nothing to tell. Returns why it is held, if it
    is."""
    if not report.keeps_what_it_tells and mailing.settled(address):
        return ""
    if decision.decision == "held":
        return " ".join(decision.reasons)
    try:
        told = report.tell(address, sections, decision)
    except LookupError as error:
        return str(error)
    except DeliveryFailed as error:
        mailing.report.failed[address] = str(error)
        return ""
    if not told:
        mailing.report.nothing.append(address)
    elif not (report.keeps_what_it_tells and mailing.settled(address)):
        mailing.send(address, partial(report.compose, told, address))
    return ""

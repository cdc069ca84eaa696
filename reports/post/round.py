"""What every report by mail goes through: who gets it, who has it already, who may have it, and what the
operator must know."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import parseaddr

from foundation.settings import Company, ReportName, Settings
from reports.engine.markup import plain
from reports.engine.queries import Row
from reports.look.numbers import DASH, instant, plural
from reports.post.alerts import remember, tell_operator
from reports.post.delivery import DIED, DeliveryFailed, DeliveryReport, Postman, called, failure_text
from reports.site.menu import SCORECARD, page_lines
from reports.words.gate import Gate
from reports.words.line import EVERYTHING


def recipients(company: Company, report: str) -> dict[str, set[str]]:
    """Recipient -> what they get, as `scorecard.picked` reads it (nothing: all). Who is in several
        subscriptions gets one mail with all.

    Confidential sections and lines only go to those whose subscription names them, or a page with them.

    Raises:
        SiteError: a subscription names a page that there is not.
    """
    out: dict[str, set[str]] = {}
    for subscription in company.mail.subscriptions:
        if subscription.report != report:
            continue
        named = {
            *subscription.sections,
            *(pick for page in subscription.pages for pick in page_lines(company, page)),
        }
        for address in subscription.to:
            known = next((a for a in out if a.lower() == address.strip().lower()), address.strip())
            out.setdefault(known, set()).update(named or _open_to_all(company))
    hidden = {f"-{pick}" for pick in company.mail.confidential}
    return {
        address: set() if EVERYTHING in picks and not picks & hidden else picks
        for address, picks in out.items()
    }


def _open_to_all(company: Company) -> set[str]:
    """What a subscription that names nothing brings: the scorecard page, without what is confidential."""
    secret = company.mail.confidential
    return {*(page_lines(company, SCORECARD) or [EVERYTHING])} - set(secret) | {f"-{pick}" for pick in secret}


def page_link(settings: Settings, company: Company, label: str) -> str:
    """Where the week's page is: on the served site, or as a file where none is served."""
    base = company.pages.site_url.rstrip("/") or settings.site_dir.as_uri()
    return f"{base}/scorecard/{label}.html"


def footer(settings: Settings, company: Company, build: Row) -> list[str]:
    """The last lines of a mail: when its numbers were made and how to stop it. `build`: the row of
    `dim_build`."""
    return [
        (
            f"As of {instant(build.as_of, build.time_zone)}. {DASH} means that there is no number; it never"
            " means zero."
        ),
        f"To stop this mail, write to {company.mail.operator}.",
        *(
            ["Demo data: the numbers come from the sandbox, people and companies are invented."]
            if settings.sandbox_url
            else []
        ),
    ]


TOLD_AFTER = timedelta(hours=1)
"""A mail that has been pending for longer is worth a word to the operator; most servers that refuse for now
take it within minutes."""


@dataclass
class Mailing:
    """One period of a report on its way to its subscribers. `conclude` comes last."""

    settings: Settings
    company: Company
    name: ReportName
    period: str
    """As in the ledger: `2025-W43`, or a day."""
    force: bool = False
    report: DeliveryReport = field(default_factory=lambda: DeliveryReport(Gate("green")))
    _fresh: dict[str, str] = field(default_factory=dict)
    """Became uncertain just now: recipient -> why."""

    def __post_init__(self) -> None:
        self.postman = Postman(self.settings, self.company.mail.sender)
        self.title, self.command = called(self.name, self.period)

    @property
    def scope(self) -> str:
        """Of the alerts about this period's mails."""
        return f"{self.name}:{self.period}"

    def subscribers(self, only: Collection[str] | None) -> dict[str, set[str]]:
        """Who gets it, with their sections. `only`: of the subscribers these; somebody else in it is a
        failure."""
        people = recipients(self.company, self.name)
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
        """They have it, or may have it, and nobody forces it: nothing is sent."""
        state = None if self.force else self.postman.settled(self.name, self.period, address)
        if state is not None:
            (self.report.already_sent if state == "already_sent" else self.report.uncertain).append(address)
        return state is not None

    def send(self, address: str, make: Callable[[str], EmailMessage]) -> None:
        """Deliver to one recipient, and note what became of it. `make` composes the message for a
        Message-ID."""
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
        """What the operator is told once when it begins and once when it is over; `conclude` tells it."""
        try:
            remember(self.settings, conditions, scope)
        except DeliveryFailed as error:
            self._not_told(error)

    def remember_held(self) -> None:
        """The operator is told once for the period, and again when it went out after all; those from whom it
        is held hear nothing."""
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
            for address in recipients(self.company, self.name)
        ):
            self.remember({}, f"{self.scope}:held")

    def conclude(self) -> DeliveryReport:
        """Tell the operator who does not have the mail, may not have it, or waits for it.

        Raises:
            DeliveryFailed: mails did not leave, or an alert is untold; names every recipient and why.
        """
        remembered = False
        try:
            conditions = self.conditions()
            # somebody who has not subscribed is a slip of whoever sends by hand
            remembered = all(f"{who.lower()} failed" in conditions for who in self.report.failed)
            tell_operator(self.settings, self.company, conditions, scope=self.scope)
        except DeliveryFailed as error:
            remembered = remembered and error.remembered
            self._not_told(error)
        # what became uncertain in this very run fails it; what an earlier run left behind has been told then
        if self.report.failed or self._fresh:
            failed = self.report.failed | {who: f"uncertain: {why}" for who, why in self._fresh.items()}
            raise DeliveryFailed(
                failure_text(self.name, self.period, failed), self.report, remembered=remembered
            )
        return self.report

    def _not_told(self, error: DeliveryFailed) -> None:
        self.report.failed[parseaddr(self.company.mail.operator)[1] or self.company.mail.operator] = (
            f"(an alert) {error}"
        )

    def conditions(self) -> dict[str, str]:
        """What is wrong with this period's mails, to whomever they are: who may not have it, did not get it,
        or waits for long."""
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
                    f"{who} did not get the {self.title}. Why: {row['error']}. Way out: correct the address"
                    f" in company.toml or ask whoever runs the mail server, then {only.format('')}. Without"
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
                " whoever runs the mail server, and check SMTP_URL."
            )
        return out

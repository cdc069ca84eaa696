"""What every report by mail goes through: who gets it, who has it already, who may have it, and what the operator must know."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import parseaddr

from foundation.settings import Company, Settings
from reports import mail
from reports.alerts import tell_operator
from reports.delivery import DeliveryFailed, DeliveryReport, Postman, failure_text
from reports.fmt import DASH, instant
from reports.gate import Gate
from reports.markup import plain
from reports.queries import Row
from reports.scorecard import EVERYTHING
from reports.site import SCORECARD, page_lines


def recipients(company: Company, report: str) -> dict[str, set[str]]:
    """Recipient -> what they get, as `scorecard.picked` reads it (nothing: all). Who is in several subscriptions gets one mail with all.

    Confidential sections and lines only go to those whose subscription names them, or a page with them.

    Raises:
        SiteError: a subscription names a page that there is not.
    """
    out: dict[str, set[str]] = {}
    for subscription in company.mail.subscriptions:
        if subscription.report != report:
            continue
        named = {*subscription.sections, *(pick for page in subscription.pages for pick in page_lines(company, page))}
        for address in subscription.to:
            known = next((a for a in out if a.lower() == address.strip().lower()), address.strip())
            out.setdefault(known, set()).update(named or _open_to_all(company))
    hidden = {f"-{pick}" for pick in company.mail.confidential}
    return {address: set() if EVERYTHING in picks and not picks & hidden else picks for address, picks in out.items()}


def _open_to_all(company: Company) -> set[str]:
    """What a subscription that names nothing brings: the scorecard page, without what is confidential."""
    secret = company.mail.confidential
    return {*(page_lines(company, SCORECARD) or [EVERYTHING])} - set(secret) | {f"-{pick}" for pick in secret}


def page_link(settings: Settings, company: Company, label: str) -> str:
    """Where the week's page is: on the served site, or as a file where none is served."""
    base = company.pages.site_url.rstrip("/") or settings.site_dir.as_uri()
    return f"{base}/scorecard/{label}.html"


def footer(settings: Settings, company: Company, build: Row) -> list[str]:
    """The last lines of a mail: when its numbers were made and how to stop it. `build`: the row of `dim_build`."""
    return [
        f"As of {instant(build.as_of, build.time_zone)}. {DASH} means that there is no number; it never means zero.",
        f"To stop this mail, write to {company.mail.operator}.",
        *(["Demo data: the numbers come from the sandbox, people and companies are invented."] if settings.sandbox_url else []),
    ]


@dataclass
class Mailing:
    """One period of a report on its way to its subscribers. `conclude` comes last."""

    settings: Settings
    company: Company
    name: str
    """Of the report, as in `company.toml`."""
    title: str
    """As in "may not have got the ..."."""
    period: str
    command: str
    """What sends it by hand."""
    force: bool = False
    report: DeliveryReport = field(default_factory=lambda: DeliveryReport(Gate("green")))
    _fresh: dict[str, str] = field(default_factory=dict)
    """Became uncertain just now: recipient -> why."""

    def __post_init__(self) -> None:
        self.postman = Postman(self.settings, self.company.mail.sender)

    def subscribers(self, only: Collection[str] | None) -> dict[str, set[str]]:
        """Who gets it, with their sections. `only`: of the subscribers these; somebody else in it is a failure."""
        people = recipients(self.company, self.name)
        wanted = {address.strip().lower() for address in only or ()}
        for stranger in sorted(wanted - {address.lower() for address in people}):
            self.report.failed[stranger] = f"has not subscribed to {self.name}; add the address to company.toml, [[mail.subscriptions]]"
        return {address: sections for address, sections in people.items() if not wanted or address.lower() in wanted}

    def settled(self, address: str) -> bool:
        """They have it, or may have it, and nobody forces it: nothing is sent."""
        state = None if self.force else self.postman.settled(self.name, self.period, address)
        if state is not None:
            (self.report.already_sent if state == "already_sent" else self.report.uncertain).append(address)
        return state is not None

    def send(self, address: str, make: Callable[[str], EmailMessage]) -> None:
        """Deliver to one recipient, and note what became of it. `make` composes the message for a Message-ID."""
        outcome = self.postman.deliver(self.name, self.period, address, make, force=self.force)
        if outcome.state == "failed":
            self.report.failed[address] = outcome.reason
        elif outcome.state == "uncertain":
            self.report.uncertain.append(address)
            self._fresh[address] = outcome.reason
        else:
            (self.report.sent if outcome.state == "sent" else self.report.already_sent).append(address)

    def tell(self, conditions: dict[str, str], scope: str) -> None:
        """Tell the operator once what is wrong and once that it is over; an alert that does not leave is a failure of this run."""
        try:
            tell_operator(self.settings, self.company, conditions, scope=scope)
        except DeliveryFailed as error:
            self.report.failed[parseaddr(self.company.mail.operator)[1] or self.company.mail.operator] = f"(an alert) {error}"

    def tell_held(self) -> None:
        """One mail per period to the operator, and none to those from whom it is held."""
        report, operator = self.report, self.company.mail.operator
        text = (
            f"The {self.title} was held. It was not sent to: {', '.join(report.held)}.\n\nWhy:\n"
            + "".join(f"  - {reason}\n" for reason in report.gate.reasons)
            + "\nWay out: run `scoreline doctor`, mend what it names, run the refresh and build jobs, then materialise "
            f"reports/{self.name} for this week again (or `{self.command}`).\n"
        )
        outcome = self.postman.deliver(
            f"{self.name}_held",
            self.period,
            operator,
            lambda mid: mail.build(
                self.settings,
                self.company,
                recipient=operator,
                subject=f"Scoreline held the {self.title}",
                message_id=mid,
                text=text,
            ),
        )
        if outcome.state == "failed":
            report.failed[operator] = f"(the held mail's notice) {outcome.reason}"

    def conclude(self) -> DeliveryReport:
        """Tell the operator who may or may not have the mail.

        Raises:
            DeliveryFailed: mails did not leave; names every recipient and why.
        """
        conditions = {
            address: (
                f"{plain(address)} may not have got the {self.title}: a run ended while the mail server was taking the mail. "
                f"It is not sent again by itself, because they may have it. Way out: ask them, then "
                f"`{self.command} --force --only {plain(address)}`."
            )
            for address in self.report.uncertain
        }
        self.tell(conditions, scope=f"{self.name}:{self.period}")
        # what became uncertain in this very run fails it; what an earlier run left behind has been told then
        if self.report.failed or self._fresh:
            failed = self.report.failed | {who: f"uncertain: {why}" for who, why in self._fresh.items()}
            raise DeliveryFailed(failure_text(self.name, self.period, failed), self.report)
        return self.report

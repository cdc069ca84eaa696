"""The weekly scorecard by mail: composed from the page's own queries, judged by the send gate, delivered once
to each recipient."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from email.message import EmailMessage
from functools import cached_property

from foundation import calendar
from foundation.calendar import week_label
from foundation.settings import Company, Settings
from foundation.warehouse import published_file
from reports.engine.markup import anchor
from reports.look.numbers import week_name
from reports.mails.base import footer, frame
from reports.mails.links import Links
from reports.mails.weekly_scorecard.card import card_of
from reports.mails.weekly_scorecard.drawing import drawing, drawn_line
from reports.mails.weekly_scorecard.told import Told, tell
from reports.mails.weekly_scorecard.values import mail_values
from reports.pdf import PdfError, scorecard_pdf
from reports.post import message, pictures
from reports.post.channels import CHANNELS, post_of
from reports.post.channels.card import Card, Picture, Post
from reports.post.outcome import DeliveryFailed, DeliveryReport
from reports.post.round import Report, readers_of_channel, send
from reports.words import gate
from reports.words.gate import Gate
from reports.words.line import Line
from reports.words.reader import read_readers
from reports.words.week import Week, load_week, reading

PDF_LIMIT = 2_000_000
"""Bytes of the PDF beside a mail; many mail servers refuse mails of 10 MB."""
OVERLAP = timedelta(hours=1)
"""A change that was published this shortly before the recipient's last mail may not be in it, so the next
mail has it again."""


def _picture(week: Week, line: Line, lines: Sequence[Line], message_id: str) -> message.Picture:
    chart = drawing(line, lines)
    png = message.draw(chart)
    return message.Picture(
        f"{anchor(line.line_id)}.{week.label}.{message_id[1:-1]}", png, chart.summary(), 552
    )


class WeeklyScorecard(Report[Told]):
    """A finished week's scorecard. `week_start`: any day of the week."""

    name = "weekly_scorecard"

    def __init__(self, settings: Settings, company: Company, week_start: date) -> None:
        super().__init__(settings, company)
        self.monday = calendar.week_start(week_start)
        self.period = week_label(self.monday)
        self.links = Links(settings, company)
        self._since: dict[str, datetime] = {}
        """Recipient -> from when on changes of published numbers are told."""

    def check(self) -> None:
        now = self.settings.now()
        if now < calendar.week_end_instant(self.monday, self.company.zone):
            raise DeliveryFailed(
                f"{self.name} {self.period}: the week has not ended at {now:%Y-%m-%d %H:%M}Z; choose a"
                " finished one"
            )

    @contextmanager
    def open(
        self, recipients: Mapping[str, set[str]], *, everybody: bool
    ) -> Iterator[Mapping[str, set[str]]]:
        start = datetime.combine(self.monday, time(), self.company.zone)
        for address in recipients:
            at = self.postman.last_before(self.name, self.period, address)
            self._since[address] = at - OVERLAP if at else start
        yield recipients

    def decide(self, sections: Collection[str]) -> Gate:
        return gate.decide(published_file(self.settings), self.monday, sections)

    @cached_property
    def week(self) -> Week:
        """The week, with all changes that any of the recipients is told."""
        return load_week(published_file(self.settings), self.monday, min(self._since.values(), default=None))

    @cached_property
    def readers(self) -> Mapping[str, str]:
        with reading(published_file(self.settings)) as connection:
            return read_readers(connection)

    def tell(self, recipient: str, sections: Collection[str], decision: Gate) -> Told:
        names = [recipient]
        if recipient in CHANNELS:
            names = readers_of_channel(self.company, self.name, recipient)
        return tell(self.week, decision, sections, self._since[recipient], self.readers, names)

    def compose(self, told: Told, recipient: str, message_id: str) -> EmailMessage | Post:
        if recipient in CHANNELS:
            return post_of(recipient, self._card(told))
        drawn = drawn_line(told)
        inside = [_picture(told.week, drawn, told.lines, message_id)] if drawn else []
        attachments, why_not = self._attachments(told) if self.company.mail.attach_pdf else ([], "")
        values = {
            **frame(self.company, self.links, self.period),
            **mail_values(told, self.links),
            "footer": [*footer(self.settings, self.company, told.week.build), *filter(None, [why_not])],
            "pictures": inside,
        }
        return message.compose(
            self.settings,
            self.company,
            self.name,
            values,
            recipient=recipient,
            message_id=message_id,
            pictures=inside,
            attachments=attachments,
        )

    def _attachments(self, told: Told) -> tuple[list[message.Attachment], str]:
        """The lines that the recipient gets as PDF, and why there is none."""
        rows = [line.row for line in told.lines]
        values = {
            "build": told.week.results["build"],
            "week": told.week.monday,
            "lines": [row for row in rows if row.cadence == "week"],
            "months": [row for row in rows if row.cadence != "week"],
            "notes": [gate.Note("line", text) for text in told.reasons],
        }
        try:
            pdf = scorecard_pdf(values, week_name(told.week.monday))
        except PdfError as error:
            return [], f"The PDF is missing. {error}"
        if len(pdf) > PDF_LIMIT:
            return [], f"The PDF is missing: it has {len(pdf):,} bytes, more than {PDF_LIMIT:,}."
        return [message.Attachment(f"scorecard-{self.period}.pdf", pdf)], ""

    def _card(self, told: Told) -> Card:
        drawn = drawn_line(told)
        foot = footer(self.settings, self.company, told.week.build)[:1]
        return card_of(
            told, self.company, self.links, self._picture_of(drawn, told.lines) if drawn else None, foot
        )

    def _picture_of(self, line: Line, lines: Sequence[Line]) -> Picture | None:
        """A drawing for a channel; None: the portal has no address at which others reach it."""
        root = self.company.access.portal_url.rstrip("/")
        if not root:
            return None
        chart = drawing(line, lines)
        token = pictures.keep(self.settings, line.line_id, message.draw(chart, *pictures.SIZE))
        return Picture(f"{root}/picture/{token}.png", chart.summary())


def send_weekly_scorecard(
    settings: Settings,
    company: Company,
    week_start: date,
    *,
    force: bool = False,
    only: Collection[str] | None = None,
) -> DeliveryReport:
    """Send a finished week's scorecard; see `round.send`. `week_start`: any day of the week."""
    return send(WeeklyScorecard(settings, company, week_start), force=force, only=only)

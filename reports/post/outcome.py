"""The outcome of one mail, the report of a run, and the errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Literal

from foundation.errors import ScorelineError
from reports.look.numbers import plural
from reports.post.channels.card import Post
from reports.words.gate import Gate

State = Literal["sent", "already_sent", "pending", "uncertain", "failed"]

DIED = "a run ended while the server was taking it"
"""The reason for an uncertain mail whose row only says that it was being sent."""


class DeliveryFailed(ScorelineError):
    """Mails could not be sent; the text names every recipient and why. `report` has those that were.

    `remembered`: the ledger's alerts already say all of it, so nothing else has to alert the operator.
    `uncertain`: all of them may have arrived.
    """

    def __init__(
        self,
        text: str,
        report: DeliveryReport | None = None,
        *,
        remembered: bool = False,
        uncertain: bool = False,
    ) -> None:
        super().__init__(text)
        self.uncertain = uncertain
        self.report = report
        self.remembered = remembered


class LedgerLost(DeliveryFailed):
    """The ledger is missing or damaged. `scoreline new-ledger` replaces it."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of one mail or message. `reason`: why it was not sent. `message`: what was sent just
    now."""

    state: State
    reason: str = ""
    message: EmailMessage | Post | None = None


@dataclass
class DeliveryReport:
    """What one run did, per recipient."""

    gate: Gate
    sent: list[str] = field(default_factory=list)
    already_sent: list[str] = field(default_factory=list)
    pending: dict[str, str] = field(default_factory=dict)
    """Recipient -> why the server refuses it for now. It is retried."""
    uncertain: list[str] = field(default_factory=list)
    """They may have it: a run died, or the connection broke, while the server was taking the mail."""
    failed: dict[str, str] = field(default_factory=dict)
    """Recipient -> why."""
    held: list[str] = field(default_factory=list)
    """They would have got it, but the gate holds it."""
    nothing: list[str] = field(default_factory=list)
    """There is nothing to tell them: they get no mail, and the period is settled."""

    def summary(self) -> str:
        """`sent to 3, 1 had it already`"""
        parts = [f"gate {self.gate.decision}", f"sent to {len(self.sent)}"]
        for count, words in (
            (len(self.already_sent), "had it already"),
            (len(self.nothing), "nothing to say"),
            (len(self.held), "held"),
            (len(self.pending), "pending (tried again for a day)"),
            (len(self.uncertain), "uncertain (force sends again)"),
            (len(self.failed), "failed"),
        ):
            if count:
                parts.append(f"{count} {words}")
        return ", ".join(parts)


def failure_text(
    report: str, period: str, failed: Mapping[str, str], uncertain: Mapping[str, str] | None = None
) -> str:
    """`weekly_scorecard 2025-W43: 2 mails could not be sent. a@x: refused ...`. `uncertain`: may have
    arrived."""
    uncertain = uncertain or {}
    counts = ((failed, "could not be sent"), (uncertain, "may or may not have arrived"))
    what = ", ".join(f"{plural(len(mails), 'mail')} {became}" for mails, became in counts if mails)
    why = {**failed, **{who: f"uncertain: {why}" for who, why in uncertain.items()}}
    return f"{report} {period}: {what}. " + " | ".join(f"{who}: {reason}" for who, reason in why.items())

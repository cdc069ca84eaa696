"""The weekly scorecard in a channel: Slack or Teams."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from foundation.settings import Company
from reports.look.tokens import GLYPH, SIGNAL_GLYPH
from reports.mails.base import line_texts
from reports.mails.links import Links
from reports.mails.weekly_scorecard.told import Told, answered
from reports.mails.weekly_scorecard.values import mail_values
from reports.post.channels.card import Card, Item, Part, Picture
from reports.words.line import GOAL_STATUSES, Line, count_sentence, counts


def _item(line: Mapping[str, str]) -> Item:
    """A line in a channel, from the texts that a mail says about it."""
    judged = line["status"] in GOAL_STATUSES
    glyph = GLYPH[line["status"]] if judged or not line["signal"] else SIGNAL_GLYPH
    text = f"{glyph} {line['title']}: {line['value']}"
    text += f" ({line['parts']})" if line["parts"] else ""
    text += f", goal {line['goal']}" if judged else ""
    text += f", {line['off']}" if line["off"] else ""
    changed = f"{SIGNAL_GLYPH} {line['signal']}" if line["signal"] else line["unchanged"]
    more = line.get("todo") or line.get("moved", "")
    details = [line["owner"], line["streak"], line["state"], changed, more]
    answers = [f"{name}: {line[key]}" for name, key in (("Note", "said"), ("To do", "still")) if line[key]]
    ask = line.get("note_link", "")
    return Item(text, " · ".join(filter(None, details)), line["link"], answers, ask)


def card_of(told: Told, company: Company, links: Links, picture: Picture | None, foot: Sequence[str]) -> Card:
    """Return the message. `foot`: what is below it."""
    values = mail_values(told, links)
    own = [*values["own_missed"], *values["own_signals"], *values["own_fine"]]
    listed = {line["line_id"] for line in (*own, *values["attention"])}

    def others(lines: Iterable[Line]) -> list[Item]:
        texts = [line_texts(line, told.lines, told.week.zone, links) for line in lines]
        return [_item(line) for line in texts if line["line_id"] not in listed]

    signals = [line for line in told.lines if line.is_signal and line.status != "below"]
    notes = [line for line in answered(told.lines, []) if line not in signals]
    parts = [
        Part(f"Your lines: {values['own_counts']}", [_item(line) for line in own]),
        Part(
            "Needs attention from others" if values["own_missed"] else "Needs attention",
            [_item(line) for line in values["attention"]],
            values["more_attention"],
        ),
        Part("Other signals", others(signals)),
        Part("Notes and actions on other lines", others(notes)),
    ]
    if values["no_attention"]:
        parts.append(Part("", [Item(values["no_attention"])]))
    return Card(
        values["subject"],
        values["heading"],
        f"{company.company.name}, {values['under']}",
        count_sentence(counts(told.lines)),
        told.reasons,
        [part for part in parts if part.items],
        picture,
        links.scorecard(told.week.label),
        foot,
    )

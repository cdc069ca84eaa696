"""What every mail says around its own content, and what they all say about a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from foundation.settings import Company, Settings
from reports.engine.markup import plain
from reports.engine.queries import Row
from reports.look.numbers import DASH, instant, short_instant
from reports.look.tokens import GLYPH, STATE, STATUS
from reports.mails.links import Links
from reports.words import gate
from reports.words.line import Line, title


def frame(company: Company, links: Links, label: str) -> dict[str, str]:
    """The values of `base.html` that are the same for every mail. `label`: of the week that it links to."""
    return {"company": company.company.name, "link": links.scorecard(label)}


def footer(settings: Settings, company: Company, build: Row) -> list[str]:
    """The last lines of a mail: when its numbers were made and how to stop it. `build`: the row of
    `dim_build`."""
    demo = "Demo data: the numbers come from the sandbox, people and companies are invented."
    return [
        f"As of {instant(build.as_of, build.time_zone)}. {DASH} means that there is no number; it never means"
        " zero.",
        f"To stop this mail, write to {company.mail.operator}.",
        *([demo] if settings.sandbox_url else []),
    ]


def with_glyphs(tally: Sequence[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """(status, its shape, words) out of (status, words)."""
    return [(status, GLYPH[status], words) for status, words in tally]


def plain_texts(texts: Mapping[str, str]) -> dict[str, str]:
    """Texts of vendors and people, each on one line."""
    return {name: plain(text, 300) for name, text in texts.items()}


def line_texts(line: Line, among: Sequence[Line], zone: str, links: Links) -> dict[str, str]:
    """What a mail says about a line of a finished period, as texts. `among`: all lines of the mail; where
    two have one label, the title names the section."""
    return {
        "line_id": line.line_id,
        "link": links.receipt(line.week_label, line.line_id),
        "off": line.gap_text,
        "title": title(line, among),
        "label": line.label if line.cadence == "week" else f"{line.label}, {line.period_text}",
        "value": line.value_text,
        "parts": line.parts,
        "goal": line.goal_words,
        "goal_sign": line.goal_text,
        "previous": line.previous_text,
        "owner": line.owner_names or "no owner",
        "streak": line.streak_text,
        "status": line.status,
        "state": state_text(line, zone),
        "said": f"{line.said} ({line.said_by(zone)})" if line.said else "",
        "still": "; ".join(line.still_to_do),
        "signal": line.signal.text if line.signal and line.is_signal else "",
        "unchanged": f"{STATUS['below']}, but {line.unchanged_text}" if line.unchanged_text else "",
    }


def state_text(line: Line, zone: str) -> str:
    """What the reader must know where a number is not live, not whole, or compared with one that is not."""
    when = short_instant(line.as_of, zone)
    missing = f"missing: {plain(line.gap, 160)}" if line.gap and not gate.typed_in(line) else "missing"
    words = {
        "live": "",
        "manual": f"typed in {when}",
        "stale": f"stale, complete to {when}",
        "provisional": f"provisional, {when}",
        "missing": missing,
        "not_connected": STATE["not_connected"].lower(),
    }[line.state]
    partial = (
        f"partial: {plain(line.partial_note.partition(' (')[0], 160)}"
        if line.value is not None and line.partial_note
        else ""
    )
    before = line.previous_note and f"the {line.cadence} before is {line.previous_note}"
    return ", ".join(filter(None, (words, partial, before)))

"""Pages of lines as PDF, by typst and without a browser. The same facts give the same bytes."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from reports.components.review import Reviewed, parts, quiet_text
from reports.engine.queries import Row
from reports.look.document import FONTS
from reports.look.drawings import to_svg
from reports.look.numbers import DASH, capital, instant, week_days, week_number
from reports.look.tokens import STATE, STATUS, literal
from reports.pages import REVIEW, Entry
from reports.words.line import Line

_SHAPE = {"met": "✓", "near": "!", "below": "×"}
"""Signs that the fonts have. A status is its word, with a sign and a colour."""


class PdfError(Exception):
    """The PDF can't be made; the text says what to do."""


def can_make_pdf() -> bool:
    """Whether the extra `pdf` is installed."""
    return find_spec("typst") is not None


def board_pdf(entry: Entry, values: Mapping[str, Any]) -> bytes:
    """A page of the present, or a past week's review, as PDF. `values`: of `Renderer.board_values`.

    Raises:
        PdfError: typst is not installed.
    """
    return (review_pdf if entry.name == REVIEW else scorecard_pdf)(values, str(entry.meta["title"]))


def scorecard_pdf(values: Mapping[str, Any], heading: str) -> bytes:
    """A page of lines as PDF.

    Args:
        values: as the page gets them: `Renderer.week`, or `Renderer.lines`.
        heading: the page's name.

    Raises:
        PdfError: typst is not installed.
    """
    return _compiled("scorecard.typ", data_of(values, heading))


def review_pdf(values: Mapping[str, Any], heading: str) -> bytes:
    """The weekly business review as PDF: twelve drawings to a page.

    Args:
        values: as its page gets them: `Renderer.board_values`.
        heading: the page's name.

    Raises:
        PdfError: typst is not installed.
    """
    build = values["build"].one()
    as_of = (build if values["newest"] else values["dated"].one()).as_of
    found = [(title, row) for title, rows in parts(values) for row in rows]
    pictures = {
        f"{i}-{name}.svg": to_svg(chart, *_PANELS[name], bare=True)
        for i, (_, row) in enumerate(found)
        for name, chart in (("weeks", row.weeks), ("months", row.months))
        if chart
    }
    data = {
        "title": f"{build.company_name}: {heading}",
        "over": build.company_name,
        "heading": heading,
        "days": f"{week_number(values['week'])}, {week_days(values['week'])}",
        "built": f"Data as of {instant(as_of, build.time_zone)}",
        "exceptions": [f"{row.line.label} {row.line.value_text}" for _, row in found if row.is_exception],
        "quiet": quiet_text([row for _, row in found]),
        "lines": [_reviewed(title, row, i, pictures) for i, (title, row) in enumerate(found)],
    }
    return _compiled("review.typ", data, pictures)


_PANELS = {"weeks": (236, 128), "months": (344, 128)}
"""Width and height of the two drawings of a line."""


def _reviewed(title: str, row: Reviewed, place: int, pictures: Mapping[str, str]) -> dict[str, Any]:
    line = row.line
    drawn = {name: chart for name, chart in (("weeks", row.weeks), ("months", row.months)) if chart}
    signal = line.signal.text if line.is_signal and line.signal else line.unchanged_text
    return {
        "over": f"{title}, {line.owner_names}" if line.owner_names else title,
        "label": line.label,
        "is_exception": row.is_exception,
        "signal": signal if line.is_signal else capital(signal),
        "note": row.note,
        "pictures": [
            {
                "file": f"{place}-{name}.svg" if name in drawn else "",
                "alt": drawn[name].summary() if name in drawn else "",
                "width": width,
            }
            for name, (width, _) in _PANELS.items()
        ],
        "figures": [
            {
                "label": figure.label,
                "value": figure.value,
                "sign": _SHAPE.get(figure.status, ""),
                "colour": literal(figure.status or "ink"),
                "against": list(figure.against),
            }
            for figure in row.figures
        ],
    }


def _compiled(template: str, data: Mapping[str, Any], files: Mapping[str, str] | None = None) -> bytes:
    """A template beside this file with its data, and with pictures that it names."""
    try:
        import typst
    except ImportError:
        raise PdfError(
            "The extra `pdf` is not installed: pip install 'scoreline[pdf]', or run make."
        ) from None
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        source = (Path(__file__).parent / template).read_text(encoding="utf-8")
        written = {template: source, "data.json": json.dumps(data), **(files or {})}
        for name, text in written.items():
            (folder / name).write_text(text, encoding="utf-8")
        made = typst.compile(
            str(folder / template),
            root=place,
            font_paths=[str(FONTS)],
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards=["ua-1"],
        )
    assert isinstance(made, bytes)  # no output path was given
    return made


def data_of(values: Mapping[str, Any], heading: str) -> dict[str, Any]:
    """What the PDF says, for `scorecard.typ`."""
    build = values["build"].one()
    lines: Sequence[Row] = [*values["lines"], *values["months"]]
    counts = Counter(line.status for line in lines)
    return {
        "title": f"{build.company_name}: {heading}",
        "over": build.company_name,
        "heading": heading,
        "days": f"{week_number(values['week'])}, {week_days(values['week'])}",
        "built": f"Data as of {instant(build.as_of, build.time_zone)}",
        "headline": ", ".join(f"{counts[key]} {STATUS[key].lower()}" for key in ("met", "near", "below")),
        "columns": ["Line", "Number", "Goal", "Status", "Before", "Quarter average"],
        "sections": [
            {
                "label": label,
                "rows": [_row(Line(line), build.time_zone) for line in lines if line.section_label == label],
            }
            for label in dict.fromkeys(line.section_label for line in lines)
        ],
        "notes": [note.text for note in values["notes"]],
    }


def _row(line: Line, zone: str) -> dict[str, Any]:
    status = line.row.status or "no_data"
    shape = _SHAPE.get(status, "")
    said = [] if line.row.state in ("live", "provisional") else [STATE[line.row.state].lower()]
    said += ["partial"] if line.row.value is not None and line.row.get("partial_note") else []
    state = f" ({', '.join(said)})" if said else ""
    return {
        "label": line.row.label,
        "owner": line.row.owner_names or "",
        "value": line.value_text,
        "parts": line.parts,
        "goal": line.goal_text,
        "status": f"{shape} {STATUS[status]}{state}".strip(),
        "colour": literal(status if status in STATUS else "no_data"),
        "previous": line.previous_text or DASH,
        "quarter": line.quarter_text or DASH,
        "said": [
            *([f"Note: {line.said} ({line.said_by(zone)})"] if line.said else []),
            *(f"To do: {one}" for one in line.still_to_do),
        ],
    }

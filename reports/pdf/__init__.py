"""Pages of lines as PDF, by typst and without a browser. The same facts give the same bytes."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from reports.engine.queries import Row
from reports.look.document import FONTS
from reports.look.numbers import DASH, instant, week_days
from reports.look.tokens import STATE, STATUS, literal
from reports.words.line import Line

_TEMPLATE = Path(__file__).parent / "scorecard.typ"
_SHAPE = {"met": "✓", "near": "!", "below": "×"}
"""Signs that the fonts have. A status is its word, with a sign and a colour."""


class PdfError(Exception):
    """The PDF can't be made; the text says what to do."""


def can_make_pdf() -> bool:
    """Whether the extra `pdf` is installed."""
    return find_spec("typst") is not None


def scorecard_pdf(values: Mapping[str, Any], heading: str) -> bytes:
    """A page of lines as PDF.

    Args:
        values: as the page gets them: `Renderer.week`, or `Renderer.lines`.
        heading: the page's name.

    Raises:
        PdfError: typst is not installed.
    """
    try:
        import typst
    except ImportError:
        raise PdfError(
            "The extra `pdf` is not installed: pip install 'scoreline[pdf]', or run make."
        ) from None
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "data.json").write_text(json.dumps(data_of(values, heading)), encoding="utf-8")
        (folder / "scorecard.typ").write_text(_TEMPLATE.read_text(encoding="utf-8"), encoding="utf-8")
        made = typst.compile(
            str(folder / "scorecard.typ"),
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
        "days": week_days(values["week"]),
        "built": f"Data as of {instant(build.as_of, build.time_zone)}",
        "headline": ", ".join(f"{counts[key]} {STATUS[key].lower()}" for key in ("met", "near", "below")),
        "columns": ["Line", "Number", "Goal", "Status", "Before", "Quarter"],
        "sections": [
            {
                "label": label,
                "rows": [_row(Line(line)) for line in lines if line.section_label == label],
            }
            for label in dict.fromkeys(line.section_label for line in lines)
        ],
        "notes": [note.text for note in values["notes"]],
    }


def _row(line: Line) -> dict[str, str]:
    status = line.row.status or "no_data"
    shape = _SHAPE.get(status, "")
    state = "" if line.row.state in ("live", "provisional") else f" ({STATE[line.row.state].lower()})"
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
    }

"""What the people of Cedar Ridge have said about their lines: the demo writes it into the store, as the portal
would."""

from __future__ import annotations

from datetime import date
from typing import Any

NORMALS: list[dict[str, Any]] = [
    {
        "line_id": "inside_sales.dials",
        "starts_on": date(2025, 2, 3),
        "reason": "Lists are cleaned before the week begins: less research between calls.",
        "entered_by": "maya_torres",
    }
]
"""The line has shifted, and somebody knows why. Billable hours have shifted as well, which nobody has explained yet."""

NOTES: list[dict[str, Any]] = [
    {
        "line_id": "inside_sales.dials",
        "period_start": date(2025, 10, 20),
        "text": "Back from two weeks of fairs. The second caller list starts on Monday.",
        "entered_by": "maya_torres",
    }
]

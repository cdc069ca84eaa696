"""Copper's activities and opportunities as rows."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from dlt_pipelines.core.records import at
from dlt_pipelines.core.values import as_json
from dlt_pipelines.sources.copper.memory import CopperRun

_EPOCHS = ("activity_date", "date_created", "date_modified", "date_stage_changed")


def _clean(row: Any) -> Any:
    """A row with instants as our tables want them: Copper's are Unix seconds."""
    if not isinstance(row, dict):
        return row
    return row | {name: row[name] * 1000 for name in _EPOCHS if type(row.get(name)) in (int, float)}


_NUMBER = re.compile(r"\+?\d[\d\s().-]{8,}\d")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def phone_number(text: str) -> str | None:
    """The digits of the first phone number in a text."""
    for found in _NUMBER.findall(_DATE.sub(" ", text)):
        digits = re.sub(r"\D", "", found)
        if 10 <= len(digits) <= 15:
            return digits
    return None


def activity_row(row: Any) -> Any:
    details = at(row, "details")
    sender = details.get("sender") if isinstance(details, dict) else None
    return (
        row
        if not isinstance(row, dict)
        else _clean(row)
        | {
            "sender_email": (
                str(sender["email"]) if isinstance(sender, dict) and sender.get("email") else None
            ),
            "phone_number": phone_number(details) if isinstance(details, str) else None,
        }
    )


_ORDERS = {"mdy": (0, 1), "dmy": (1, 0)}


def close_date(text: Any, order: str) -> str | None:
    """`M/D/YYYY` or `D/M/YYYY`, not zero padded, as ISO; None if it is not such a date."""
    parts = str(text).split("/")
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        return None
    month, day = (int(parts[place]) for place in _ORDERS[order])
    try:
        return date(int(parts[2]), month, day).isoformat()
    except ValueError:
        return None


def opportunity_row(run: CopperRun, row: Any) -> Any:
    if not isinstance(row, dict):
        return row
    row, order = _clean(row), run.company.copper.date_order
    text = row.get("close_date")
    if isinstance(text, str) and "/" in text:
        other = "dmy" if order == "mdy" else "mdy"
        row["close_date"] = close_date(text, order) or text
        if row["close_date"] == text and close_date(text, other):
            run.warn(
                f'Copper: close dates such as "{text}" are not written {order}; set copper.date_order ='
                f' "{other}" in company.toml'
            )
    fields = row.get("custom_fields")
    if isinstance(fields, list):
        # the order varies and most are unset: only what is set, by definition
        values = {
            str(one.get("custom_field_definition_id")): one.get("value")
            for one in fields
            if isinstance(one, dict)
        }
        row["custom_fields"] = as_json(
            {key: values[key] for key in sorted(values) if values[key] not in (None, [], "")}
        )
    return row

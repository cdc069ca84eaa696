"""Filters: every choice is rendered on the server with the page's own components; the script only puts the
chosen one in place.

The script has no date arithmetic, sums or number formats, so the page shows what the marts say.
"""

from __future__ import annotations

import base64
import itertools
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from markupsafe import Markup

from reports.components.macros import macros
from reports.engine.markup import plain
from reports.engine.queries import PageError, Result, Row
from reports.look.numbers import long_day

_html = macros("filters.html")

_MOST_BUTTONS = 7
"""The first filter is a row of buttons up to this number of choices."""


@dataclass(frozen=True)
class View:
    """What is chosen: a row of each filter, as `view.period`, `view.owner`."""

    chosen: dict[str, Row]

    def __getattr__(self, name: str) -> Row:
        try:
            return self.chosen[name]
        except KeyError:
            raise AttributeError(name) from None

    def of(self, data: Result) -> Result:
        """The rows of what is chosen, by the columns `<filter>_key` that the block has."""
        keys = {
            f"{name}_key": row["key"] for name, row in self.chosen.items() if f"{name}_key" in data.columns
        }
        return data.where(**keys) if keys else data

    @property
    def query(self) -> str:
        """The choice as part of an address: `period=ytd&owner=all`."""
        return "&".join(f"{name}={_text(row['key'])}" for name, row in self.chosen.items())


@dataclass(frozen=True)
class Filters:
    """The filters of a page: `{% set by = Filters(period=periods, owner=owners) %}{{ by }}` draws their form.

    Each is a block with the columns `key`, `label`, `note` (the line under the form about the choice) and
    `is_default`; days of `label_day` and `note_day` come after the words. The first is a row of buttons if
    there are few choices, the others are lists; a list of days gets buttons for the day before and after.
    """

    by: dict[str, Result] = field(default_factory=dict)

    def __init__(self, **by: Result) -> None:
        object.__setattr__(self, "by", by)
        for name, rows in by.items():
            if sum(bool(row["is_default"]) for row in rows) != 1:
                raise PageError(f"filter '{name}': exactly one row of block '{rows.name}' must be is_default")

    @cached_property
    def views(self) -> list[View]:
        """Every choice; the last filter changes fastest, as neighbours that are alike pack well."""
        return [View(dict(zip(self.by, rows, strict=True))) for rows in itertools.product(*self.by.values())]

    @cached_property
    def default(self) -> int:
        """The place of the choice that the page opens with."""
        return next(
            i for i, view in enumerate(self.views) if all(row["is_default"] for row in view.chosen.values())
        )

    def region(self, versions: Sequence[str]) -> Markup:
        """What `{% filtered %}` becomes: the default in place, and behind it every version, packed."""
        return _html.region(Markup(versions[self.default]), pack(versions))

    def __html__(self) -> str:
        days = {name for name, rows in self.by.items() if all(isinstance(row["key"], date) for row in rows)}
        return str(_html.form(self, days, _MOST_BUTTONS, _words))


def _words(row: Row, column: str) -> str:
    """A label or note: text, a day, or a text and a day (`note` and `note_day`)."""
    value, on = row[column], row.get(f"{column}_day")
    words = long_day(value) if isinstance(value, date) else plain(value)
    return f"{words} {long_day(on)}".strip() if on else words


def _text(key: object) -> str:
    return key.isoformat() if isinstance(key, date) else str(key)


def pack(versions: Sequence[str]) -> str:
    """Versions as base64 of deflated JSON: `{"at": place in "of" by number of the choice, "of": the texts}`;
    equal ones once."""
    places: dict[str, int] = {}
    at = [places.setdefault(version, len(places)) for version in versions]
    text = json.dumps({"at": at, "of": list(places)}, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode("utf-8", "replace"), 9)).decode()

"""Filters: every choice is rendered on the server with the page's own components; the script only puts the
chosen one in place.

So there is no date arithmetic, no adding up and no number format in the script, and what is shown is what the
marts say.
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

from reports.engine.markup import join, new_id, plain
from reports.engine.queries import PageError, Result, Row

_MOST_BUTTONS = 7


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
        """The choice as it stands in an address: `period=ytd&owner=all`."""
        return "&".join(f"{name}={_text(row['key'])}" for name, row in self.chosen.items())


@dataclass(frozen=True)
class Filters:
    """The filters of a page: `{% set by = Filters(period=periods, owner=owners) %}{{ by }}` draws their form.

    Each is a block with the columns `key`, `label`, `note` (what the line under the form says of the choice)
    and `is_default`. The first is a row of buttons if there are few choices, the others are lists; a list of
    days gets buttons for the day before and after.
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
        """The place of the choice that stands in the page as it is opened."""
        return next(
            i for i, view in enumerate(self.views) if all(row["is_default"] for row in view.chosen.values())
        )

    def __html__(self) -> str:
        controls = join(
            _buttons(name, rows) if i == 0 and len(rows) <= _MOST_BUTTONS else _list(name, rows)
            for i, (name, rows) in enumerate(self.by.items())
        )
        # the line stands outside the form: without the script there is no form, but what is shown must still
        # be said
        return str(
            Markup(
                '<div class="filterbar"><form class="filters" data-by="{}" aria-label="Filters"'
                ' hidden>{}</form><p class="shown" role="status">{}</p></div>'
            ).format(
                " ".join(self.by),
                controls,
                " · ".join(plain(row["note"]) for row in self.views[self.default].chosen.values()),
            )
        )


def _text(key: object) -> str:
    return key.isoformat() if isinstance(key, date) else str(key)


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _buttons(name: str, rows: Result) -> Markup:
    return Markup('<fieldset class="seg"><legend class="vh">{}</legend>{}</fieldset>').format(
        _title(name),
        join(
            Markup(
                '<label><input type="radio" name="{}" value="{}" data-note="{}"{}><span>{}</span></label>'
            ).format(
                name,
                _text(row["key"]),
                plain(row["note"]),
                Markup(" checked") if row["is_default"] else "",
                plain(row["label"]),
            )
            for row in rows
        ),
    )


def _list(name: str, rows: Result) -> Markup:
    options = join(
        Markup('<option value="{}" data-note="{}"{}>{}').format(
            _text(row["key"]),
            plain(row["note"]),
            Markup(" selected") if row["is_default"] else "",
            plain(row["label"]),
        )
        for row in rows
    )
    pick = Markup('<label class="pick"><span>{}</span> <select name="{}">{}</select></label>').format(
        _title(name), name, options
    )
    if not all(isinstance(row["key"], date) for row in rows):
        return pick
    return Markup(
        '<span class="steps"><button type="button" data-for="{0}" data-step="1"'
        ' aria-label="Earlier">‹</button>{1}<button type="button" data-for="{0}" data-step="-1"'
        ' aria-label="Later">›</button></span>'
    ).format(name, pick)


def region(by: Filters, versions: Sequence[str]) -> Markup:
    """What `{% filtered %}` becomes: the default in place, and behind it every version, packed."""
    return Markup(
        '<div class="filtered" id="{0}">{1}</div><script type="text/plain" data-for="{0}">{2}</script>'
    ).format(new_id("v"), Markup(versions[by.default]), pack(versions))


def pack(versions: Sequence[str]) -> str:
    """Versions as base64 of deflated JSON: `{"at": place in "of" by number of the choice, "of": the texts}`;
    equal ones once."""
    places: dict[str, int] = {}
    at = [places.setdefault(version, len(places)) for version in versions]
    text = json.dumps({"at": at, "of": list(places)}, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode("utf-8", "replace"), 9)).decode()


__all__ = ["Filters", "View", "pack", "region"]

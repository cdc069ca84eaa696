"""What a page can call. Every component takes query results and returns finished HTML; data in it is always
escaped.

A component's HTML is a macro in a template beside this file. Where values must be prepared first, a function
in the Python file of the same name does it and calls the macro.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from reports.components.basics import BigValue, DataTable, Delta, Value
from reports.components.changes import Changes
from reports.components.definitions import Definitions
from reports.components.figures import BarChart, LineChart, SmallBars
from reports.components.filters import Filters
from reports.components.finance import BankComplaints, BooksNote, CashGap, CashTable
from reports.components.links import receipt_of
from reports.components.macros import macro_signature, macro_text, macros
from reports.components.pace import Pace
from reports.components.receipts import pieces
from reports.components.review import Review
from reports.components.sales import Funnel, Measures, Sql, Tiles, WhatIf, goal_cover
from reports.components.scorecard import (
    Attention,
    Glance,
    Headline,
    Masthead,
    QuarterSummary,
    RunningWeek,
    Sections,
)
from reports.look.numbers import (
    day,
    instant,
    long_day,
    number,
    period_text,
    plural,
    span,
    week_days,
    week_name,
)
from reports.look.tokens import STATUS

_FUNCTIONS: tuple[Callable[..., Any], ...] = (
    Attention, BankComplaints, BarChart, BigValue, BooksNote, CashGap, CashTable, Changes, DataTable,
    Definitions, Delta, Filters, Funnel, Glance, Headline, LineChart, Masthead, Measures, Pace,
    QuarterSummary, Review, RunningWeek, Sections, SmallBars, Sql, Tiles, Value, WhatIf, day, goal_cover,
    instant, long_day, number, period_text, pieces, plural, receipt_of, span, week_days, week_name,
)  # fmt: skip

_MACROS = {
    "basics.html": ("Info", "Pill", "Search", "StatusBar"),
    "finance.html": ("BillTable", "LinkTable"),
    "movement.html": ("Moved",),
    "overview.html": ("WeekList",),
    "receipts.html": ("ReceiptCards", "ReceiptHead"),
    "sales.html": ("Empty",),
    "scorecard.html": ("BoardHead", "DataNotes", "Gaps", "LateSources"),
    "signals.html": ("AboutSignals",),
}
"""Components whose values need no preparation, by their template."""

EXPORTS = {function.__name__: function for function in _FUNCTIONS} | {
    name: getattr(macros(file), name) for file, names in _MACROS.items() for name in names
}
"""Name in a page -> function."""

NAMES = EXPORTS | {"STATUS": STATUS}
"""What every page may use: the components, and the words that pages share."""


_FILES = {name: file for file, names in _MACROS.items() for name in names}


def signature(name: str) -> inspect.Signature:
    """The arguments of a component."""
    return macro_signature(_FILES[name], name) if name in _FILES else inspect.signature(EXPORTS[name])


def text_of(name: str) -> str:
    """What a component is, and what its arguments mean."""
    return macro_text(_FILES[name], name) if name in _FILES else inspect.getdoc(EXPORTS[name]) or ""

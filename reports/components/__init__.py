"""What a page can call. Every component takes query results and returns finished HTML; data in it is always
escaped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reports.components.basics import BigValue, DataTable, Delta, Info, Pill, StatusBar, Value
from reports.components.definitions import Definitions
from reports.components.figures import BarChart, LineChart, SmallBars
from reports.components.filters import Filters
from reports.components.finance import BankComplaints, BillTable, BooksNote, CashGap, CashTable, LinkTable
from reports.components.movement import Moved
from reports.components.overview import WeekList
from reports.components.pace import Pace
from reports.components.receipts import ReceiptCards, ReceiptHead
from reports.components.sales import Measures, Sql, Tiles, WhatIf
from reports.components.scorecard import (
    Attention,
    BoardHead,
    Changes,
    DataNotes,
    Headline,
    LateSources,
    Masthead,
    QuarterSummary,
    RunningWeek,
    Sections,
)
from reports.look.numbers import day, instant, long_day, number, week_days

_COMPONENTS: tuple[Callable[..., Any], ...] = (
    Attention, BankComplaints, BarChart, BigValue, BillTable, BoardHead, BooksNote, CashGap, CashTable, Changes, DataNotes, DataTable,
    Definitions, Delta, Filters, Headline, Info, LateSources, LineChart, LinkTable, Masthead, Measures, Moved, Pace, Pill,
    QuarterSummary, ReceiptCards, ReceiptHead, RunningWeek, Sections, SmallBars, Sql, StatusBar, Tiles, Value, WeekList, WhatIf,
    day, instant, long_day, number, week_days,
)  # fmt: skip

EXPORTS = {component.__name__: component for component in _COMPONENTS}
"""Name in a page -> function."""

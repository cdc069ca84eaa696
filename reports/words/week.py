"""What the published database says about one week: the blocks of `pages/scorecard.md`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from foundation.calendar import week_label
from reports.engine.parse import PAGES, parse_file
from reports.engine.queries import PageError, Result, Row, connect, run


@dataclass(frozen=True)
class Week:
    """A finished week, with the results of the scorecard page's blocks."""

    monday: date
    results: Mapping[str, Result]

    @property
    def label(self) -> str:
        return week_label(self.monday)

    @property
    def build(self) -> Row:
        """The row of `dim_build`."""
        return self.results["build"].one()

    @property
    def zone(self) -> str:
        return str(self.build.time_zone)


def load_week(published: Path, monday: date, since: datetime | None = None) -> Week:
    """Run the scorecard page's queries for one week. `since`: as in `read_week`.

    Raises:
        LookupError: nothing has been published yet.
        PageError: a query of the page fails.
    """
    with closing(connect(published)) as connection:
        return read_week(connection, monday, since)


def read_week(connection: duckdb.DuckDBPyConnection, monday: date, since: datetime | None = None) -> Week:
    """Run the scorecard page's queries for one week.

    Args:
        connection: one made by `queries.connect`.
        since: include changes of published numbers from then on; None: from the week's Monday on.
    """
    source = parse_file(PAGES / "scorecard.md")
    params = {**source.meta.get("params", {}), "week": monday, "since": since}
    return Week(monday, run(connection, source.blocks, params))


@contextmanager
def reading(published: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the published database.

    Raises:
        LookupError: nothing has been published yet, or a mart that is read is missing; says so in a sentence.
    """
    with closing(connect(published)) as connection:
        try:
            yield connection
        except (duckdb.ProgrammingError, PageError) as error:
            raise LookupError(
                f"The published database is not complete: {str(error).splitlines()[0]}."
            ) from None

"""The ledger claims what was read, not what `start_date` of company.toml says now."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from dlt_pipelines.core.backfill import backfill
from dlt_pipelines.core.load import load
from dlt_pipelines.registry import SOURCES
from foundation.settings import Company
from sandbox import Sandbox
from tests.dlt_pipelines.conftest import AS_OF, at, query

READ, EARLIER = datetime(2025, 9, 1, 5, tzinfo=UTC), datetime(2025, 6, 1, 5, tzinfo=UTC)


def starting(company: Company, source: str, start: date | None) -> Company:
    return company.model_copy(
        update={source: getattr(company, source).model_copy(update={"start_date": start})}
    )


DATED = [
    ("hubspot", "calls"),
    ("zendesk", "tickets"),
    ("intercom", "conversations"),
    ("autotask", "time_entries"),
    ("copper", "activities"),
    ("justcall", "calls"),
]
"""Every source with the setting `start_date`, and a table that it concerns."""


def test_every_source_with_a_start_date_is_here() -> None:
    platforms = {"google_ads", "meta_ads", "linkedin_ads"}  # kinds/ads/ reads all of them alike
    sections = {
        name: Company.model_fields[name].annotation for name in SOURCES if name in Company.model_fields
    }
    dated = {name for name, section in sections.items() if "start_date" in section.model_fields}  # type: ignore[union-attr]
    assert {source for source, _ in DATED} == dated - platforms


@pytest.mark.parametrize(("source", "table"), DATED)
def test_an_earlier_start_takes_a_backfill(
    sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch, source: str, table: str
) -> None:
    began = "select distinct complete_from at time zone 'UTC' from ledger.loads where status = 'ok' and table_name = ?"

    def told() -> set[datetime | None]:
        return {start and start.replace(tzinfo=UTC) for (start,) in query(settings, began, table)}

    settings = at(monkeypatch, sandbox, AS_OF)
    load(source, settings, starting(company, source, date(2025, 9, 1)), tables={table})
    settings = at(monkeypatch, sandbox, "2025-10-28T12:00:00Z")
    load(source, settings, starting(company, source, date(2025, 6, 1)), tables={table})
    load(source, settings, starting(company, source, None), tables={table})
    assert told() == {READ}
    assert not backfill(
        source, settings, starting(company, source, None), since=EARLIER, tables={table}
    ).failures
    assert told() == {EARLIER}

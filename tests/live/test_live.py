"""`pytest -m live`: one page of every source for which credentials are set. Reads only, writes nothing but a
folder of its own."""

from __future__ import annotations

from pathlib import Path

import dlt
import pytest

from dlt_pipelines.core import records
from dlt_pipelines.core.run import Run
from dlt_pipelines.core.tables import running
from dlt_pipelines.registry import SOURCES
from dlt_pipelines.wire.redaction import Redactor, redacted_logs
from foundation.settings import Settings, load_company

pytestmark = pytest.mark.live


@pytest.mark.parametrize("name", [name for name, entry in SOURCES.items() if entry.source.credentials])
def test_one_page_can_be_read(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "FLUSH_ROWS", 1)  # hand on each page as it comes
    entry = SOURCES[name]
    source = entry.source
    assert source.credentials
    missing = [variable for variable, is_set in source.credentials.variables().items() if not is_set]
    if missing:
        pytest.skip(f"{entry.label}: {' and '.join(missing)} not set")
    settings = Settings(SCORELINE_HOME=tmp_path)
    company = load_company(settings)
    with redacted_logs(Redactor(source.credentials().secrets())):
        # tokens that rotate are kept in the real home: a new one that is lost with the folder would lock the
        # account out
        client = source.connect(Settings(), company)
        assert client
        print(f"{entry.label}: {source.identify(client)}")
        table = entry.tables[0]
        run = Run(settings, company, settings.now(), client, source.memory(), frozenset({table}))
        if source.begin:
            source.begin(run)
        pipeline = dlt.pipeline(
            "live", pipelines_dir=str(tmp_path / "dlt"), destination="duckdb", dataset_name="live"
        )
        # the first item declares the table, the second is the first page of rows
        pipeline.extract(running(source, run).add_limit(2))
    print(f"{entry.label}: {client.counters.requests} requests, {'; '.join(run.warnings) or 'no warnings'}")
    assert not run.unavailable, run.unavailable

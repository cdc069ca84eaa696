"""Dagster's event log with open connections: the same rows as Dagster's own class, which reads them too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from orchestration.event_log import EventLog

_OURS = "event_log_storage: {module: orchestration.event_log, class: EventLog}\n"


@dg.multi_asset(
    specs=[dg.AssetSpec("one"), dg.AssetSpec("two", deps=["one"])],
    check_specs=[dg.AssetCheckSpec("small", asset="two")],
)
def both() -> Any:
    yield dg.MaterializeResult(asset_key="one", metadata={"dagster/row_count": 3})
    yield dg.MaterializeResult(asset_key="two")
    yield dg.AssetCheckResult(asset_key="two", passed=False, severity=dg.AssetCheckSeverity.WARN)


def _shown(home: Path, ours: bool, run: bool) -> tuple[Any, ...]:
    """What the UI shows of the newest run of a home, after one more if `run`."""
    home.mkdir(exist_ok=True)
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n" + (_OURS if ours else ""))
    with dg.DagsterInstance.from_config(str(home)) as instance:
        if run:
            assert dg.materialize([both], instance=instance).success
        (last,) = instance.get_runs(limit=1)
        events = [entry.dagster_event_type for entry in instance.all_logs(last.run_id)]
        one = instance.get_latest_materialization_event(dg.AssetKey("one"))
        assert one is not None and one.asset_materialization is not None
        check = dg.AssetCheckKey(dg.AssetKey("two"), "small")
        (found,) = instance.event_log_storage.get_asset_check_execution_history(check, limit=1)
        rows = one.asset_materialization.metadata["dagster/row_count"].value
        return events, rows, found.status, instance.all_asset_keys(), len(instance.get_runs())


@pytest.mark.parametrize("batch", ["0", "5000"])
def test_it_stores_what_dagster_s_own_class_stores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: str
) -> None:
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", batch)
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    expected = _shown(theirs, ours=False, run=True)
    assert _shown(ours, ours=True, run=True) == expected
    assert _shown(ours, ours=False, run=False) == expected, "the files are Dagster's"
    again = _shown(theirs, ours=True, run=True)
    assert again[:-1] == expected[:-1] and again[-1] == 2, "and its files are read and continued"


def test_a_batch_is_stored_as_a_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dagster.yaml").write_text(_OURS)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        run = instance.create_run_for_job(dg.GraphDefinition(name="one").to_job())
        instance.report_engine_event("first", run)
        (entry,) = instance.all_logs(run.run_id)
        log, told = instance.event_log_storage, iter([entry])
        monkeypatch.setattr(
            log, "prepare_insert_event", lambda _: EventLog.prepare_insert_event(log, next(told))
        )
        with pytest.raises(StopIteration):  # at the second
            log.store_event_batch([entry, entry])
        assert len(instance.all_logs(run.run_id)) == 1

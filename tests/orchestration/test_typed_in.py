"""The sensor that loads what was typed in the portal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import dagster as dg
import pytest

from foundation.settings import Settings
from foundation.store import begin
from foundation.store.entries import add_entry
from foundation.store.goals import add_goal
from orchestration.definitions import defs
from orchestration.resources import Scoreline
from orchestration.sensors import TYPED_IN, typed_in


class Watch:
    """A sensor, tick by tick, and the runs that it asks for."""

    def __init__(self, instance: dg.DagsterInstance, sensor: dg.SensorDefinition = typed_in) -> None:
        self.instance, self.sensor = instance, sensor
        self.cursor: str | None = None

    def look(self) -> list[dg.RunRequest] | str:
        """What it asks for, or why it asks for nothing."""
        repository = defs.get_repository_def()
        with dg.build_sensor_context(
            self.instance, self.cursor, repository_def=repository, resources={"scoreline": Scoreline()}
        ) as context:
            tick = self.sensor.evaluate_tick(context)
        self.cursor = tick.cursor
        return list(tick.run_requests or []) or str(tick.skip_message)

    def run(self, job: str, **tags: str) -> str:
        """A run that has not ended."""
        return self.instance.create_run_for_job(
            defs.resolve_job_def(job), status=dg.DagsterRunStatus.STARTED, tags=tags
        ).run_id

    def end(self, run_id: str) -> None:
        run = self.instance.get_run_by_id(run_id)
        assert run
        self.instance.report_run_canceled(run)


@pytest.fixture
def watch(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    monkeypatch.setenv("SCORELINE_AS_OF", "2025-10-27T12:00:00Z")
    with dg.DagsterInstance.ephemeral() as instance:
        yield Watch(instance)


def type_a_number(key: str) -> None:
    settings = Settings()
    with begin(settings) as connection:
        add_entry(
            connection,
            metric="networking_events",
            person="maya_torres",
            period="2025-W43",
            value=Decimal(3),
            entered_at=settings.now(),
            entered_by="maya_torres",
            idempotency_key=key,
        )


def test_a_number_is_asked_for_once(watch: Watch) -> None:
    assert "Nothing was typed" in watch.look()
    type_a_number("a")
    (asked,) = watch.look()
    assert isinstance(asked, dg.RunRequest)
    assert {key.to_user_string() for key in asked.asset_selection or ()} == {
        "raw/manual/entries",
        "raw/manual/rejected",
    }
    assert "Nothing was typed" in watch.look()


def test_what_is_typed_during_a_build_is_loaded_after_it(watch: Watch) -> None:
    type_a_number("a")
    for job, tags in (("build", {}), ("refresh", {TYPED_IN: "yes"})):
        run = watch.run(job, **tags)
        assert "when the present build has ended" in watch.look()
        watch.end(run)
    watch.run(
        "refresh"
    )  # of all sources: it takes too long to wait for, and the loads agree among themselves
    assert isinstance(watch.look()[0], dg.RunRequest)


def test_a_goal_is_asked_for_too(watch: Watch) -> None:
    settings = Settings()
    with begin(settings) as connection:
        add_goal(
            connection,
            line_id="inside_sales.dials",
            valid_from=date(2025, 10, 27),
            operator=">=",
            target=Decimal(130),
            reason="new list",
            entered_at=settings.now(),
            entered_by="dana",
            idempotency_key="a",
        )
    assert isinstance(watch.look()[0], dg.RunRequest)


def test_a_store_that_cannot_be_read_is_said_and_asked_again(watch: Watch) -> None:
    type_a_number("a")
    path = Settings().store_path
    whole = path.read_bytes()
    path.write_bytes(b"damaged" * 100)
    assert "file is not a database" in watch.look()
    path.write_bytes(whole)
    assert isinstance(watch.look()[0], dg.RunRequest)

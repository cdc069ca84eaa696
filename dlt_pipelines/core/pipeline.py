"""dlt's pipeline of a source: its settings, and what a killed run left in its working folder."""

from __future__ import annotations

import logging
import shutil
from typing import Any

import dlt
from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import ConfigProvider, CustomLoaderDocProvider
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.runtime.run_context import RunContext

from dlt_pipelines.core.destination import destination_of
from dlt_pipelines.core.failures import warehouse_error
from dlt_pipelines.core.settlement import settled_late
from dlt_pipelines.registry import SourceEntry
from foundation.settings import Settings
from foundation.warehouse import open_warehouse

log = logging.getLogger(__name__)

LOADERS = 4
"""Jobs that load at once. DuckDB uses all cores for each of them; more jobs only cost memory."""

_DLT_SETTINGS: dict[str, Any] = {
    "runtime": {"dlthub_telemetry": False, "log_level": "WARNING"},
    # a trace keeps exceptions as they were raised, before anything is redacted
    "enable_runtime_trace": False,
    # Arrow tables skip dlt's normaliser, and staging wants to know which load a row came with
    "normalize": {"parquet_normalizer": {"add_dlt_load_id": True}},
    "load": {"delete_completed_jobs": True},
}


class _OwnContext(RunContext):
    """dlt without the config.toml and secrets.toml of the current folder, and without dlt's environment
    variables."""

    def initial_providers(self) -> list[ConfigProvider]:
        return [CustomLoaderDocProvider("scoreline", lambda: _DLT_SETTINGS)]

    @property
    def global_dir(self) -> str:
        """Our home, instead of ~/.dlt or /var/dlt."""
        return self.run_dir


def _own_dlt(settings: Settings) -> None:
    container = Container()
    # asking for the context would make dlt's default one first, with everything it reads and starts
    if PluggableRunContext not in container or not isinstance(
        container[PluggableRunContext].context, _OwnContext
    ):
        container[PluggableRunContext] = PluggableRunContext(_OwnContext(str(settings.dlt_dir)))


def open_pipeline(entry: SourceEntry, settings: Settings) -> tuple[Any, list[str]]:
    """Load and settle what killed runs left. Return the pipeline, with the schema and state of the warehouse,
    and the warnings of those runs. Call with the lock held."""
    _own_dlt(settings)

    warehouse = open_warehouse(settings)

    def attached() -> Any:
        return dlt.pipeline(
            pipeline_name=entry.name,
            pipelines_dir=str(settings.dlt_dir),
            dataset_name=f"raw_{entry.name}",
            destination=destination_of(warehouse),
        )

    with warehouse.kept_open():
        try:
            pipeline = attached()
            if pipeline.has_pending_data and warehouse.resumes:
                log.info("%s: loading what an interrupted run had already fetched", entry.label)
                pipeline.normalize()
                pipeline.load()
            pipeline = pipeline.drop()
        except Exception as error:
            if warehouse_error(error, settings):
                raise
            # its cursors were not loaded either, so the same records are fetched again
            log.warning(
                "%s: what an interrupted run left cannot be used (%s); it is fetched again",
                entry.label,
                type(error).__name__,
            )
            shutil.rmtree(settings.dlt_dir / entry.name, ignore_errors=True)
            pipeline = attached()
        pipeline.sync_destination()
        return pipeline, settled_late(entry, warehouse)


def is_pending(entry: SourceEntry, settings: Settings) -> bool:
    """Whether a killed run left fetched data. An open pipeline has `has_pending_data` for that."""
    packages = ("normalize/extracted", "load/normalized")
    return any(any((settings.dlt_dir / entry.name).glob(f"{folder}/*")) for folder in packages)

"""Resources of the assets: settings, company and warehouse, read when a step runs. The resource of dbt is in
`assets/transformation.py`."""

from __future__ import annotations

import dagster as dg
from pydantic import Field

from foundation.settings import Company, Settings, SettingsError, load_company
from foundation.warehouse import Warehouse, open_warehouse
from orchestration.liveness import ONE_PROCESS, hold


class Scoreline(dg.ConfigurableResource["Scoreline"]):
    """Settings, company and warehouse of a run."""

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Let other machines see that the run lives, where it is this one process."""
        run, instance = context.run, context.instance
        if run and instance and ONE_PROCESS.items() <= run.tags.items():
            hold(instance, run.run_id, self.settings())

    def settings(self) -> Settings:
        try:
            return Settings()
        except SettingsError as error:
            raise dg.Failure(str(error), allow_retries=False) from None

    def company(self) -> Company:
        try:
            return load_company(self.settings())
        except SettingsError as error:
            raise dg.Failure(str(error), allow_retries=False) from None

    def warehouse(self) -> Warehouse:
        return open_warehouse(self.settings())


class Window(dg.ConfigurableResource["Window"]):
    """The window that a run pulls again, in every source of the run. Without `since` and `until`, a run pulls
    what changed since the last run."""

    since: str | None = Field(
        default=None, description="Instant with time zone, for example 2025-07-12T00:00:00Z"
    )
    until: str | None = Field(default=None, description="Instant with time zone. Empty: now")
    restart: bool = Field(
        default=False, description="Also pull what an earlier call for the same window finished"
    )

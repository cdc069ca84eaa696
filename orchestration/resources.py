"""Resources of every asset: settings, company and warehouse, read when a step runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource
from packaging.version import Version
from pydantic import Field

from foundation.settings import Company, Settings, SettingsError, load_company
from foundation.warehouse import Warehouse, open_warehouse
from orchestration.dbt_manifest import DBT_PROJECT


class Scoreline(dg.ConfigurableResource["Scoreline"]):
    """Settings, company and warehouse of a run."""

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
    what changed since the last one."""

    since: str | None = Field(
        default=None, description="Instant with time zone, for example 2025-07-12T00:00:00Z"
    )
    until: str | None = Field(default=None, description="Instant with time zone. Empty: now")
    restart: bool = Field(
        default=False, description="Also pull what an earlier call for the same window finished"
    )


class Dbt(DbtCliResource):
    """dbt, started once per build. dagster-dbt starts it again to ask for its version, and loads it into this
    process to query models for metadata, which the build's own log has."""

    @cached_property
    def _cli_version(self) -> Version:
        return Version(metadata.version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:
        return None


# the dbt of this environment, even if the environment is not activated
defaults = {
    "scoreline": Scoreline(),
    "window": Window(),
    "dbt": Dbt(
        project_dir=str(DBT_PROJECT.project_dir),
        profiles_dir=str(DBT_PROJECT.profiles_dir),
        dbt_executable=str(Path(sys.executable).with_name("dbt")),
    ),
}

"""Resources of every asset: settings, company and warehouse, read when a step runs."""

from __future__ import annotations

import sys
from pathlib import Path

import dagster as dg
from dagster_dbt import DbtCliResource

from foundation.settings import Company, Settings, SettingsError, load_company
from foundation.warehouse import Warehouse
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
        return Warehouse(self.settings())


# the dbt of this environment, even if the environment is not activated
defaults = {
    "scoreline": Scoreline(),
    "dbt": DbtCliResource(project_dir=DBT_PROJECT, dbt_executable=Path(sys.executable).with_name("dbt")),
}

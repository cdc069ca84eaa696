"""A dbt project that is parsed in a moment, for tests of what is done around dbt."""

from __future__ import annotations

from pathlib import Path

import pytest

from foundation.settings import PROJECT_ROOT, Settings

ONE = "models/metrics/one.sql"


@pytest.fixture
def small_project(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a dbt project with one model and the seeds."""
    real, place = PROJECT_ROOT / "dbt_project", tmp_path / "dbt"
    for folder in ("models/metrics", "macros", "seeds"):
        (place / folder).mkdir(parents=True)
    (place / ONE).write_text("select 1 as one")
    (place / "dbt_project.yml").write_text("name: small\nprofile: scoreline\n")
    (place / "profiles.yml").write_text((real / "profiles.yml").read_text())
    for seed in (real / "seeds").glob("*.csv"):
        (place / "seeds" / seed.name).symlink_to(seed)
    monkeypatch.setenv("SCORELINE_DBT_DIR", str(place))
    return Settings()

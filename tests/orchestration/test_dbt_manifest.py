"""The manifest that Dagster reads: parsed again when half of it is there, and never half there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from foundation.settings import PROJECT_ROOT, Settings
from orchestration.dbt_manifest import prepared_project


@pytest.fixture
def small_project(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A dbt project of one model."""
    place = tmp_path / "dbt"
    for folder in ("models/metrics", "macros"):
        (place / folder).mkdir(parents=True)
    (place / "models" / "metrics" / "one.sql").write_text("select 1 as one")
    (place / "dbt_project.yml").write_text("name: small\nprofile: scoreline\n")
    (place / "profiles.yml").write_text((PROJECT_ROOT / "dbt_project" / "profiles.yml").read_text())
    monkeypatch.setenv("SCORELINE_DBT_DIR", str(place))
    return Settings()


def test_a_manifest_is_whole_or_parsed_again(small_project: Settings) -> None:
    manifest = prepared_project(small_project).manifest_path
    whole = manifest.read_bytes()
    manifest.write_bytes(whole[: len(whole) // 2])  # what a full disk leaves
    prepared_project(small_project)
    assert "model.small.one" in json.loads(manifest.read_bytes())["nodes"]
    written = manifest.stat()
    prepared_project(small_project)
    assert manifest.stat() == written
    assert not (manifest.parent / "parsing").exists()
    # what dbt cannot parse leaves the manifest as it was
    whole = manifest.read_bytes()
    (small_project.dbt_dir / "models" / "metrics" / "one.sql").write_text("select {{ ref('nowhere') }}")
    with pytest.raises(RuntimeError, match="nowhere"):
        prepared_project(small_project)
    assert manifest.read_bytes() == whole

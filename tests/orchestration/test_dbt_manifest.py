"""The manifest that Dagster reads: it is parsed again if only half of it was written, and never written by
halves."""

from __future__ import annotations

import json

import pytest
from dagster_dbt import DbtProject

from foundation.settings import Settings
from orchestration.dbt_manifest import prepared_project
from tests.orchestration.conftest import ONE


def test_a_manifest_is_whole_or_parsed_again(small_project: Settings) -> None:
    place = small_project.dbt_dir
    manifest = DbtProject(project_dir=place, profiles_dir=place).manifest_path
    manifest.parent.mkdir(parents=True)
    manifest.write_bytes(b'{"metadata": {"dbt_sch')  # what a full disk leaves
    assert prepared_project(small_project).manifest_path == manifest
    whole, written = manifest.read_bytes(), manifest.stat()
    assert "model.small.one" in json.loads(whole)["nodes"]
    prepared_project(small_project)
    assert manifest.stat() == written
    assert not (manifest.parent / "parsing").exists()
    # what dbt cannot parse leaves the manifest as it was
    (place / ONE).write_text("select {{ ref('nowhere') }}")
    with pytest.raises(RuntimeError, match="nowhere"):
        prepared_project(small_project)
    assert manifest.read_bytes() == whole

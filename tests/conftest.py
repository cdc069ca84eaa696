"""What every test needs: a home folder of its own, and nothing of the developer's `.env` or shell."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

_OURS = ("SCORELINE_", "SANDBOX_", "SMTP_", "HUBSPOT_", "AUTOTASK_", "DAGSTER_")


@pytest.fixture(scope="session", autouse=True)
def _stand_apart() -> Iterator[None]:
    """No test may read the developer's `.env` or send with their credentials."""
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith(_OURS)}
    os.environ["SCORELINE_ENV_FILE"] = os.devnull
    yield
    del os.environ["SCORELINE_ENV_FILE"]
    os.environ.update(kept)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty runtime folder, set as SCORELINE_HOME for this process and its children."""
    path = tmp_path / "home"
    path.mkdir()
    monkeypatch.setenv("SCORELINE_HOME", str(path))
    return path

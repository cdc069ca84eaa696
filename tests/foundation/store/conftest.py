"""The store on SQLite and on a real Postgres: each test that asks for `store` runs on both."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from foundation.settings import Settings
from tests.support.postgres import Postgres


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("SCORELINE_AS_OF", "2025-10-27T12:00:00Z")
    if request.param == "postgres":
        server: Postgres = request.getfixturevalue("postgres_server")
        monkeypatch.setenv("STORE_URL", server.new_database())
    settings = Settings()
    assert isinstance(settings.store_url, SecretStr) == (request.param == "postgres")
    return settings

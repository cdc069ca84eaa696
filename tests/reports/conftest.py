"""One published database and one built site for all tests that only read them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from foundation.settings import PROJECT_ROOT, Company, Settings, load_company
from reports.site.build import build_site
from tests.support.browser import chromium
from tests.support.published import PublishedFile
from tests.support.smtp import Server, running

REJECTED = (
    "late.csv",
    3,
    "unknown metric <b>'netwroking_events'</b>",
    "hybrid_sales.netwroking_events,noor_haddad,2025-W43,1",
)


def settings_for(home: Path, **values: Any) -> Settings:
    company = PROJECT_ROOT / "company.toml"
    return Settings(
        **{
            "SCORELINE_HOME": home,
            "SCORELINE_AS_OF": "2025-10-27T12:00:00Z",
            "SCORELINE_COMPANY_FILE": company,
            **values,
        }
    )


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The golden weeks, thirty weeks before them, hostile texts; read it only."""
    return PublishedFile(
        tmp_path_factory.mktemp("published") / "scoreline.duckdb", rejected=[REJECTED]
    ).write()


@pytest.fixture
def settings(tmp_path: Path, published: Path) -> Settings:
    """A home of its own with the golden weeks published."""
    made = settings_for(tmp_path / "home")
    made.published_path.parent.mkdir(parents=True)
    shutil.copy(published, made.published_path)
    return made


@pytest.fixture
def variant(tmp_path: Path) -> Callable[..., Settings]:
    """A home whose published database differs: `variant(stale={"inside_sales.dials"})`. Few weeks, so it is
    quick."""

    def make(**values: Any) -> Settings:
        made = settings_for(tmp_path / "variant")
        PublishedFile(made.published_path, **{"earlier": 1, **values}).write()
        return made

    return make


@pytest.fixture
def company(settings: Settings) -> Company:
    return load_company(settings)


@pytest.fixture(scope="session")
def site(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; read it only."""
    made = settings_for(tmp_path_factory.mktemp("site_home"))
    made.published_path.parent.mkdir(parents=True)
    shutil.copy(published, made.published_path)
    build_site(made, load_company(made))
    return made.site_dir


@pytest.fixture(scope="session")
def web() -> Iterator[Any]:
    """One Chromium for all tests of pages."""
    with chromium() as driver:
        yield driver


@pytest.fixture
def server() -> Iterator[Server]:
    """A mail server on loopback."""
    with running() as server:
        yield server


@pytest.fixture
def smtp(settings: Settings, server: Any) -> Settings:
    return settings.model_copy(update={"smtp_url": SecretStr(server.url)})

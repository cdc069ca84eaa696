"""What every test needs: a home folder of its own, and nothing of the developer's `.env` or shell."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from sandbox import SANDBOX_CREDENTIALS, Sandbox, running_sandbox

# the same examples in every run, however busy the machine is
settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


TOGETHER = ("e2e", "dbt_project", "reports", "orchestration", "sandbox")


def _is_ours(name: str) -> bool:
    return (
        name in SANDBOX_CREDENTIALS
        or name.endswith(("_BASE_URL", "_SOURCE_URL", "MONGODB_URL"))
        or name.startswith(("SCORELINE_", "SANDBOX_", "SMTP_", "DAGSTER_"))
    )


@pytest.fixture(scope="session", autouse=True)
def _stand_apart(pytestconfig: pytest.Config) -> Iterator[None]:
    """No test may read the developer's `.env` or send with their credentials, but the live ones, which are
    there for that."""
    if pytestconfig.option.markexpr == "live":
        yield
        return
    kept = {name: os.environ.pop(name) for name in list(os.environ) if _is_ours(name)}
    os.environ["SCORELINE_ENV_FILE"] = os.devnull
    yield
    del os.environ["SCORELINE_ENV_FILE"]
    os.environ.update(kept)


def _room(item: pytest.Item) -> str:
    return item.path.relative_to(Path(__file__).parent).parts[0]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests together that share homes, warehouses or a browser, which one process makes once. The longest
    begin first; the rest runs in whichever process has time."""
    for item in items:
        room = _room(item)
        if room in TOGETHER:
            item.add_marker(pytest.mark.xdist_group(room))
        elif room == "dlt_pipelines":
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    items.sort(key=lambda item: TOGETHER.index(_room(item)) if _room(item) in TOGETHER else len(TOGETHER))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty runtime folder, set as SCORELINE_HOME for this process and its children."""
    path = tmp_path / "home"
    path.mkdir()
    monkeypatch.setenv("SCORELINE_HOME", str(path))
    return path


@pytest.fixture(scope="session")
def unlimited_sandbox() -> Iterator[Sandbox]:
    """One sandbox at the demo's clock, without limits, for all rooms: inventing the company takes seconds.
    Leave it as it was found."""
    with running_sandbox(as_of="2025-10-27T12:00:00Z", limits=False) as running:
        yield running

"""What every test needs: its own home folder, and nothing from the developer's `.env` or shell."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

from sandbox import SANDBOX_CREDENTIALS, Sandbox, running_sandbox
from tests.support.postgres import Postgres, running_postgres

# the same examples in every run, however busy the machine is
settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")

# what each of these makes once (homes, warehouses, a browser) takes minutes
TOGETHER = ("e2e", "dbt_project", "reports", "orchestration", "sandbox")


def _is_ours(name: str) -> bool:
    return (
        name in SANDBOX_CREDENTIALS
        or name.endswith(("_BASE_URL", "_SOURCE_URL", "MONGODB_URL"))
        or name.startswith(("SCORELINE_", "SANDBOX_", "SMTP_", "SLACK_", "TEAMS_", "STORE_", "DAGSTER_"))
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


def _scope(path: str) -> str:
    """The tests that one process runs: a whole package where they share homes, warehouses or a browser, else a
    file."""
    package = path.removeprefix("tests/").split("/")[0]
    return package if package in TOGETHER else path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The packages that take longest begin first."""
    root = Path(__file__).parent
    order = {package: place for place, package in enumerate(TOGETHER)}
    items.sort(key=lambda item: order.get(item.path.relative_to(root).parts[0], len(order)))


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """In a fresh clone one worker imports everything before the others do, or each of them compiles it all."""
    is_worker = hasattr(session.config, "workerinput")
    is_fresh = not list(Path(__file__).parent.glob("__pycache__/test_docs.*.pyc"))  # it is collected last
    with ExitStack() as stack:
        if is_worker and is_fresh and not sys.dont_write_bytecode:
            done = Path(session.config.option.basetemp).with_name("collected")  # beside the workers'
            stack.enter_context(FileLock(f"{done}.lock"))
            if done.exists():
                stack.close()
            stack.callback(done.touch)
        return (yield)


def pytest_collection_finish() -> None:
    """What is there now stays, so nobody looks through it for garbage again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Share the tests out by `_scope`."""
    from xdist.scheduler import LoadScopeScheduling

    class ByRoom(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _scope(nodeid.split("::")[0])

    return ByRoom(config, log)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty runtime folder, set as SCORELINE_HOME for this process and its children."""
    path = tmp_path / "home"
    path.mkdir()
    monkeypatch.setenv("SCORELINE_HOME", str(path))
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """One server; each test that writes creates its own database in it."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def unlimited_sandbox() -> Iterator[Sandbox]:
    """One sandbox at the demo's clock, without limits, for all tests: inventing the company takes seconds.
    Leave it as it was found."""
    with running_sandbox(as_of="2025-10-27T12:00:00Z", limits=False) as running:
        yield running

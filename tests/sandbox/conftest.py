"""One sandbox without limits and one with them for all tests of this room; every test finds them as they started."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dlt_pipelines.sandbox import Sandbox, running_sandbox
from tests.sandbox.wire import Wire

DEMO_CLOCK = "2025-10-27T12:00:00Z"


@pytest.fixture(scope="session")
def _sandbox() -> Iterator[Sandbox]:
    with running_sandbox(DEMO_CLOCK, limits=False) as running:
        yield running


@pytest.fixture
def sandbox(_sandbox: Sandbox) -> Iterator[Sandbox]:
    """The demo company at the demo's clock, without request limits, without faults."""
    yield _sandbox
    _sandbox.set_clock(DEMO_CLOCK)
    _sandbox.clear_faults()
    _sandbox.forget_requests()


@pytest.fixture
def wire(sandbox: Sandbox) -> Wire:
    return Wire(sandbox.url)


@pytest.fixture(scope="session")
def limited() -> Iterator[Sandbox]:
    """The same with the vendors' request limits."""
    with running_sandbox(DEMO_CLOCK) as running:
        yield running

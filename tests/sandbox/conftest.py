"""One sandbox without limits and one with them for all tests of this folder; every test finds them as they
started."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox import Sandbox, running_sandbox
from tests.support.wire import Wire

DEMO_CLOCK = "2025-10-27T12:00:00Z"


@pytest.fixture
def sandbox(unlimited_sandbox: Sandbox) -> Iterator[Sandbox]:
    """The demo company at the demo's clock, without request limits, without faults."""
    unlimited_sandbox.forget_requests()
    yield unlimited_sandbox
    unlimited_sandbox.set_clock(DEMO_CLOCK)
    unlimited_sandbox.clear_faults()


@pytest.fixture
def wire(sandbox: Sandbox) -> Wire:
    return Wire(sandbox.url)


@pytest.fixture(scope="session")
def limited() -> Iterator[Sandbox]:
    """The same with the vendors' request limits."""
    with running_sandbox(DEMO_CLOCK) as running:
        yield running

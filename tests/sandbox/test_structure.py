"""Who may know whom in the sandbox: vendors read the store, companies write it, production knows neither."""

from __future__ import annotations

import pytest

from foundation.settings import PROJECT_ROOT
from tests.support.imports import imports

FORBIDDEN = {
    "sandbox/vendors": ("sandbox.companies", "sandbox.registry", "sandbox.client"),
    "sandbox/engine": ("sandbox.vendors", "sandbox.companies", "sandbox.registry", "sandbox.server"),
    "sandbox/companies": ("sandbox.registry", "sandbox.client", "sandbox.server"),
    "sandbox": ("dlt_pipelines", "reports", "orchestration"),
    "dlt_pipelines": ("sandbox",),
    "reports": ("sandbox",),
    "foundation": ("sandbox",),
    "metric_diff": ("sandbox",),
}


@pytest.mark.parametrize("package", FORBIDDEN)
def test_a_package_imports_only_those_below(package: str) -> None:
    files = list((PROJECT_ROOT / package).rglob("*.py"))
    assert files
    wrong = [
        f"{path.relative_to(PROJECT_ROOT)} imports {name}"
        for path in files
        for name in imports(path)
        if any(name == top or name.startswith(f"{top}.") for top in FORBIDDEN[package])
    ]
    assert wrong == []

"""Who may know whom in the sandbox: vendors read the store, companies write it, production knows neither."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from foundation.settings import PROJECT_ROOT

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


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


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

"""Which package may import which, as docs/architecture.md says, and that nothing is imported in a circle."""

from __future__ import annotations

from functools import cache
from graphlib import TopologicalSorter

from foundation.settings import PROJECT_ROOT
from tests.support.imports import imports

MAY_IMPORT = {
    "foundation": set[str](),
    "sandbox": set[str](),
    "dlt_pipelines": {"foundation"},
    "reports": {"foundation"},
    "metric_diff": {"foundation"},
    "portal": {"foundation", "reports"},
    "orchestration": {"foundation", "dlt_pipelines", "reports", "portal", "sandbox", "metric_diff"},
}

FOR_TYPES = {("dlt_pipelines.registry", "dlt_pipelines.core")}
"""Folders that a module imports only for its type hints."""


@cache
def modules() -> dict[str, set[str]]:
    """Module -> the modules of these packages that it imports."""
    files = {
        ".".join(file.relative_to(PROJECT_ROOT).with_suffix("").parts).removesuffix(".__init__"): file
        for package in MAY_IMPORT
        for file in (PROJECT_ROOT / package).rglob("*.py")
    }
    assert len(files) > 400
    found = {}
    for name, file in files.items():
        wanted = set(imports(file)) & files.keys() - {name}
        # `from a.b import c`: of a module c only c, not the package a.b
        found[name] = {one for one in wanted if not any(other.startswith(f"{one}.") for other in wanted)}
    return found


def test_a_package_imports_only_what_the_architecture_says() -> None:
    strangers = {
        (name, other)
        for name, wanted in modules().items()
        for other in wanted
        if (package := other.partition(".")[0]) != name.partition(".")[0]
        and package not in MAY_IMPORT[name.partition(".")[0]]
    }
    assert strangers == set()


def test_no_module_and_no_folder_is_imported_in_a_circle() -> None:
    TopologicalSorter(modules()).prepare()
    folders: dict[str, set[str]] = {}
    for name, wanted in modules().items():
        here = _folder(name)
        there = {_folder(other) for other in wanted} - {here}
        folders.setdefault(here, set()).update(one for one in there if (here, one) not in FOR_TYPES)
    TopologicalSorter(folders).prepare()


def _folder(name: str) -> str:
    """The folder of a module within its package; a module that lies beside the folders is one of its own."""
    package, *rest = name.split(".")
    return f"{package}.{rest[0]}" if rest else package

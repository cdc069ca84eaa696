"""Links from assets to their code: files of this clone, or pages of its repository."""

import re
import subprocess
import warnings
from collections.abc import Sequence
from importlib.util import find_spec

import dagster as dg

from foundation.settings import PROJECT_ROOT

warnings.filterwarnings("ignore", "(Class|Function) `.*[cC]ode_?[rR]eference", dg.BetaWarning)


def to_module(name: str) -> dict[str, dg.MetadataValue]:
    """Return metadata that links an asset to a Python module."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        return {}
    file = dg.LocalFileCodeReference(file_path=spec.origin, label=name)
    return {"dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[file])}


def with_code_links(assets: Sequence[dg.AssetsDefinition]) -> list[dg.AssetsDefinition]:
    """Return the assets with links to their code: on GitHub or GitLab at the commit that is checked out, if
    the clone has such an `origin`."""
    linked = dg.with_source_code_references(assets)
    address, commit = _git("remote", "get-url", "origin"), _git("rev-parse", "HEAD")
    # only host and path: an address may hold a token
    origin = re.search(r"(github|gitlab)\.com[:/]([\w./-]+?)(?:\.git)?/?$", address)
    if origin and commit:
        linked = dg.link_code_references_to_git(
            linked,
            git_url=f"https://{origin[1]}.com/{origin[2]}",
            git_branch=commit,
            file_path_mapping=dg.AnchorBasedFilePathMapping(PROJECT_ROOT, ""),
        )
    return [one for one in linked if isinstance(one, dg.AssetsDefinition)]


def _git(*arguments: str) -> str:
    try:
        found = subprocess.run(["git", *arguments], capture_output=True, text=True, cwd=PROJECT_ROOT)
    except FileNotFoundError:  # no git on this machine
        return ""
    return found.stdout.strip()

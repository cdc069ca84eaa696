"""`.env.example` names exactly what the code reads."""

from __future__ import annotations

import re
from pathlib import Path

from dlt_pipelines.registry import SOURCES
from foundation.settings import EnvSettings
from portal.sign_in.oidc import OidcSettings

ROOT = Path(__file__).parents[2]


def names(cls: type[EnvSettings]) -> set[str]:
    found = {field.alias or name for name, field in cls.model_fields.items()} if cls.model_fields else set()
    ours = [
        child
        for child in cls.__subclasses__()
        if child.__module__.startswith(("foundation.", "dlt_pipelines.", "reports.", "portal."))
    ]
    return found.union(*map(names, ours))


def test_the_example_and_the_code_agree() -> None:
    for entry in SOURCES.values():
        _ = entry.source  # importing the module defines its credentials
    assert OidcSettings.model_fields
    listed = set(
        re.findall(r"^([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.M)
    )
    assert listed == names(EnvSettings) | {"SCORELINE_ENV_FILE", "SCORELINE_COMPANIES"}


def test_the_example_holds_no_value() -> None:
    assert not re.findall(r"^[A-Z][A-Z0-9_]+=.+", (ROOT / ".env.example").read_text(encoding="utf-8"), re.M)

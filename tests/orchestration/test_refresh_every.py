"""The sensor that reads a source more often than once a day."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from foundation.settings import Settings, load_company
from orchestration import settings_at_import
from orchestration.sensors import refresh_every
from tests.orchestration.test_typed_in import Watch


def test_a_source_is_read_as_often_as_company_toml_says(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def clock(text: str) -> None:
        monkeypatch.setenv("SCORELINE_AS_OF", f"2025-10-27T{text}:00Z")

    def sources(asked: list[dg.RunRequest] | str) -> set[str]:
        assert not isinstance(asked, str), asked
        return {key.path[1] for key in asked[0].asset_selection or ()}

    text = Settings().company_file.read_text(encoding="utf-8")
    own = home / "company.toml"
    monkeypatch.setenv("SCORELINE_COMPANY_FILE", str(own))
    monkeypatch.setenv("HUBSPOT_API_KEY", "a-token")
    own.write_text(text, encoding="utf-8")
    clock("12:00")
    with dg.DagsterInstance.ephemeral() as instance:
        watch = Watch(instance, refresh_every)
        assert watch.look() == "No source has refresh_every."

        for section, every in (("hubspot", "1h"), ("autotask", "15m"), ("ad_spend_csv", "2h")):
            text = text.replace(f"[{section}]", f'[{section}]\nrefresh_every = "{every}"')
        own.write_text(text, encoding="utf-8")
        assert [every.total_seconds() for every in load_company(Settings()).refresh_every.values()] == [
            3600,
            900,
            7200,
        ]
        assert sources(watch.look()) == {"hubspot", "ad_spend_csv"}, "autotask has no credentials"
        clock("12:59")
        assert watch.look() == "No connected source is due."
        clock("13:00")
        run = watch.run("refresh")
        assert "A refresh runs" in watch.look()
        watch.end(run)
        assert sources(watch.look()) == {"hubspot"}
        clock("14:00")
        assert sources(watch.look()) == {"hubspot", "ad_spend_csv"}


def test_a_refresh_of_another_company_is_not_waited_for(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = Settings().company_file.read_text(encoding="utf-8")
    own = home / "company.toml"
    own.write_text(text.replace("[hubspot]", '[hubspot]\nrefresh_every = "1h"'), encoding="utf-8")
    monkeypatch.setenv("SCORELINE_COMPANY_FILE", str(own))
    monkeypatch.setenv("HUBSPOT_API_KEY", "a-token")
    with dg.DagsterInstance.ephemeral() as instance:
        watch = Watch(instance, refresh_every)
        watch.run("refresh")
        assert "A refresh runs" in watch.look()
        monkeypatch.setattr(settings_at_import, "LOCATION", "acme")
        assert not isinstance(watch.look(), str), "the one that runs is another company's"

"""The deployment files can be read, and name variables and commands that exist. Nobody runs them here."""

from __future__ import annotations

import re
from typing import Any

import click
import pytest
import yaml

from foundation.settings import PROJECT_ROOT, Settings
from orchestration.cli import main

COMPOSE, HELM = (PROJECT_ROOT / "deploy" / name for name in ("compose.yaml", "helm-values.yaml"))


@pytest.fixture
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return found


def known(names: set[str]) -> set[str]:
    """Those of the variables that no setting reads."""
    return names - {str(field.alias) for field in Settings.model_fields.values()}


def test_compose_names_services_volumes_commands_and_variables_that_exist(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name, service in services.items():
        assert {"image"} & service.keys(), name
        assert set(service.get("depends_on", ())) <= services.keys(), name
        for volume in service.get("volumes", ()):
            assert volume.partition(":")[0] in compose["volumes"], name
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:"), "nothing is open to the network by itself"
        if service["image"] != "scoreline":
            continue
        assert known(set(service["environment"])) == set()
        program, command, *rest = service["command"]
        found = main.get_command(click.Context(main), command)
        assert program == "scoreline" and found, name
        options = {option for parameter in found.params for option in parameter.opts}
        assert {word for word in rest if word.startswith("--")} <= options


def test_no_secret_is_written_down(compose: dict[str, Any]) -> None:
    for file in (COMPOSE, HELM):
        for line in file.read_text(encoding="utf-8").splitlines():
            if found := re.search(r"(?:PASSWORD|SECRET|KEY)\w*: *\"?([^,}\"]+)", line):
                assert found[1].startswith("${"), line


def test_the_chart_runs_our_module_with_variables_that_exist() -> None:
    values = yaml.safe_load(HELM.read_text(encoding="utf-8"))
    for deployment in values["dagster-user-deployments"]["deployments"]:
        assert known({one["name"] for one in deployment["env"]}) == set()
        assert deployment["dagsterApiGrpcArgs"] == ["--module-name", "orchestration.definitions"]
        assert deployment["image"] == values["dagsterWebserver"]["image"], "one image"
    assert values["postgresql"]["enabled"] is False


def test_the_image_copies_what_exists_and_leaves_secrets_out() -> None:
    text = (PROJECT_ROOT / "Dockerfile").read_text(encoding="utf-8")
    for sources in re.findall(r"^COPY --chown=\w+ (.+) \S+$", text, re.M):
        for source in sources.split():
            assert (PROJECT_ROOT / source).exists(), source
    ignored = (PROJECT_ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {".env", "var", ".git", "companies", ".venv"} <= set(ignored)

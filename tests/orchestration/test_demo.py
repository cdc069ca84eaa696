"""The demo of the two invented companies: where each lives, and that nothing real is reached from it."""

from __future__ import annotations

import email
import email.policy
import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from foundation.dbt_files import PRODUCT_SEEDS, project_dir
from foundation.settings import PROJECT_ROOT, Settings, load_company
from orchestration.cli import main
from orchestration.cli.demo_home import (
    DEMO_AS_OF,
    DEMO_COMPANIES,
    demo_environment,
    demo_home,
    lives_here,
    made_by_demo,
    world_of_home,
)
from sandbox import running_sandbox
from tests.support.figures import shut_figures_of


@pytest.fixture
def environment(home: Path) -> Iterator[Path]:
    """A shell with somebody's own accounts, and the home in it; put back afterwards."""
    kept = dict(os.environ)
    os.environ.update(
        {
            "AUTOTASK_SECRET": "real",
            "HUBSPOT_BASE_URL": "https://api.hubapi.com",
            "SMTP_URL": "smtp://mail.example",
        }
    )
    yield home
    os.environ.clear()
    os.environ.update(kept)


@pytest.mark.parametrize("company", list(DEMO_COMPANIES))
def test_each_company_has_its_own_places_and_nothing_real(environment: Path, company: str) -> None:
    with running_sandbox(as_of=DEMO_AS_OF, company=company) as sandbox:
        demo_environment(sandbox, company)
        settings = Settings()
        name = load_company(settings).company.name
        assert sandbox.environment.items() <= os.environ.items()
    assert (
        os.environ.keys().isdisjoint({"HUBSPOT_BASE_URL", "SMTP_URL"})
        and os.environ.get("AUTOTASK_SECRET") != "real"
    )
    if company == "cedar":
        assert (name, settings.home, settings.seeds_dir) == (
            "Cedar Ridge IT",
            environment,
            PROJECT_ROOT / "dbt_project" / "seeds",
        )
        assert project_dir(settings) == settings.dbt_dir
    else:
        assert (name, settings.home) == ("Brightwater Labs Ltd", environment)
        assert "AUTOTASK_SECRET" not in os.environ
        assert not any(settings.manual_dir.iterdir()) and not any(settings.ad_spend_dir.iterdir())
        for _ in range(2):
            assert project_dir(settings) == settings.home / "dbt_project"
            seeds = {
                link.name: link.resolve().parent
                for link in (settings.home / "dbt_project" / "seeds").iterdir()
            }
            assert {seeds.pop(f"{name}.csv") for name in PRODUCT_SEEDS} == {settings.dbt_dir / "seeds"}
            assert set(seeds) == {path.name for path in settings.seeds_dir.iterdir()} and set(
                seeds.values()
            ) == {settings.seeds_dir}
            assert (settings.home / "dbt_project" / "models").resolve() == settings.dbt_dir / "models"


def test_each_demo_has_a_home_and_real_accounts_have_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SCORELINE_HOME", raising=False)
    var = PROJECT_ROOT / "var"
    assert (demo_home("cedar"), demo_home("sales")) == (var / "demo", var / "sales")
    assert Settings().home == var
    assert (lives_here(), lives_here("sales")) == ("cedar", "sales")
    monkeypatch.setenv("ZENDESK_API_KEY", "a-real-one")
    assert lives_here() is None, "somebody has begun to connect accounts"
    monkeypatch.setenv("SCORELINE_HOME", str(tmp_path))
    assert (demo_home("cedar"), demo_home("sales")) == (tmp_path, tmp_path)
    (tmp_path / "demo-company.txt").write_text("sales\n")
    assert made_by_demo(tmp_path) == lives_here() == "sales"


def test_a_demo_is_never_mixed_into_somebody_s_own_data(environment: Path) -> None:
    (environment / "warehouse.duckdb").touch()
    assert lives_here() is None
    refused = CliRunner().invoke(main, ["demo", "--sandbox-port", "0"])
    assert refused.exit_code == 1 and "no demo has made" in refused.output


def test_what_runs_by_hand_in_a_demo_s_home_runs_at_its_time(environment: Path) -> None:
    """On the wall clock every source would be late, and the operator would get an alarm for each."""
    (environment / "demo-company.txt").write_text("sales\n")
    with world_of_home():
        settings = Settings()
        assert settings.now() == DEMO_AS_OF and settings.sandbox_url and settings.home == environment
        assert load_company(settings).company.name == "Brightwater Labs Ltd"
    assert not environment.joinpath("outbox").exists()
    for name in ("run", "send", "backfill", "dbt"):
        command = main.get_command(None, name)
        assert command and hasattr(command.callback, "__wrapped__"), f"{name} runs in the world of its home"


def test_an_unknown_company_is_refused() -> None:
    refused = CliRunner().invoke(main, ["demo", "--company", "acme"])
    assert refused.exit_code == 2 and "cedar" in refused.output and "sales" in refused.output


@pytest.mark.slow
def test_the_sales_company_end_to_end(environment: Path) -> None:
    seeds = [path.read_bytes() for path in sorted((DEMO_COMPANIES["sales"] / "seeds").iterdir())]
    done = CliRunner().invoke(
        main, ["demo", "--company", "sales", "--sandbox-port", "0"], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    home = environment
    assert str(home / "site" / "index.html") in done.output and "make ui COMPANY=sales" in done.output
    assert [path.read_bytes() for path in sorted((DEMO_COMPANIES["sales"] / "seeds").iterdir())] == seeds
    assert shut_figures_of(home / "site") == {}
    mails = [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in (home / "outbox").glob("weekly_scorecard-*.eml")
    ]
    assert len(mails) == 2
    (alert,) = (home / "outbox").glob("alert-*.eml")
    # its HubSpot has no Marketing Hub, which its operator is told once
    assert "business-intelligence" in alert.read_text(encoding="utf-8").replace("=\n", "")
    for mail in mails:
        text = mail.get_body(("plain",))
        assert text and text.get_content().startswith("Brightwater Labs Ltd scorecard Week of 20 October")
    with duckdb.connect(str(home / "published" / "scoreline.duckdb"), read_only=True) as connection:
        found = (
            "select measure, numerator, denominator from marts.fct_sales_kpis where owner_key = 'all' and"
            " period_key = ?"
        )
        year, ever = (
            {name: fraction for name, *fraction in connection.execute(found, [key]).fetchall()}
            for key in ("ytd", "all")
        )
        states = dict(connection.execute("select source, state from marts.dim_sources").fetchall())
        lines = connection.execute(
            "select line_id, state from marts.fct_scorecard_weekly where week_label = '2025-W43' and state <>"
            " 'live' union all select line_id, gap from marts.dim_lines where gap is not null"
        ).fetchall()
    assert lines == [], "HubSpot alone answers every line of a sales team"
    assert (year["win_rate"], year["avg_deal"], year["sales_cycle_days"]) == ([7, 26], [110_019, 7], [733, 7])
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        ((ahead,),) = connection.execute(
            "select count(*) from staging.stg_hubspot__meetings where started_at > ?", [DEMO_AS_OF]
        ).fetchall()
    assert ahead > 1 and {name: ever[name][0] for name in ("contacts", "companies", "activities")} == {
        "contacts": 44_602,
        "companies": 17_781,
        "activities": 11_787 - ahead,  # what is planned has not been done
    }
    assert states.pop("hubspot") == "partly_refused"
    assert {state for source, state in states.items() if source not in ("manual", "ad_spend_csv")} == {
        "not_connected"
    }

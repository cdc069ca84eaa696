"""What people change: a goal from a date on, a typed-in number, and hostile text that vendors send."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from foundation.settings import PROJECT_ROOT, Settings
from metric_diff import MADE_OF, metric_diff
from tests.e2e.conftest import MONDAY, Install
from tests.support.published import SCRIPT

pytestmark = pytest.mark.e2e


STATUSES = (
    "select week_label, target, status from marts.fct_scorecard_weekly where line_id = 'inside_sales.dials'"
    " order by 1"
)


@dataclass
class Changed:
    """Monday's home after people changed a goal and typed five rows, four of them wrong, and refresh and
    build ran."""

    install: Install
    refresh_output: str


@pytest.fixture(scope="module")
def changed(made: dict[str, Install], tmp_path_factory: pytest.TempPathFactory) -> Changed:
    place = tmp_path_factory.mktemp("changed")
    shutil.copytree(made["monday"].home, place / "home")
    copy = Install(place / "home", made["monday"].sandbox, made["monday"].company).at(MONDAY)
    project = place / "dbt_project"
    shutil.copytree(PROJECT_ROOT / "dbt_project", project)
    goals = project / "seeds" / "goals.csv"
    old = "inside_sales.dials,2025-06-30,,>=,125,,0.10,second caller list added,,,\n"
    new = "inside_sales.dials,2025-06-30,2025-10-19,>=,125,,0.10,second caller list added,,,\n"
    new += "inside_sales.dials,2025-10-20,,>=,60,,0.10,one caller on leave,,,\n"
    text = goals.read_text(encoding="utf-8")
    assert old in text
    goals.write_text(text.replace(old, new), encoding="utf-8")
    copy.extra["SCORELINE_DBT_DIR"] = str(project)
    folder = place / "manual_entries"
    shutil.copytree(PROJECT_ROOT / "manual_entries", folder)
    (folder / "late.csv").write_text(
        "metric,person,week,value,note,entered_by,entered_at\n"
        "hybrid_sales.networking_events,noor_haddad,2025-W43,4,found two"
        " tickets,noor_haddad,2025-10-26T20:00:00-05:00\n"
        "hybrid_sales.netwroking_events,noor_haddad,2025-W43,1,,noor_haddad,2025-10-26T20:00:00-05:00\n"
        "hybrid_sales.networking_events,noor_hadad,2025-W43,1,,noor_haddad,2025-10-26T20:00:00-05:00\n"
        "hybrid_sales.networking_events,noor_haddad,2025-W77,1,,noor_haddad,2025-10-26T20:00:00-05:00\n"
        "hybrid_sales.networking_events,noor_haddad,2025-W43,many,,noor_haddad,2025-10-26T20:00:00-05:00\n",
        encoding="utf-8",
    )
    copy.extra["SCORELINE_MANUAL_DIR"] = str(folder)
    output = copy.scoreline("run", "refresh")
    copy.scoreline("run", "build")
    return Changed(copy, output)


def test_a_goal_changed_from_a_date_on_leaves_earlier_weeks_alone(changed: Changed, monday: Install) -> None:
    before, after = monday.query(STATUSES), changed.install.query(STATUSES)
    assert [row for row in after if row[0] < "2025-W43"] == [row for row in before if row[0] < "2025-W43"]
    assert dict((row[0], row[1:]) for row in after)["2025-W43"] == (60, "met")
    assert dict((row[0], row[1:]) for row in after)["2025-W42"] == (
        125,
        "below",
    )  # 70 would be above the new goal
    # the clock stands still, and yet the second build is told apart from the first
    columns = "line_id, period_label, kind, cause, target_was, target_now, status_was, status_now"
    told = f"select {columns} from marts.fct_restatements order by 1"
    assert changed.install.query(told) == [
        (
            "hybrid_sales.networking_events",
            "2025-W43",
            "restated",
            "records",
            3,
            3,
            "below",
            "met",
        ),  # the late entry
        ("inside_sales.dials", "2025-W43", "rejudged", "goal", 125, 60, "below", "met"),
    ]


@pytest.mark.slow
def test_a_reviewer_sees_what_a_goal_and_a_filter_change(made: dict[str, Install], tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    for part in MADE_OF:
        if (PROJECT_ROOT / part).is_dir():
            shutil.copytree(
                PROJECT_ROOT / part,
                repository / part,
                ignore=shutil.ignore_patterns("target", "logs", "__pycache__"),
            )
        else:
            shutil.copy(PROJECT_ROOT / part, repository)
    who = ("-c", "user.name=Test", "-c", "user.email=test@test.example")
    for command in (("init", "--quiet"), ("add", "."), (*who, "commit", "--quiet", "-m", "base")):
        subprocess.run(["git", *command], cwd=repository, check=True)
    goals = repository / "dbt_project" / "seeds" / "goals.csv"
    text = goals.read_text(encoding="utf-8")
    old = "inside_sales.dials,2025-06-30,,>=,125,"
    assert old in text
    goals.write_text(text.replace(old, "inside_sales.dials,2025-06-30,,>=,100,"), encoding="utf-8")
    metric = (
        repository / "dbt_project" / "models" / "metrics" / "reactive_ops" / "reactive_tickets_opened.sql"
    )
    text = metric.read_text(encoding="utf-8")
    assert "        when opened_day is null" in text
    metric.write_text(
        text.replace(
            "        when opened_day is null",
            "        when opened_day > date '2025-10-19' then 'gone'\n        when opened_day is null",
        )
    )
    places: dict[str, Any] = {
        "SCORELINE_HOME": made["monday"].home,
        "SCORELINE_DBT_DIR": repository / "dbt_project",
        "SCORELINE_COMPANY_FILE": repository / "company.toml",
    }
    texts = metric_diff(Settings(**places), repository, "HEAD")
    assert {text.split("  ")[0] for text in texts[1:-1]} == {"dials", "reactive_tickets_opened"}
    assert "dials  inside_sales.dials  2025-W43  101 below (goal 125) -> 101 met (goal 100)" in texts
    tickets = [text.split("  ")[2:] for text in texts if text.startswith("reactive_tickets_opened")]
    assert (
        [label for label, _ in tickets][:1] == ["2025-W43"]
        and tickets[0][1].startswith("69 ")
        and " -> 0 " in tickets[0][1]
    )


def test_bad_typed_rows_are_named_on_the_page_and_good_ones_still_load(changed: Changed) -> None:
    copy, output = changed.install, changed.refresh_output
    assert all(f"late.csv, line {line}" in output or f"late.csv:{line}" in output for line in (3, 4, 5, 6)), (
        output
    )
    line = (
        "select value, status from marts.fct_scorecard_weekly where line_id ="
        " 'hybrid_sales.networking_events' and week_label = '2025-W43'"
    )
    assert copy.query(line) == [(4, "met")]
    corrected = (
        "select numerator from marts.fct_contributions where line_id = 'hybrid_sales.networking_events' and"
        " reason = 'corrected'"
    )
    assert (0,) in copy.query(corrected)
    page = (copy.home / "site" / "scorecard.html").read_text(encoding="utf-8")
    assert "late.csv" in page


def test_hostile_vendor_text_stays_text_on_pages_and_in_mails(monday: Install) -> None:
    labels = "select count(*) from marts.fct_contributions where record_label ilike '%<script>%'"
    assert monday.query(labels)[0][0] > 0
    for file in [*(monday.home / "site").rglob("*.html"), *monday.mails()]:
        content = file.read_text(encoding="utf-8")
        assert SCRIPT not in content and "<script>document" not in content, file
        assert "javascript:" not in content.replace("javascript:alert(1))", "").replace(
            "javascript:alert(1)", ""
        ), file
        assert 'href="javascript:' not in content, file

"""What people change: a goal from a date on, a typed-in number, and hostile text that vendors send."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from foundation.settings import PROJECT_ROOT, Settings
from metric_diff import MADE_OF, metric_diff
from tests.e2e.conftest import Install, copy_of
from tests.e2e.phone import SENSOR, Phone, phone
from tests.support.browser import needs_chromium
from tests.support.published import SCRIPT
from tests.support.reading import rows_of_scorecard

pytestmark = pytest.mark.e2e
MAYA, EVENTS = "maya.torres@cedar-ridge.example", "outside_sales.networking_events"
FIELD = f"{EVENTS}.2025-W43.maya_torres"


STATUSES = (
    "select week_label, target, status from marts.fct_scorecard_weekly where line_id = 'inside_sales.dials'"
    " order by 1"
)


@dataclass
class Changed:
    """Monday's home after people changed a goal, typed five rows into a file, four of them wrong, and a number
    on a phone, and the load and the build that follow ran."""

    install: Install
    refresh_output: str
    phone: Phone | None = None
    """None: there is no browser here."""
    trail: str = ""
    """What the phone showed of the number before the build."""


@pytest.fixture(scope="module")
def changed(made: dict[str, Install], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Changed]:
    place = tmp_path_factory.mktemp("changed")
    copy = copy_of(made, "monday")
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
    if not shutil.which("chromedriver"):
        output = copy.scoreline("run", "refresh")
        copy.scoreline("run", "build")
        yield Changed(copy, output)
        return
    with phone(copy) as hers:
        hers.sign_in(MAYA)
        hers.correct(FIELD, "5", "two were missing")
        trail = hers.correct(FIELD, "6", "and the Friday lunch")
        output = copy.python(SENSOR)
        copy.scoreline("run", "build")
        yield Changed(copy, output, hers, trail)


@needs_chromium
def test_a_number_typed_on_a_phone_is_on_the_page_in_the_receipts_and_in_the_api(changed: Changed) -> None:
    """From the link of a mail through the sensor's run and a real build."""
    assert changed.phone
    said = changed.trail
    assert said.index("and the Friday lunch") < said.index("two were missing"), "the newest first"
    assert "on the page after the next build" in said
    assert "loaded ['raw/manual/entries', 'raw/manual/rejected']" in changed.refresh_output
    # with Victor's 1
    assert "on the page after the next build" not in changed.phone.open("/numbers").split("2025-W44")[0]
    card = changed.phone.web.find_element("id", FIELD).text
    assert "Typed 6" in card and "on the page" in card
    (figure,) = changed.phone.asked(f"/api/v1/scorecard/weekly?week=2025-W43&line={EVENTS}")["figures"]
    assert (figure["value"], figure["state"], figure["status"]) == (7, "manual", "met")
    records = changed.phone.asked(f"/api/v1/contributions?week=2025-W43&line={EVENTS}")["contributions"]
    assert sorted((one["numerator"], one["counted"]) for one in records if one["person_key"] == "maya_torres") == [
        (2, False), (5, False), (6, True),
    ]  # fmt: skip
    receipt = changed.phone.open(f"/receipts/2025-W43.html?line={EVENTS}")
    assert "corrected: and the Friday lunch" in receipt and "typed by maya_torres" in receipt
    site = changed.install.home / "site"
    assert "and the Friday lunch" in (site / "receipts" / "2025-W43.html").read_text(encoding="utf-8")
    changed.phone.open("/scorecard.html")
    for html in ((site / "scorecard.html").read_text(encoding="utf-8"), changed.phone.web.page_source):
        assert rows_of_scorecard(html)[EVENTS]["This week"].startswith("7: records of Networking events")


def test_a_goal_changed_from_a_date_on_leaves_earlier_weeks_alone(changed: Changed, monday: Install) -> None:
    before, after = monday.query(STATUSES), changed.install.query(STATUSES)
    assert [row for row in after if row[0] < "2025-W43"] == [row for row in before if row[0] < "2025-W43"]
    assert dict((row[0], row[1:]) for row in after)["2025-W43"] == (60, "met")
    assert dict((row[0], row[1:]) for row in after)["2025-W42"] == (
        125,
        "below",
    )  # 70 would be above the new goal
    # the clock is fixed, and yet the second build can be told from the first
    columns = "line_id, period_label, kind, cause, target_was, target_now, status_was, status_now"
    told = f"select {columns} from marts.fct_restatements order by 1"
    assert [row for row in changed.install.query(told) if row[0] != EVENTS] == [
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
    assert "    not_opened_because as reason," in text
    metric.write_text(
        text.replace(
            "    not_opened_because as reason,",
            "    case when opened_day > date '2025-10-19' then 'gone' else not_opened_because end as reason,",
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

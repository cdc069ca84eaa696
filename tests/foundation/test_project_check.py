"""Names that one file takes from another: a wrong one is told with file, line and the nearest right one."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from foundation.metric_meta import MetricMeta
from foundation.project_check import faults, metric_faults
from foundation.settings import PROJECT_ROOT, Settings, load_company

DBT_DIR = PROJECT_ROOT / "dbt_project"
SEEDS = DBT_DIR / "seeds"
PAGES = [path.stem for path in (PROJECT_ROOT / "reports" / "pages").glob("*.md")]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with company.toml and the seeds, in force."""
    shutil.copytree(SEEDS, tmp_path / "seeds")
    shutil.copy(PROJECT_ROOT / "company.toml", tmp_path)
    monkeypatch.setenv("SCORELINE_SEEDS_DIR", str(tmp_path / "seeds"))
    monkeypatch.setenv("SCORELINE_COMPANY_FILE", str(tmp_path / "company.toml"))
    return tmp_path


def test_the_project_s_own_files_agree() -> None:
    assert faults(Settings(), load_company(Settings()), PAGES) == []


@pytest.mark.parametrize("company", ["brightwater"])
def test_those_of_the_sales_company_too(company: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = PROJECT_ROOT / "sandbox" / "companies" / company
    monkeypatch.setenv("SCORELINE_SEEDS_DIR", str(folder / "seeds"))
    monkeypatch.setenv("SCORELINE_COMPANY_FILE", str(folder / "company.toml"))
    assert faults(Settings(), load_company(Settings()), PAGES) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        (
            "seeds/goals.csv",
            "inside_sales.ftas_set,",
            "inside_sales.ftas_sets,",
            "did you mean 'inside_sales.ftas_set'?",
        ),
        (
            "seeds/scorecard_lines.csv",
            ",dials,,maya_torres,",
            ",dails,,maya_torres,",
            "did you mean 'dials'?",
        ),
        (
            "seeds/scorecard_lines.csv",
            ",dials,,maya_torres,",
            ",dials,,maya_tores,",
            "did you mean 'maya_torres'?",
        ),
        (
            "company.toml",
            'scorecard = ["inside_sales"',
            'scorecard = ["inside_sale"',
            "did you mean 'inside_sales'?",
        ),
        ("company.toml", "[pages.lines] ", "[pages.lines]\nscorcard = []\n#", "did you mean 'scorecard'?"),
        ("company.toml", '# pages = ["ceo"]', 'pages = ["ceos"]', "did you mean 'ceo'?"),
        (
            "company.toml",
            'people = ["dana_whitfield"',
            'people = ["dana_whitfeld"',
            "did you mean 'dana_whitfield'?",
        ),
    ],
)
def test_a_wrong_name_is_told_with_file_and_line(
    files: Path, file: str, old: str, new: str, says: str
) -> None:
    path = files / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    found = faults(Settings(), load_company(Settings()), PAGES)
    line = text[: text.index(old)].count("\n") + 1
    assert len(found) == 1 and says in found[0]
    assert any(found[0].startswith(f"{path}, line {number}") for number in (line, line + 1)), found


def test_a_metric_s_definition_is_checked_without_dbt(tmp_path: Path) -> None:
    for part in ("models/metrics/inside_sales", "seeds/reasons.csv"):
        there = PROJECT_ROOT / "dbt_project" / part
        (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if there.is_dir() else shutil.copy)(there, tmp_path / part)
    (tmp_path / "models/staging/hubspot").mkdir(parents=True)
    (yml,) = (tmp_path / "models/metrics/inside_sales").glob("*.yml")
    text = yml.read_text(encoding="utf-8")
    assert list(metric_faults(tmp_path)) == []
    yml.write_text(
        text.replace("unit: count", "unit: cuont\n        sined: true", 1)
        .replace("        why: >-", "        wy: >-", 1)
        .replace("distinct_for_team: ", "distinct_for_team: maybe # ", 1)
    )
    faults = list(metric_faults(tmp_path))
    assert [fault.removeprefix(f"{yml}, ") for fault in faults] == [
        "line 12, metric dials: unknown unit 'cuont'; did you mean 'count'?",
        "line 18, metric dials: distinct_for_team: Input should be a valid boolean, unable to interpret"
        " input, got 'maybe'",
        "line 6, metric dials: the key 'why' is missing",
        "line 13, metric dials: unknown key 'sined'; did you mean 'signed'?",
        "line 20, metric dials: unknown key 'wy'; did you mean 'why'?",
    ]
    yml.write_text(text.replace("unit: count", "unit: count\n        parts: '{count} / {cuont}'", 1))
    (parts,) = metric_faults(tmp_path)
    assert "expected two units in braces such as '{money} / {count} MQLs'" in parts
    yml.write_text(text.replace("sources: [hubspot]", "sources: [hubspott]", 1))
    (source,) = metric_faults(tmp_path)
    assert "sources of dials: unknown source 'hubspott'; did you mean 'hubspot'?" in source
    yml.write_text(text)
    sql = yml.with_name("dials.sql")
    sql.write_text(sql.read_text(encoding="utf-8").replace("'inbound'", "'inbuond'"))
    (reason,) = metric_faults(tmp_path)
    assert f"{sql}: the reason 'inbuond' has no text in " in reason
    yml.write_text("models:\n  - name: [\n")
    (broken,) = metric_faults(tmp_path)
    assert f"{yml}, line 3: not valid YAML" in broken


def test_dbt_reads_no_other_key_of_a_metric_s_meta() -> None:
    """A key that a macro reads and the class lacks could not be written into any .yml."""
    files = [*(DBT_DIR / "macros").glob("*.sql"), *(DBT_DIR / "models").rglob("*.sql")]
    read = {
        key
        for file in files
        for key in re.findall(r"\bmeta(?:\.(?!get\b)|\.get\('|\[')(\w+)", file.read_text(encoding="utf-8"))
    }
    assert read == MetricMeta.model_fields.keys()

"""A mistake in a page file is named before a build: the file, the line and the nearest right name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from foundation.settings import PROJECT_ROOT, Settings
from reports.components import EXPORTS, signature
from reports.engine.parse import PAGES
from reports.pages.check import page_faults

PAGE = """\
---
title: Calls
nav: Calls
order: 85
extends: scorecard
lines:
  - inside_sales.dials
params: {first: null}
needs: fct_scorecard_weekly
---

```sql dials
select week_start, value, target from marts.fct_scorecard_weekly
where line_id = 'inside_sales.dials' and week_start >= $first and value > '0.5'
```

{{ BoardHead(build, page.title, "How much we call.") }}

{% set fewest = 1 %}
{% if dials|length > fewest %}
{{ LineChart(dials, x="week_start", y=["value"], title="Dials", goal="target") }}
{{ Pill("met") }} {{ Value(dials, "value", week_start=week) }}
{% endif %}

{{ Sections(lines, receipts, build, restated, columns="newest") }}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the page, and those that it may name."""
    shutil.copy(PAGES / "scorecard.md", tmp_path)
    (tmp_path / "calls.md").write_text(PAGE)
    return tmp_path


def test_the_project_s_own_pages_have_none() -> None:
    assert list(page_faults(Settings())) == []


def test_nor_with_the_lines_of_the_sales_company(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = PROJECT_ROOT / "sandbox" / "companies" / "brightwater" / "seeds"
    monkeypatch.setenv("SCORELINE_SEEDS_DIR", str(seeds))
    assert list(page_faults(Settings())) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("nav: Calls", "nva: Calls", "line 3: unknown key 'nva'; did you mean 'nav'?"),
        ("order: 85", "order: last", "line 4: order: Input should be a valid integer"),
        ("extends: scorecard", "extends: scorcard", "line 5, extends: unknown page 'scorcard'; did you mean 'scorecard'?"),
        ("nav: Calls", "report: call", "line 3, report: unknown page 'call'; did you mean 'calls'?"),
        ("  - inside_sales.dials", "  - inside_sales.dails", "line 7, lines: unknown section or line 'inside_sales.dails'; did you mean 'inside_sales.dials'?"),
        ("needs: fct_scorecard_weekly", "needs: fct_scorecard_wekly", "line 9, needs: unknown mart 'fct_scorecard_wekly'"),
        ("params: {first: null}", "params: 5", "line 8: params: Input should be a valid dictionary"),
        ("lines:\n  - inside_sales.dials\n", "lines: 5\n", "line 6: lines: Input should be a valid list"),
        ("title: Calls\n", "title: [\n", "line 4: the front matter is not valid YAML"),
        ("'inside_sales.dials'", "'inside_sales.dails'", "line 12, block 'dials': unknown line 'inside_sales.dails'; did you mean 'inside_sales.dials'?"),
        ("'inside_sales.dials'", "'inside_sale.dials'", "did you mean 'inside_sales.dials'?"),
        ("marts.fct_scorecard_weekly", "marts.fct_scorecard_wekly", "line 12, block 'dials': unknown mart 'fct_scorecard_wekly'; did you mean 'fct_scorecard_weekly'?"),
        ("params: {first: null}\n", "", "block 'dials': no value for $first; add it to the page's params"),
        ("select week_start, value,", "select week_start, valeu,", "line 12, block 'dials': Binder Error: Referenced column \"valeu\" not found"),
        ("where line_id", "were line_id", "block 'dials': Parser Error"),
        ("{{ LineChart(", "{{ LineChrat(", "line 21: unknown name 'LineChrat'; did you mean 'LineChart'?"),
        ('goal="target"', 'gaol="target"', "line 21: unknown argument of LineChart 'gaol'; did you mean 'goal'?"),
        ('title="Dials", ', "", "line 21: LineChart: missing a required argument: 'title'"),
        ('{{ Pill("met") }}', '{{ Pill("met", "Met", "x") }}', "line 22: Pill: too many positional arguments"),
        ("restated,", "restatd,", "line 25: unknown name 'restatd'; did you mean 'restated'?"),
        ("|length", "|lenght", "line 20: unknown filter 'lenght'; did you mean 'length'?"),
        ("{% endif %}", "", "line "),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_file_and_line(folder: Path, old: str, new: str, says: str) -> None:
    assert old in PAGE
    (folder / "calls.md").write_text(PAGE.replace(old, new, 1))
    found = list(page_faults(Settings(), folder))
    assert found and found[0].startswith(f"{folder / 'calls.md'}, line ") and says in found[0], found


def test_the_page_itself_has_no_mistake(folder: Path) -> None:
    assert list(page_faults(Settings(), folder)) == []


def test_the_arguments_of_every_component_are_known() -> None:
    assert all(signature(name) for name in EXPORTS)
    assert str(signature("Pill")) == "(status, text=None)"

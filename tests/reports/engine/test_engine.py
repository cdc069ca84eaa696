"""Pages: parsing, blocks and their guards, rendering. The database is the golden one; the pages are made
here."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import closing
from html import unescape
from pathlib import Path
from typing import Any

import duckdb
import pytest

from reports.components import NAMES
from reports.engine.parse import parse
from reports.engine.queries import PageError, connect, run
from reports.engine.render import compile_page, environment, render
from tests.support.published import SCRIPT


@pytest.fixture(scope="module")
def connection(published: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    made = connect(published)
    yield made
    made.close()


def body(connection: duckdb.DuckDBPyConnection, text: str, **params: Any) -> str:
    source = parse(text)
    results = run(connection, source.blocks, {**source.meta.get("params", {}), **params})
    return render(source, compile_page(source, environment(NAMES)), results)


PAGE = """---
title: Tiny
params: {least: 50}
---

```sql now
select l.label, f.value, f.target from marts.fct_scorecard_weekly as f join marts.dim_lines as l using (line_id)
where f.week_label = '2025-W43' and f.section = 'inside_sales' order by l.sort_order
```

```sql big
from now where value >= $least
```

# {{ page.title }}

{{ big|length }} of {{ now|length }} lines reached {{ number(50) }}.

{% grid 2 %}
{{ BigValue(big, "value", "Dials", goal="target", info="Outbound <b>calls</b>") }}
{{ LineChart(now, x="label", y=["value"], goal="target", title="Lines") }}
{% endgrid %}

{% tabs %}
{% tab "Table" %}
{{ DataTable(now, [{"key": "label", "label": "Line"}, {"key": "value", "label": "Value"}], "All lines") }}
{% endtab %}
{% tab "Words" %}
{% note %}
A **note**.
{% endnote %}
{% endtab %}
{% endtabs %}
"""


def test_a_page_from_front_matter_to_components(connection: duckdb.DuckDBPyConnection) -> None:
    html = body(connection, PAGE)
    assert "<h1>Tiny</h1>" in html
    assert "<p>1 of 3 lines reached 50.</p>" in html
    assert '<div class="g g2"><section class="card kpi"' in html, (
        "a paragraph around components was left over"
    )
    assert "Outbound &lt;b&gt;calls&lt;/b&gt;" in html
    assert '<section class="tab" data-tab="Table">' in html and "<strong>note</strong>" in html
    assert '<td class="n">101</td>' in html


def test_two_renderings_are_equal(connection: duckdb.DuckDBPyConnection) -> None:
    assert body(connection, PAGE) == body(connection, PAGE)


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("select 1; select 2", "must be a single SELECT"),
        ("copy (select 1) to 'x.csv'", "must be a single SELECT"),
        ("create table t as select 1", "must be a single SELECT"),
        ("drop table marts.dim_build", "must be a single SELECT"),
        ("attach 'x.duckdb'", "must be a single SELECT"),
        ("set enable_external_access = true", "must be a single SELECT"),
        ("install httpfs", "must be a single SELECT"),
        ("pragma database_list", 'syntax error at or near "pragma"'),
        ("select * from read_csv('/etc/passwd')", "disabled by configuration"),
        ("from 'secrets.parquet'", "disabled by configuration"),
        ("select * from glob('/*')", "disabled by configuration"),
        ("select $nope", "no value for $nope; add it to the page's params"),
        ("select *\nfrom marts.no_such", "page line 6"),
        ("selec 1", "syntax error"),
        ("from later", "'later' is defined further down"),
    ],
)
def test_a_bad_block_is_named_with_its_line(
    connection: duckdb.DuckDBPyConnection, sql: str, says: str
) -> None:
    with pytest.raises(PageError, match=re.escape(says)) as caught:
        body(connection, f"---\ntitle: x\n---\n```sql a\n{sql}\n```\n\n```sql later\nselect 1\n```\n")
    assert str(caught.value).startswith("line 4, block 'a': ")


def test_a_block_of_any_size_is_read_by_other_blocks_and_listed_by_its_first_rows(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    page = """
```sql a
select i, i % 3 as part from range(60000) as r(i)
```

```sql newest first 2 by part
from a order by i desc
```

```sql one
select count(*) as n from a
```
{{ one.one().n }} {{ newest.column("i") }} {{ newest.where(part=1).total }}

{{ DataTable(newest.where(part=1), {"i": "Number"}, "Newest") }}
"""
    html = body(connection, page)
    assert "60000 [59999, 59998, 59997, 59996, 59995, 59994] 20000" in html
    assert "The first 2 of 20,000; this statement lists all" in html
    statement = unescape(re.findall(r"<pre[^>]*>(.*?)</pre>", html, re.DOTALL)[0])
    assert len(connection.execute(statement).fetchall()) == 60_000
    with pytest.raises(
        PageError, match="block 'a': more than 50000 rows; aggregate in a mart, or add `first"
    ):
        body(connection, page + "{{ a|length }}")


def test_readers_write_what_does_not_fit_into_folders_of_their_own(
    published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that shared one would crash each other. Every reader keeps to the setting: pages, portal and mails."""
    monkeypatch.setenv("SCORELINE_MEMORY", "123MB")
    folders = set()
    for _ in range(2):
        with closing(connect(published)) as connection:
            sql = "select current_setting('memory_limit'), current_setting('temp_directory')"
            limit, folder = connection.execute(sql).fetchall()[0]
            assert limit == "117.3 MiB" and Path(folder).parent == published.parent
            folders.add(folder)
    assert len(folders) == 2


def test_a_block_that_needs_too_much_memory_is_named(published: Path) -> None:
    with (
        closing(connect(published, memory="20MB")) as connection,
        pytest.raises(PageError, match="block 'a': needs more memory than SCORELINE_MEMORY says"),
    ):
        body(connection, "```sql a\nselect list(i) from range(10_000_000) as t(i)\n```\n{{ a|length }}")


def test_nothing_that_a_block_may_do_changes_the_published_file(
    connection: duckdb.DuckDBPyConnection, published: Path
) -> None:
    before = published.read_bytes()
    body(connection, "```sql a\nselect * from marts.dim_build\n```\n{{ a|length }}")
    assert published.read_bytes() == before
    with pytest.raises(duckdb.Error):
        connection.execute("create table published.marts.mine as select 1")


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ("```sql A\nselect 1\n```", "lower case letters"),
        ("```sql a\nselect 1\n```\n\n```sql a\nselect 2\n```", "used twice"),
        ("\n\n{{ nothere }}", "line 3: UndefinedError: 'nothere' is undefined"),
        ("\n{% if %}", "line 2: "),
        ("---\ntitle: x\n---\n\n{% grid 2 %}\n", "line 5: "),
        ("---\n- a\n---\n", "line 1: the front matter must be"),
        ("---\na: [\n---\n", "the front matter is not valid YAML"),
        (
            "```sql a\nselect 1 as x where false\n```\n\n{{ a.one().x }}",
            "line 5: block 'a' has 0 rows where exactly one is needed",
        ),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
    ],
)
def test_a_bad_page_is_named_with_its_line(
    connection: duckdb.DuckDBPyConnection, page: str, says: str
) -> None:
    with pytest.raises(PageError, match=re.escape(says)):
        body(connection, page)


def test_a_block_that_never_ends_is_interrupted(connection: duckdb.DuckDBPyConnection) -> None:
    source = parse("```sql a\nselect count(*) from range(1000000000000) as t(i) where hash(i) = 1\n```")
    with pytest.raises(PageError, match="took longer than 0.2 seconds"):
        run(connection, source.blocks, {}, timeout=0.2)


def test_parameters_are_values_not_text(connection: duckdb.DuckDBPyConnection) -> None:
    html = body(
        connection,
        "```sql a\nselect $who as who\n```\n{{ a.one().who }}",
        who="'; drop table marts.dim_build; --",
    )
    assert "&#39;; drop table marts.dim_build; --" in html


HOSTILE = f"{SCRIPT} **b** [l](javascript:1) | x {{{{ 7*7 }}}} \ue0000\ue001"


def test_data_is_never_markup(connection: duckdb.DuckDBPyConnection) -> None:
    html = body(
        connection,
        "```sql a\nselect $v as v\n```\n{{ a.one().v }}\n\n| h |\n|---|\n| {{ a.one().v }} |",
        v=HOSTILE,
    )
    assert "<script" not in html and "<img" not in html and "<strong>" not in html and "<a " not in html
    assert html.count("<td>") == 1 and "49" not in html


def test_a_token_in_data_pulls_nothing_in(connection: duckdb.DuckDBPyConnection) -> None:
    html = body(
        connection,
        "```sql a\nselect $v as v\n```\n{% note %}\n{{ number(12345) }} {{ a.one().v }}\n{% endnote %}",
        v="\ue0000\ue001",
    )
    assert html.count("12,345") == 1


def test_raw_html_in_a_page_is_text(connection: duckdb.DuckDBPyConnection) -> None:
    assert "&lt;script&gt;" in body(connection, "<script>alert(1)</script>")


def test_an_unnamed_sql_fence_stays_an_example(connection: duckdb.DuckDBPyConnection) -> None:
    assert "<code" in body(connection, "```sql\ndrop table x\n```")


def test_nothing_published_yet(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="does not exist yet"):
        connect(tmp_path / "scoreline.duckdb")


FILTERED = """---
sections: {numbers: All numbers}
params: {most: 3, days: ["2025-10-20", "it's"]}
---

```sql spans
select * from (values ('short', 'Short', 'Short span', false), ('long', 'Long', 'Long span', true), ('same', 'Same', 'The same', false))
as t(key, label, note, is_default)
```

```sql teams
select 'all' as key, '<b>All</b>' as label, 'all </script>' as note, true as is_default union all select 'no"rth', 'North', 'North', false
```

```sql counted
select spans.key as span_key, teams.key as team_key, if(spans.key = 'long', 9, least(2, $most)) as n from spans, teams -- no $cost
```

```sql named
from counted where list_contains($days, '2025-10-20')
```

{% set by = Filters(span=spans, team=teams) %}
{{ by }}

## All numbers

{% filtered by %}
{{ view.span.label }}: {{ view.of(counted).one().n }}, {{ view.query }}

{{ Info("about", "n") }}
{% endfiltered %}

{{ Info("after", "the rest") }}

{{ Sql(named) }}
"""


def packed(html: str) -> dict[str, Any]:
    found = re.findall(r'<script type="text/plain" data-for="v2">([^<]*)</script>', html)
    return dict(json.loads(zlib.decompress(base64.b64decode(found[0]))))


def test_every_choice_is_rendered_and_the_default_stands_in_the_page(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    html = body(connection, FILTERED)
    versions = packed(html)
    assert versions["at"] == [0, 1, 2, 3, 4, 5]
    assert [re.findall(r"\w+: \d", version)[0] for version in versions["of"]] == ["Short: 2"] * 2 + [
        "Long: 9"
    ] * 2 + ["Same: 2"] * 2
    assert html.split('<div class="filtered" id="v2">')[1].startswith(versions["of"][2]), "the default"
    assert "span=long&amp;team=all" in versions["of"][2]
    assert '<h2 id="numbers">All numbers</h2>' in html


def test_choices_share_their_ids_and_what_follows_has_others(connection: duckdb.DuckDBPyConnection) -> None:
    html = body(connection, FILTERED)
    ids = {version.split('role="tooltip" id="')[1].split('"')[0] for version in packed(html)["of"]}
    assert len(ids) == 1
    shown = re.findall(r'\bid="([^"]+)"', html)
    assert len(shown) == len(set(shown)) == 4 and ids < set(shown)


def test_equal_versions_are_packed_once(connection: duckdb.DuckDBPyConnection) -> None:
    html = body(
        connection,
        FILTERED.replace("{{ view.span.label }}: {{ view.of(counted).one().n }}, {{ view.query }}", "always"),
    )
    assert packed(html)["at"] == [0] * 6 and len(packed(html)["of"]) == 1


def test_labels_of_filters_are_text(connection: duckdb.DuckDBPyConnection) -> None:
    html = body(connection, FILTERED)
    assert "<b>All</b>" not in html and "&lt;b&gt;All&lt;/b&gt;" in html and "all &lt;/script&gt;" in html
    assert '<form class="filters" data-by="span team" aria-label="Filters" hidden>' in html
    assert '<p class="shown" role="status">Long span · all &lt;/script&gt;</p>' in html


def test_a_filter_has_one_default(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(PageError, match="filter 'span': exactly one row of block 'spans' must be is_default"):
        body(connection, FILTERED.replace("'Long span', true", "'Long span', false"))


def test_sql_on_a_page_stands_by_itself(connection: duckdb.DuckDBPyConnection, published: Path) -> None:
    """Blocks below blocks and parameters are written out; it gives what the page shows."""
    source = parse(FILTERED)
    results = run(connection, source.blocks, source.meta["params"])
    text = results["named"].sql
    assert (
        text.startswith("with spans as (")
        and "['2025-10-20', 'it''s']" in text
        and "least(2, 3)" in text
        and "$cost" in text
    )
    with duckdb.connect(str(published), read_only=True) as plain:
        assert len(plain.execute(text).fetchall()) == len(results["named"]) == 6


def test_only_what_a_block_reads_comes_before_it(connection: duckdb.DuckDBPyConnection) -> None:
    """A name or a parameter in a text, in a comment or as a column is neither."""
    source = parse(
        "```sql dials\nselect 1 as n\n```\n```sql weeks\nselect $most as most\n```\n"
        "```sql shown\nselect most as dials, '$most dials' as said from weeks -- dials, $most\n```\n"
    )
    text = run(connection, source.blocks, {"most": 3})["shown"].sql
    assert text.startswith("with weeks as (\nselect 3 as most\n), shown as (")
    assert "'$most dials'" in text and "-- dials, $most" in text


def test_rows_are_picked_by_any_columns(connection: duckdb.DuckDBPyConnection) -> None:
    source = parse(FILTERED)
    counted = run(connection, source.blocks, source.meta["params"])["counted"]
    assert counted.where(span_key="long", team_key="all").one().n == 9
    assert len(counted.where(n=2)) == 4 and not counted.where(n=7)
    assert [(value, len(rows)) for value, rows in counted.groups("span_key")] == [
        ("short", 2),
        ("long", 2),
        ("same", 2),
    ]

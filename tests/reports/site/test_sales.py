"""The sales pages: what every filter shows is what SQL over the marts says, in a real browser and without a
sum in the script."""

from __future__ import annotations

import base64
import re
import zlib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from foundation.settings import PROJECT_ROOT, load_company
from reports.engine.markup import plain
from reports.look.numbers import exact, number
from reports.site.build import build_site
from reports.site.receipts import BUDGET
from tests.reports.conftest import settings_for
from tests.support.browser import axe_violations, needs_chromium, show, sticks_out, wait
from tests.support.figures import shut_figures
from tests.support.published import PublishedFile
from tests.support.reading import text_of
from tests.support.sales_marts import fill

PAGES = (
    "sales.html",
    "sales_pipeline.html",
    "sales_activity.html",
    "sales_deals.html",
    "sales_records.html",
    "restricted/sales_contacts.html",
)
GOLDEN = "target=100000&deal=15717&win=27"


@dataclass(frozen=True)
class Built:
    site: Path
    published: Path

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.published), read_only=True) as connection:
            return connection.execute(sql).fetchall()


def build(home: Path, *, filled: bool = True, **pages: Any) -> Built:
    """A published file and the sales pages built from it, beside the newest scorecard."""
    settings = settings_for(home)
    PublishedFile(settings.published_path, earlier=1).write()
    if filled:
        fill(settings.published_path)
        with duckdb.connect(str(settings.published_path)) as connection:  # a line that counts contacts
            connection.execute(
                "update marts.fct_contributions set record_type = 'contact', record_label = 'Ada Person',"
                " record_id = '77' where line_id = 'inside_sales.dials'"
            )
    company = load_company(settings)
    company = company.model_copy(
        update={
            "pages": company.pages.model_copy(
                update={"enabled": ["sales", "scorecard"], "history_weeks": 1, **pages}
            )
        }
    )
    build_site(settings, company)
    return Built(settings.site_dir, settings.published_path)


@pytest.fixture(scope="module")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The sales pages of a team at full volume, those with names too; read only."""
    return build(tmp_path_factory.mktemp("sales"), contact_names=True)


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The same where contacts have no names."""
    return build(tmp_path_factory.mktemp("closed"))


def page(built: Built, name: str) -> str:
    return (built.site / name).read_text(encoding="utf-8")


# --- what a filter shows


def _money(value: Any) -> str:
    return number(value, "money:USD")


SHOWN = {
    "text": lambda v: "" if v is None else plain(v),
    "n": number,
    "nblank": lambda v: "" if v is None else number(v),
    "money": _money,
    # an amount in another currency is not printed as one of the company's
    "own": lambda v: number(v["amount"], "count" if v["is_foreign"] else "money:USD"),
    "tile": lambda v: number(v, "money:USD", 0 if v is not None and abs(v) >= 1000 else None),
    "percent": lambda v: number(v, "percent"),
    "percentorblank": lambda v: "" if v is None else number(v, "percent"),
    "rate": lambda v: "too few" if v is None else number(v, "percent", 1),
    "days": lambda v: number(v, "days"),
    "then": lambda v: "" if v is None else number(v),
    "reach": lambda v: (
        "goal since 20 Oct, 6 of 720 days"
        if v["since"]
        else ""
        if v["attainment"] is None
        else number(v["attainment"], "percent")
    ),
    "goal": lambda v: "no goal" if v is None else number(v, "count", 0),
}
"""How a column reads, by the end of its name; written out here once more, so that a page that formats
otherwise is noticed."""

EXPECTED: dict[str, dict[str, str]] = {}
"""Page -> block of it -> SQL that gives what its table must show."""
for _head, _sql in re.findall(
    r"^-- (\S+: \S+)\n(.*?);$",
    (PROJECT_ROOT / "tests/support/sales_expected.sql").read_text(encoding="utf-8"),
    re.S | re.M,
):
    EXPECTED.setdefault(_head.split(": ")[0], {})[_head.split(": ")[1]] = _sql

Shown = dict[tuple[str, ...], tuple[str, dict[str, list[list[str]]]]]
"""Choice -> (what the line under the form says, block -> rows of cells)."""

READ_ALL = """
const [choices, done] = arguments, form = document.querySelector('.filters'), names = form.dataset.by.split(' ');
const text = e => e.textContent.replace(/\\s+/g, ' ').trim(), all = (s, r) => [...r.querySelectorAll(s)];
const cells = row => [...row.cells].map(c => c.matches('th') && c.querySelector('small,.hb') ? text(c.firstChild) : text(c));
const tile = k => [text(k.querySelector('.t').firstChild), ...all('.num, .beside b, .sub:last-child', k).map(text)];
const rows = b => b.matches('.tiles') ? all('.kpi', b).map(tile)
    : all('tbody tr', b).map(cells);
const read = () => {
    const out = {};
    all('.filtered [data-block]', document).forEach(b => (out[b.dataset.block] ??= []).push(...rows(b)));
    return out;
};
const frame = () => new Promise(r => setTimeout(r));
const choose = (name, value) => {
    const e = form.elements[name];
    if (e.options) { e.value = value; e.dispatchEvent(new Event('change', {bubbles: true})) }
    else [...e].find(o => o.value == value).click();
};
(async () => {
    const out = [];
    for (const choice of choices) {
        for (const [i, name] of names.entries()) {
            const e = form.elements[name];
            if (e.value != choice[i]) { choose(name, choice[i]); await frame(); await frame() }
        }
        out.push([document.querySelector('.shown').textContent, read()]);
    }
    done(out);
})()
"""


def read_all(web: Any, built: Built, name: str, choices: list[tuple[str, ...]]) -> Shown:
    """What the page shows for each choice, set by its form."""
    show(web, built.site, name)
    wait(web, "return document.documentElement.dataset.ready == '1'")
    web.set_script_timeout(60)
    return dict(zip(choices, map(tuple, web.execute_async_script(READ_ALL, choices)), strict=True))


def expected(built: Built, sql: str, keys: int) -> dict[tuple[str, ...], list[list[str]]]:
    """Key -> rows as the page must write them; the columns' names say how."""
    with duckdb.connect(str(built.published), read_only=True) as connection:
        connection.execute("create temp macro ucfirst(x) as upper(left(x, 1)) || substr(x, 2)")
        for mart in ("open_deals", "velocity"):
            now = "select shown_day from marts.fct_sales_velocity where is_now"
            connection.execute(
                f"create temp view one_{mart} as from marts.fct_sales_{mart} where is_now or shown_day not in"
                f" ({now})"
            )
        found = connection.execute(sql)
        how = [SHOWN[column[0].rsplit("_", 1)[1]] for column in (found.description or [])[keys:]]
        out: dict[tuple[str, ...], list[list[str]]] = {}
        for row in found.fetchall():
            key = tuple(str(cell) for cell in row[:keys])
            out.setdefault(key, []).append([form(cell) for form, cell in zip(how, row[keys:], strict=True)])
    return out


def choices_of(built: Built) -> list[tuple[str, ...]]:
    return built.rows(
        "select period_key, owner_key from marts.dim_sales_periods cross join marts.dim_sales_owners order by"
        " 1, 2"
    )


def compare(shown: Shown, block: str, right: dict[tuple[str, ...], list[list[str]]]) -> None:
    assert right, block
    for choice, (_, blocks) in shown.items():
        assert sorted(blocks.get(block, [])) == sorted(right.get(choice, [])), (block, choice)


@pytest.mark.browser
@needs_chromium
@pytest.mark.parametrize("name", [name for name in EXPECTED if name != "sales_pipeline.html"])
def test_every_period_and_owner_equals_sql(web: Any, sales: Built, name: str) -> None:
    choices = choices_of(sales)
    shown = read_all(web, sales, name, choices)
    assert len(shown) == 66
    for block, sql in EXPECTED[name].items():
        compare(shown, block, expected(sales, sql, 2))
    labels = dict(sales.rows("select period_key, label || ': ' || description from marts.dim_sales_periods"))
    owners = dict(sales.rows("select owner_key, owner_name from marts.dim_sales_owners"))
    for (period, owner), (said, _) in shown.items():
        assert said.startswith(labels[period]) and said.endswith(f" · {plain(owners[owner])}"), said
    if name == "sales.html":
        compare_measures(sales, shown)


def compare_measures(built: Built, shown: Shown) -> None:
    """The tiles and the table of measures: number, second number, badge."""
    marts: dict[tuple[str, ...], dict[str, tuple[Any, ...]]] = {}
    for period, owner, measure, label, unit, value, then, change in built.rows(
        "select period_key, owner_key, measure, label, replace(unit, 'money', 'money:USD'), value,"
        " then_value, change from marts.fct_sales_kpis"
    ):
        marts.setdefault((period, owner), {})[measure] = (label, unit, value, then, change)

    def badge(period: str, unit: str, then: Any, change: Any) -> str:
        if change is None:
            return "" if then is None else f"{number(then, unit)} the year before"
        size = (
            f"{number(abs(exact(change)) * 100, 'count', 1)} points"
            if unit == "percent"
            else number(abs(exact(change)), "percent", 1)
        )
        if abs(exact(change)) < Decimal("0.0005"):
            return "▬ unchanged"
        return f"{'▲ up' if change > 0 else '▼ down'} {size}"

    tiles = ("pipeline_value", "win_rate", "open_deals", "activities", "contacts", "avg_deal")
    leads = ("leads", "mqls", "sqls", "web_visits", "form_fills")
    versus = {"all": " last 12 months against the 12 before"}
    for (period, owner), (_, blocks) in shown.items():
        of = marts[period, owner]

        def amount(measure: str, of: dict[str, tuple[Any, ...]] = of) -> str:
            _, unit, value, *_ = of[measure]
            return number(
                value,
                unit,
                0 if unit.startswith("money") and value is not None and abs(value) >= 1000 else None,
            )

        def tile(measure: str, of: dict[str, tuple[Any, ...]] = of, period: str = period) -> list[str]:
            label, unit, _, then, change = of[measure]
            beside = [number(of["pipeline_weighted"][2], "money:USD")] if measure == "pipeline_value" else []
            said = badge(period, unit, then, change) + (
                versus.get(period, " on the year before") if change is not None else ""
            )
            return [label, amount(measure), *beside, said]

        assert blocks["tiles"] == [tile(measure) for measure in tiles], (period, owner)
        assert blocks["lead_counts"] == [tile(measure) for measure in leads], (period, owner)
        rest = [
            measure
            for measure in of
            if measure not in (*tiles, *leads, "pipeline_weighted", "owners", "pipelines")
        ]
        badges = {m: badge(period, of[m][1], of[m][3], of[m][4]) for m in rest}
        assert sorted(blocks["more"]) == sorted(
            [of[m][0], amount(m), *([badges[m]] if any(badges.values()) else [])] for m in rest
        ), (period, owner)


@pytest.mark.browser
@needs_chromium
def test_every_monday_equals_sql(web: Any, sales: Built) -> None:
    mondays = [
        (str(day),)
        for (day,) in sales.rows("select distinct shown_day from marts.fct_sales_velocity order by 1")
    ]
    assert len(mondays) > 140
    shown = read_all(web, sales, "sales_pipeline.html", mondays)
    right = {block: expected(sales, sql, 1) for block, sql in EXPECTED["sales_pipeline.html"].items()}
    velocity = right.pop("velocity")
    for block, rows in right.items():
        compare(shown, block, rows)
    for choice, (said, blocks) in shown.items():
        assert [tile[1] for tile in blocks["velocity"]] == velocity[choice][0], choice
        assert said.startswith("As it st")


# --- addresses, keyboard, frame


@pytest.mark.browser
@needs_chromium
def test_a_deep_link_shows_what_it_says(web: Any, sales: Built) -> None:
    show(web, sales.site, "sales.html")
    ytd = web.find_element(By.CSS_SELECTOR, "[data-block=tiles]").text
    web.get("about:blank")
    web.get((sales.site / "sales.html").as_uri() + "#leads?period=last_week&owner=rep_1")
    wait(web, "return document.documentElement.dataset.shown")
    assert web.execute_script("return document.querySelector('[name=period]:checked').value") == "last_week"
    assert Select(web.find_element(By.NAME, "owner")).first_selected_option.text == "Victor Lang"
    assert web.find_element(By.CSS_SELECTOR, "[data-block=tiles]").text != ytd
    assert (
        "Last week" in web.find_element(By.CSS_SELECTOR, ".shown").text
        and "Victor Lang" in web.find_element(By.CSS_SELECTOR, ".shown").text
    )
    wait(web, "return Math.abs(document.getElementById('leads').getBoundingClientRect().top) < 200")
    # the other sections keep what is chosen
    assert web.execute_script(
        "return document.querySelector('.sections a[href*=sales_activity]').href"
    ).endswith("sales_activity.html#activity?period=last_week&owner=rep_1")


@pytest.mark.browser
@needs_chromium
def test_unknown_choices_are_the_default_and_back_goes_back(web: Any, sales: Built) -> None:
    web.get("about:blank")
    web.get((sales.site / "sales.html").as_uri() + "#summary?period=<script>&owner=%E0%A4%A")
    tiles = "return document.querySelector('[data-block=tiles]').textContent"
    first = web.execute_script(tiles)
    assert web.execute_script("return document.querySelector('[name=period]:checked').value") == "ytd"
    web.execute_script("document.querySelector('[value=mtd]').click()")
    wait(
        web,
        "return location.hash.includes('period=mtd') &&"
        " document.querySelector('.shown').textContent.includes('Month')",
    )
    assert web.execute_script(tiles) != first
    web.back()
    wait(web, "return document.querySelector('.shown').textContent.includes('Year to date')")
    assert web.execute_script(tiles) == first


@pytest.mark.browser
@needs_chromium
def test_filters_by_keyboard_keep_the_focus(web: Any, sales: Built) -> None:
    web.get("about:blank")
    show(web, sales.site, "sales_activity.html")
    web.execute_script("document.querySelector('[name=period]:checked').focus()")
    web.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    wait(web, "return document.querySelector('.shown').textContent.includes('Last year')")
    assert web.execute_script("return document.activeElement.value") == "last_year"
    web.execute_script("scrollTo({top: 400, behavior: 'instant'})")
    before = web.execute_script("return scrollY")
    web.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    wait(web, "return document.querySelector('.shown').textContent.includes('All time')")
    assert abs(before - web.execute_script("return scrollY")) < 3, "a choice must not move the page"
    show(web, sales.site, "sales_pipeline.html")
    later, earlier = (
        web.find_element(By.CSS_SELECTOR, f"[aria-label={which}]") for which in ("Later", "Earlier")
    )
    assert not later.is_enabled()
    earlier.send_keys(Keys.ENTER)
    wait(web, "return document.querySelector('.shown').textContent.includes('Mon 20 Oct 2025')")
    assert later.is_enabled() and web.execute_script("return document.activeElement.ariaLabel") == "Earlier"
    assert "#?monday=2025-10-20" in web.current_url


@pytest.mark.browser
@needs_chromium
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_loaded_and_changes_are_quick(web: Any, sales: Built, name: str) -> None:
    web.get("about:blank")
    web.get_log("browser")
    show(web, sales.site, name)
    wait(web, "return document.documentElement.dataset.ready == '1'")
    took = web.execute_async_script("""
      const done = arguments[0], form = document.querySelector('.filters'), out = [];
      const options = [...form.querySelectorAll('input, option')].slice(0, 12);
      (async () => {
        for (const o of options) {
          const e = o.closest('select') || o;
          if (e === o) o.checked = true; else e.value = o.value;
          const start = performance.now(), n = document.documentElement.dataset.shown;
          e.dispatchEvent(new Event('change', {bubbles: true}));
          for (let i = 0; i < 20 && document.documentElement.dataset.shown == n; i++) await null;
          document.body.offsetHeight;
          out.push(performance.now() - start);
          await new Promise(r => setTimeout(r, 20));
        }
        const n = performance.getEntriesByType('navigation')[0];
        const loaded = performance.getEntriesByType('resource').map(r => r.name).filter(n => !n.startsWith('data:'));
        done([n.domInteractive, out.sort((a, b) => a - b), loaded]);
      })()""")
    interactive, changes, loaded = took
    print(
        f"{name}: interactive after {interactive:.0f} ms, a change in {changes[len(changes) // 2]:.1f} ms"
        f" (slowest {changes[-1]:.1f})"
    )
    assert loaded == [] and web.get_log("browser") == []
    assert interactive < 1000 and changes[len(changes) // 2] < 100, (
        "far above what it takes, for machines that are busy"
    )


@pytest.mark.browser
@needs_chromium
def test_what_if(web: Any, sales: Built) -> None:
    web.get("about:blank")
    show(web, sales.site, "sales.html")
    needed = dict(sales.rows("select step, needed from marts.fct_sales_chain where span = 'month'"))

    def out(step: str) -> list[str]:
        return web.find_element(By.CSS_SELECTOR, f"output[data-step={step}]").text.split()

    assert Decimal(out("leads")[1].replace(",", "")) == round(needed["leads"], 4), (
        "the real rates give what the marts say"
    )
    web.get((sales.site / "sales.html").as_uri() + f"#targets?{GOLDEN}")
    web.refresh()
    assert out("deals") == ["7", "6.3625"] and out("opportunities") == ["24", "23.565"]
    box = web.find_element(By.NAME, "win")
    box.clear()
    box.send_keys("50")
    assert out("opportunities") == ["13", "12.7251"]
    assert web.execute_script("return document.querySelector('[name=win]').nextElementSibling.value") == "50"
    wait(web, "return location.hash.includes('win=50')")
    assert "target=100000" in web.current_url and "#targets?" in web.current_url
    box.clear()
    box.send_keys("0")
    assert out("opportunities") == ["–"], "nothing is divided by nothing"
    web.execute_script("document.querySelector('.whatif [type=reset]').click()")
    wait(web, "return !location.hash.includes('win')")
    assert Decimal(out("leads")[1].replace(",", "")) == round(needed["leads"], 4)


@pytest.mark.browser
@needs_chromium
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light")])
def test_accessibility(web: Any, sales: Built, name: str, width: int, scheme: str) -> None:
    show(web, sales.site, name, width, scheme)
    assert sticks_out(web, width) == []
    assert axe_violations(web, scheme) == []


@pytest.mark.browser
@needs_chromium
@pytest.mark.parametrize("width", [320, 620, 768, 1024])
def test_nothing_sticks_out(web: Any, sales: Built, width: int) -> None:
    for name in PAGES:
        show(web, sales.site, name, width)
        assert sticks_out(web, width) == [], name


@pytest.mark.browser
@needs_chromium
def test_without_script_and_in_print_the_default_is_there(web: Any, sales: Built, tmp_path: Path) -> None:
    plain_page = tmp_path / "plain.html"
    plain_page.write_text(
        re.sub(r"<script>.*?</script>", "", page(sales, "sales.html"), flags=re.S), encoding="utf-8"
    )
    web.get(plain_page.as_uri())
    assert "Year to date: 1 Jan 2025" in web.find_element(By.CSS_SELECTOR, ".shown").text
    assert len(web.find_elements(By.CSS_SELECTOR, "[data-block=tiles] .kpi")) == 6
    assert (
        not web.find_element(By.CSS_SELECTOR, ".filters").is_displayed()
        and not web.find_element(By.CSS_SELECTOR, ".whatif").is_displayed()
    )
    web.get("about:blank")
    show(web, sales.site, "sales.html", 1100, "dark", "print")
    assert (
        web.find_element(By.CSS_SELECTOR, ".shown").is_displayed()
        and not web.find_element(By.CSS_SELECTOR, ".filters").is_displayed()
    )
    show(web, sales.site, "sales.html")


@pytest.mark.browser
@needs_chromium
def test_hostile_names_stay_text(web: Any, sales: Built) -> None:
    for name in PAGES:
        show(web, sales.site, name)
        wait(web, "return document.documentElement.dataset.ready == '1'")
        web.execute_script(
            "const s = document.querySelector('[name=owner], [name=monday]'); s.selectedIndex = 4;"
            "s.dispatchEvent(new Event('change', {bubbles: true}))"
        )
        wait(web, "return document.documentElement.dataset.shown")
        assert "taken" not in web.title and web.execute_script("return document.images.length") == 0
        links = web.execute_script("return [...document.querySelectorAll('main a')].map(a => a.protocol)")
        assert set(links) <= {"https:", "http:", "file:"}


# --- without a browser


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_small_and_load_nothing(sales: Built, name: str) -> None:
    html = page(sales, name)
    print(f"{name}: {len(html.encode()) / 1024:.0f} KB")
    assert len(html.encode()) <= BUDGET
    assert not re.findall(r'\bsrc="(?!data:)', html) and len(re.findall(r'\bid="([^"]+)"', html)) == len(
        set(re.findall(r'\bid="([^"]+)"', html))
    )


@pytest.mark.parametrize("name", PAGES)
def test_sql_on_the_page_gives_what_the_page_shows(sales: Built, name: str) -> None:
    """Each statement runs by itself on the published file; those of lists give as many rows as the page has
    in all."""
    found = re.findall(r'<pre tabindex="0" data-sql="(\w+)">(.*?)</pre>', page(sales, name), re.S)
    assert found
    for block, text in found:
        statement = (
            text.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&#39;", "'")
            .replace("&#34;", '"')
            .replace("&amp;", "&")
        )
        assert sales.rows(statement), block


@pytest.mark.parametrize("name", PAGES)
def test_every_figure_opens_to_its_records(sales: Built, name: str) -> None:
    _, shut = shut_figures(unpacked(page(sales, name)))
    assert shut == []


def test_every_link_of_a_figure_leads_somewhere(sales: Built) -> None:
    """The page exists, and holds the list that the address names for some choice."""
    for name in PAGES[:5]:
        for file, anchor in set(
            re.findall(r'class="rc" href="([a-z_]*(?:\.html)?)#([a-z0-9_]+)', page(sales, name))
        ):
            assert re.search(rf'id=\\?"{anchor}\\?"', unpacked(page(sales, file or name))), (
                name,
                file,
                anchor,
            )


def test_every_section_has_its_sql_and_a_link(sales: Built) -> None:
    navigation = re.findall(
        r'<a href="([^"]*)#(\w+)"[^>]*>([^<]+)</a>',
        re.findall(r'<nav class="sections[^"]*".*?</nav>', page(sales, "sales.html"))[0],
    )
    assert [title for _, _, title in navigation][:8] == [
        "Executive summary", "Leads and sources", "Funnel", "Targets",
        "Pipeline", "Insights and forecast", "Activity", "Contacts and companies",
    ]  # fmt: skip
    for file, section, _ in navigation:
        html = page(sales, file or "sales.html")
        after = html.split(f'<h2 id="{section}">')[1].split("<h2")[0]
        assert '<details class="sql">' in after, section


def test_two_builds_are_equal(sales: Built, closed: Built) -> None:
    """But for the navigation, which knows the page with names or doesn't."""
    for name in PAGES[:5]:
        assert page(closed, name).split("<main>")[1] == page(sales, name).split("<main>")[1], name


def test_names_of_contacts_are_only_where_they_may_be(sales: Built, closed: Built) -> None:
    names = [
        name
        for (name,) in sales.rows(
            "select distinct contact_name from marts.fct_sales_engaged_contacts where contact_name like"
            " 'Ada %'"
        )
    ]
    assert names and all(name in text_of(page(sales, "restricted/sales_contacts.html")) for name in names)
    assert not (closed.site / "restricted").exists()
    receipts = "receipts/2025-W43.html"
    for built in (sales, closed):
        for path in built.site.glob("*.html"):
            assert "Ada Person" not in unpacked(path.read_text(encoding="utf-8")), path
        assert "Ada Person" not in page(built, receipts) and "Contact 77" in page(built, receipts)


def test_a_late_crm_is_said(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    fill(PublishedFile(settings.published_path, earlier=1, sources={"hubspot": {"state": "late"}}).write())
    with duckdb.connect(str(settings.published_path)) as connection:
        connection.execute(
            "insert into marts.dim_source_tables by name select 'hubspot' as source, 'calls' as table_name,"
            " 'live' as state, true as is_on_sales_pages"
        )
    company = load_company(settings)
    build_site(settings, company, only=[name.removesuffix(".html") for name in PAGES[:5]])
    for name in PAGES[:5]:
        text = text_of((settings.site_dir / name).read_text(encoding="utf-8"))
        assert (
            "HubSpot: late. Its data is complete to Mon 27 Oct 2025, 05:00 CDT; what came later is not on"
            " this page." in text
        )


def test_a_crm_with_hardly_anything_in_it(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    fill(PublishedFile(settings.published_path, earlier=1).write())
    with duckdb.connect(str(settings.published_path)) as connection:
        marts = connection.execute(
            "select table_name from duckdb_tables() where table_name like 'fct_sales_%'"
        ).fetchall()
        for (mart,) in marts:
            if mart not in ("fct_sales_kpis", "fct_sales_deals", "fct_sales_velocity"):
                connection.execute(f"delete from marts.{mart}")
        connection.execute("update marts.fct_sales_kpis set value = null, then_value = null, change = null")
    company = load_company(settings)
    build_site(settings, company, only=["sales", "sales_pipeline"])
    text = text_of((settings.site_dir / "sales.html").read_text(encoding="utf-8"))
    assert (
        "No leads read for this period." in text
        and "No contact read has entered the funnel." in text
        and "No revenue target yet" in text
    )
    assert "No deals were open." in text_of(
        (settings.site_dir / "sales_pipeline.html").read_text(encoding="utf-8")
    )


def test_a_crm_that_was_never_read_has_pages_that_say_so(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    refused = {
        "state": "failing",
        "complete_through": None,
        "last_error": "401 'The access token is expired.'",
    }
    fill(PublishedFile(settings.published_path, earlier=1, sources={"hubspot": refused}).write())
    with duckdb.connect(str(settings.published_path)) as connection:
        marts = connection.execute(
            "select table_name from duckdb_tables() where table_name like 'fct_sales_%'"
        ).fetchall()
        for (mart,) in marts:
            if mart not in (
                *("fct_sales_kpis", "fct_sales_velocity", "fct_sales_activity", "fct_sales_activity_days"),
            ):
                connection.execute(f"delete from marts.{mart}")
        connection.execute(
            "update marts.fct_sales_kpis set value = null, numerator = null, then_value = null, change = null,"
            " read_through = null, note = 'could not be read', change_note = 'could not be read'"
        )
        connection.execute(
            "update marts.fct_sales_activity set records = null, counted = null, attainment = null"
        )
        connection.execute(
            "update marts.fct_sales_activity_days set calls = null, emails = null, meetings = null, tasks = null,"
            " notes = null"
        )
        connection.execute("delete from marts.fct_sales_velocity where not is_now")
        connection.execute(
            "update marts.fct_sales_velocity set open_deals = null, avg_deal = null, win_rate = null, cycle_days ="
            " null, per_deal_day = null, per_day = null, basis = null, unknown_because = 'HubSpot was not read yet'"
        )
        connection.execute(
            "insert into marts.dim_source_tables by name select 'hubspot' as source, 'deals' as table_name,"
            " 'failed' as state, true as is_on_sales_pages"
        )
    build_site(settings, load_company(settings), only=[name.removesuffix(".html") for name in PAGES[:5]])
    texts = {name: text_of((settings.site_dir / name).read_text(encoding="utf-8")) for name in PAGES[:5]}
    for name, text in texts.items():
        assert (
            "HubSpot: failing. It was never loaded, so what is counted from it is unknown."
            " 401 'The access token is expired.' scoreline doctor says what is missing;"
        ) in text, name
    assert "How the pipeline stood then is unknown: HubSpot was not read yet." in texts["sales_pipeline.html"]
    assert "No deals were open." not in texts["sales_pipeline.html"]
    assert "in the CRM." not in texts["sales_activity.html"]
    assert "Calls –most –" in texts["sales_activity.html"], "no sum of what nobody knows"
    assert "No deals read for this period." in texts["sales_deals.html"]
    assert "No records read for this period." in texts["sales_records.html"]


def test_without_a_crm_there_are_no_sales_pages(tmp_path: Path) -> None:
    built = build(tmp_path, filled=False)
    assert not list(built.site.glob("sales*.html")) and (built.site / "scorecard.html").exists()
    assert "sales.html" not in page(built, "scorecard.html")


def unpacked(html: str) -> str:
    """The page with everything that is packed in it."""
    return html + "".join(
        zlib.decompress(base64.b64decode(text)).decode()
        for text in re.findall(r'<script type="text/plain"[^>]*>([^<]*)</script>', html)
    )

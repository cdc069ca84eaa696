"""The pages in a real Chromium: nothing loaded, nothing run, nothing cut off, everything within reach of a
keyboard."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.support.browser import axe_violations, needs_chromium, show, size, sticks_out, wait
from tests.support.reading import rows_of_scorecard

pytestmark = [pytest.mark.browser, needs_chromium]
PAGES = ("index.html", "weeks.html", "receipts/2025-W43.html", "scorecard/2025-W42.html")


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_loaded_and_nothing_goes_wrong(web: Any, site: Path, page: str) -> None:
    web.get_log("browser")
    show(web, site, page)
    assert (
        web.execute_script(
            "return performance.getEntriesByType('resource').map(r => r.name).filter(n =>"
            " !n.startsWith('data:'))"
        )
        == []
    )
    assert web.get_log("browser") == []
    assert web.execute_script(
        "return document.fonts.check('15px Inter') && [...document.fonts].every(f => f.status == 'loaded')"
    )


def test_hostile_texts_run_nowhere(web: Any, site: Path) -> None:
    show(web, site, "receipts/2025-W43.html")
    web.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert web.title == "Receipts, week of 20 October"
    assert web.execute_script("return document.scripts.length + document.images.length") == 1
    links = web.execute_script("return [...document.querySelectorAll('.records a')].map(a => a.protocol)")
    assert set(links) <= {"https:", "http:", "file:"} and "https:" in links


def test_a_script_that_got_in_would_not_run(web: Any, site: Path, tmp_path: Path) -> None:
    """The second wall: the page's policy, should an escape ever be missing."""
    html = (site / "scorecard.html").read_text(encoding="utf-8")
    bad = (
        "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\"><img"
        " src=https://out.example/x.png>"
    )
    page = tmp_path / "bad.html"
    page.write_text(html.replace("<main>", f"<main>{bad}"), encoding="utf-8")
    web.get(page.as_uri())
    assert web.title == "Week of 20 October 2025 - Cedar Ridge IT scorecard"
    refused = [entry["message"] for entry in web.get_log("browser")]
    assert sum("Content Security Policy" in message for message in refused) >= 3
    web.get_log("browser")


@pytest.mark.parametrize("page", PAGES)
def test_nothing_sticks_out(web: Any, site: Path, page: str) -> None:
    """Loaded on the smallest phone, then drawn wider and wider."""
    show(web, site, page, 320)
    for width in (320, 390, 620, 768, 861, 1024, 1280, 1600):
        size(web, width)
        assert sticks_out(web, width) == [], width


def test_a_phone_shows_every_column(web: Any, site: Path) -> None:
    """A wide table of words becomes a block per row, with the names of its columns; a window that grows has the
    table again."""
    show(web, site, "data_health.html", 390)
    size(web, 390)
    tables = web.execute_script(
        """
      return [...document.querySelectorAll('.scroll > table.plain')].filter(t => t.offsetWidth).map(t => [
        t.classList.contains('blocks'), t.scrollWidth <= t.parentNode.clientWidth, t.querySelectorAll('thead .n').length])"""
    )
    assert [True, True, 0] in tables
    assert [one for one in tables if one[2] <= 2 and not one[1]] == [], "a column is out of sight"
    labels = "return [...document.querySelectorAll('.blocks td')].map(c => getComputedStyle(c, '::before').content)"
    assert '"State"' in web.execute_script(labels)
    size(web, 1280)
    gone = (
        "const done = arguments[0]; setTimeout(() => done(document.querySelector('.blocks') === null), 100)"
    )
    assert web.execute_async_script(gone)


def test_cells_do_not_run_into_each_other(web: Any, site: Path) -> None:
    for width in (960, 1024, 1280):
        show(web, site, "scorecard.html", width)
        over = web.execute_script(
            """
          return [...document.querySelectorAll('.score tbody td, .score tbody th')]
            .filter(c => c.scrollWidth > c.clientWidth + 1 && !c.querySelector('.vh')).map(c => c.textContent.slice(0, 40))"""
        )
        assert over == [], width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark(web: Any, site: Path, scheme: str) -> None:
    show(web, site, "scorecard.html", 1280, scheme)
    ground = {"light": "rgb(246, 247, 249)", "dark": "rgb(13, 15, 19)"}
    colour = "return getComputedStyle(document.body).backgroundColor"
    assert web.execute_script(colour) == ground[scheme]
    button = web.find_element(By.CSS_SELECTOR, ".mode")
    button.click()
    assert button.text == "Light" and web.execute_script(colour) == ground["light"]
    button.click()
    assert button.text == "Dark" and web.execute_script(colour) == ground["dark"]
    button.click()
    assert button.text == "Auto" and web.execute_script(colour) == ground[scheme]


def test_print_is_white_and_without_buttons(web: Any, site: Path) -> None:
    show(web, site, "scorecard.html", 1100, "dark", "print")
    assert (
        web.execute_script("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    )
    assert not web.find_element(By.CSS_SELECTOR, ".mode").is_displayed()
    assert not any(e.is_displayed() for e in web.find_elements(By.CSS_SELECTOR, ".info"))
    show(web, site, "scorecard.html")


def test_the_first_screen_says_what_needs_attention(web: Any, site: Path) -> None:
    for width, height in ((1280, 800), (390, 844)):
        show(web, site, "scorecard.html", width)
        places = web.execute_script("""
          return ['.headline .counts', '.attention h2', '.attention li', '.attention li:nth-child(3)']
            .map(s => document.querySelector(s).getBoundingClientRect().bottom)""")
        assert places == sorted(places) and places[-1] < height, (width, places)


def test_tooltips_by_keyboard(web: Any, site: Path) -> None:
    show(web, site, "scorecard.html")
    button = web.find_element(By.CSS_SELECTOR, "tr[id='inside_sales.dials'] .info button")
    tip = web.find_element(By.ID, button.get_attribute("aria-describedby"))
    assert not tip.is_displayed()
    web.execute_script("arguments[0].focus()", button)
    assert tip.is_displayed()
    for part in ("Why it matters", "Calculation", "Target", "Edge cases", "≥ 125", "Full definition"):
        assert part in tip.text
    button.send_keys(Keys.ESCAPE)
    assert not tip.is_displayed()


@pytest.mark.parametrize("width", [320, 390, 1024])
def test_tooltips_fit(web: Any, site: Path, width: int) -> None:
    show(web, site, "scorecard.html", width)
    for button in web.find_elements(By.CSS_SELECTOR, "tr:not(.free) .info button, .kpi .info button"):
        web.execute_script("arguments[0].focus()", button)
        box = web.execute_script(
            "const r = arguments[0].nextElementSibling.getBoundingClientRect(); return [r.left, r.right,"
            " r.width]",
            button,
        )
        assert box[0] >= 0 and box[1] <= width and box[2] > 100, (button.get_attribute("aria-label"), box)


def test_from_a_number_to_its_records_by_click(web: Any, site: Path) -> None:
    show(web, site, "scorecard.html")
    links = {
        cell.find_element(By.XPATH, "ancestor::tr").get_attribute("id"): (
            cell.text.split("\n")[0].split(":")[0],
            cell.get_attribute("href"),
        )
        for cell in web.find_elements(By.CSS_SELECTOR, "tr[id] .now a.rc")
    }
    html = (site / "scorecard.html").read_text(encoding="utf-8")
    first, *others = [
        line for line, cells in rows_of_scorecard(html).items() if not cells["This week"].startswith("–")
    ]
    link = web.find_element(By.CSS_SELECTOR, f"tr[id='{first}'] .now a.rc")
    web.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", link)
    link.click()
    for line in (first, *others):
        shown, address = links[line]
        if line != first:  # the same page, at another line
            web.execute_script("location.href = arguments[0]", address)
        card = web.find_element(By.ID, line)
        assert f"= {shown} on the page" in card.find_element(By.CSS_SELECTOR, ".total").text, line
        counted = int(re.search(r"Counted ([\d,]+) record", card.text)[1].replace(",", ""))  # type: ignore[index]
        if counted:
            rows = card.find_elements(By.CSS_SELECTOR, "details:first-of-type .records tbody tr")
            wait(web, "return arguments[0].checkVisibility()", rows[0])  # the link opens the list
            assert len(rows) == counted


def test_from_the_quarter_to_its_weeks_by_click(web: Any, site: Path) -> None:
    show(web, site, "scorecard.html")
    link = web.find_element(
        By.CSS_SELECTOR, "tr[id='reactive_ops.same_day_close_rate'] td:nth-of-type(4) a.rc"
    )
    web.execute_script("arguments[0].click()", link)
    details = web.find_element(By.ID, "reactive_ops.same_day_close_rate.quarter")
    assert "177 of 304 = 58%" in details.text and "Week of 29 September" in details.text


def test_charts_by_keyboard(web: Any, site: Path) -> None:
    show(web, site, "weeks.html")
    plot = web.find_element(By.CSS_SELECTOR, ".plot")
    web.execute_script("arguments[0].focus()", plot)
    plot.send_keys(Keys.ARROW_LEFT)
    assert plot.find_element(By.CSS_SELECTOR, ".tip").text.split() == [
        "20",
        "Oct",
        "(15)",
        "Met",
        "40%",
        "Missed",
        "60%",
    ]
    plot.send_keys(Keys.ESCAPE)
    assert not plot.find_elements(By.CSS_SELECTOR, ".tip")


@pytest.mark.parametrize("width", [390, 1280])
def test_lines_without_a_goal_are_folded_on_a_phone(web: Any, site: Path, width: int) -> None:
    show(web, site, "scorecard.html", width)
    row = web.find_element(By.ID, "reactive_ops.reactive_tickets_opened")
    button = row.find_element(By.XPATH, "ancestor::div[1]").find_element(By.CSS_SELECTOR, ".fold")
    assert not row.find_elements(By.CSS_SELECTOR, ".pill")
    assert (row.is_displayed(), button.is_displayed()) == ((False, True) if width == 390 else (True, False))
    if width == 390:
        assert button.text == "No goal (3)"
        web.execute_script("arguments[0].click()", button)
        assert row.is_displayed() and button.get_attribute("aria-expanded") == "true"
        web.execute_script("arguments[0].click()", button)
        # who comes from its receipt finds the line
        web.execute_script("location.hash = 'reactive_ops.reactive_tickets_opened'")
        assert row.is_displayed()


def test_a_page_without_goals_folds_nothing(web: Any, site: Path) -> None:
    show(web, site, "marketing.html", 390)
    rows = web.find_elements(By.CSS_SELECTOR, ".score tbody tr.free:not(.why)")
    assert rows and all(row.is_displayed() for row in rows)
    assert not web.find_element(By.CSS_SELECTOR, ".fold").is_displayed()


def test_the_current_page_is_in_view_on_a_phone(web: Any, site: Path) -> None:
    show(web, site, "weeks.html", 320)
    row = web.find_element(By.CSS_SELECTOR, "nav.pages .row")
    current = row.find_element(By.CSS_SELECTOR, "[aria-current=page]")
    assert current.text == "All weeks" and "more-left" in row.get_attribute("class")
    assert current.rect["x"] >= 0 and current.rect["x"] + current.rect["width"] <= 320
    show(web, site, "scorecard.html", 320)
    assert web.find_element(By.CSS_SELECTOR, "nav.pages .row").get_attribute("class") == "row more-right"


def test_without_script(web: Any, site: Path, tmp_path: Path) -> None:
    html = (site / "scorecard.html").read_text(encoding="utf-8")
    page = tmp_path / "plain.html"
    page.write_text(re.sub(r"<script>.*</script>", "", html, flags=re.S), encoding="utf-8")
    web.get(page.as_uri())
    assert "101" in web.find_element(By.CSS_SELECTOR, "tr[id='inside_sales.dials']").text
    assert not web.find_element(By.CSS_SELECTOR, ".mode").is_displayed(), "a button that would do nothing"


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light")])
def test_accessibility(web: Any, site: Path, page: str, width: int, scheme: str) -> None:
    show(web, site, page, width, scheme)
    assert axe_violations(web, scheme) == []

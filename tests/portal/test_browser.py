"""The portal in a real browser: the phone story with the link out of a mail that a real server took, and what every page
of the portal must be for readers of all kinds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.ui import WebDriverWait

from foundation.settings import Settings
from foundation.store import read
from foundation.store.actions import present_actions
from foundation.store.entries import all_entries
from tests.portal.conftest import DANA, MAYA, link_in, listening
from tests.support.browser import axe_violations, chromium, needs_chromium, size, sticks_out
from tests.support.smtp import Server, running

pytestmark = [pytest.mark.browser, needs_chromium]
PAGES = (
    "/numbers", "/numbers?week=2025-W41", "/goals", "/goals/inside_sales.dials", "/lines", "/lines/inside_sales.dials", "/week", "/notes",
    "/lines/inside_sales.dials/notes/2025-W43", "/lines/inside_sales.dials/normal", "/periods/2025-Q4",
    "/sources", "/settings", "/audit", "/account", "/api/docs", "/scorecard.html", "/nope",
)  # fmt: skip


@pytest.fixture(scope="module")
def web() -> Iterator[Any]:
    with chromium() as driver:
        yield driver
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as mail_server:
        yield mail_server


@pytest.fixture
def online(settings: Settings, server: Any) -> Iterator[tuple[str, Settings]]:
    """A portal that listens, and sends by a real mail server."""
    made = settings.model_copy(update={"smtp_url": SecretStr(server.url)})
    with listening(made) as address:
        yield address, made


def mail_to(server: Server, count: int) -> bytes:
    """The newest mail, which comes after the answer."""
    for _ in range(500):
        if len(server.got) >= count:
            return server.got[-1][1]
        time.sleep(0.02)
    raise AssertionError("no mail came")


def sign_in(web: Any, server: Server, address: str, who: str, then: str = "/numbers") -> None:
    """As a person does: ask for a link, open it out of the mail, press the button."""
    before = len(server.got)
    web.delete_all_cookies()
    web.get(address + then)
    web.find_element(By.ID, "address").send_keys(who)
    press(web, web.find_element(By.CSS_SELECTOR, "button.main"))
    assert "a mail with a link is on its way" in text(web)
    web.get(link_in(mail_to(server, before + 1)))
    assert who in text(web)
    press(web, web.find_element(By.CSS_SELECTOR, "button.main"))


def press(web: Any, button: Any) -> None:
    """Press a button and wait for the page that it leads to."""
    page = web.find_element(By.TAG_NAME, "html")
    button.click()
    # while the old page goes, chromedriver may say something else than that it has gone
    WebDriverWait(web, 30, ignored_exceptions=[WebDriverException]).until(staleness_of(page))


def text(web: Any) -> str:
    found: str = web.find_element(By.TAG_NAME, "main").text
    return found


def test_the_story_of_a_line_owner_on_a_phone_without_script(
    web: Any, server: Server, online: tuple[str, Settings]
) -> None:
    address, settings = online
    web.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    size(web, 360)
    # without script the driver cannot scroll
    screen = {"width": 360, "height": 2400, "deviceScaleFactor": 1, "mobile": True}
    web.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    sign_in(web, server, address, MAYA)
    assert web.current_url == f"{address}/numbers" and "My numbers" in text(web)
    week = "outside_sales.networking_events.2025-W44.maya_torres"

    def card() -> Any:
        return web.find_element(By.ID, week)

    card().find_element(By.NAME, "value").send_keys("three")
    press(web, card().find_element(By.CSS_SELECTOR, "button.main"))
    assert '"three" is not a count' in card().text
    field = card().find_element(By.NAME, "value")
    assert field.get_attribute("value") == "three" and field.get_attribute("aria-invalid") == "true"
    field.clear()
    field.send_keys("3")
    press(web, card().find_element(By.CSS_SELECTOR, "button.main"))
    assert "Saved: Networking events, week of 27 October: 3." in text(web) and "after the next build" in text(
        web
    )
    card().find_element(By.TAG_NAME, "summary").click()
    card().find_element(By.NAME, "value").send_keys("4")
    card().find_element(By.NAME, "reason").send_keys("forgot the Friday lunch")
    press(web, card().find_element(By.CSS_SELECTOR, "button.main"))
    assert "forgot the Friday lunch" in card().text  # the trail is open
    with read(settings) as connection:
        assert [(one.value, one.reason) for one in all_entries(connection)] == [
            (3, None),
            (4, "forgot the Friday lunch"),
        ]
    web.get(f"{address}/week")
    missed = web.find_element(By.ID, "inside_sales.dials")
    missed.find_element(By.NAME, "note").send_keys("Two days at the fair. The new list from Monday on.")
    press(web, missed.find_element(By.CSS_SELECTOR, "button.main"))
    assert "Your note is saved" in text(web) and not web.find_elements(By.ID, "inside_sales.dials")
    web.get(f"{address}/lines/inside_sales.dials/notes/2025-W43")
    web.find_element(By.TAG_NAME, "summary").click()
    web.find_element(By.NAME, "what").send_keys("Call the list again")
    press(web, web.find_element(By.CSS_SELECTOR, "button.main"))
    assert "Maya Torres, Mon 27 Oct 2025" in text(web) and "Call the list again" in text(web)
    web.get(f"{address}/week")
    press(web, web.find_element(By.CSS_SELECTOR, "[aria-label='Done: Call the list again']"))
    assert "The action is saved" in text(web) and "No open action." in text(web)
    with read(settings) as connection:
        assert [(one.what, one.state) for one in present_actions(connection)] == [
            ("Call the list again", "done")
        ]
    web.get(f"{address}/account")
    press(web, web.find_element(By.XPATH, "//button[text()='Sign out']"))
    assert web.current_url.endswith("/sign-in")
    web.get(f"{address}/numbers")
    assert "/sign-in" in web.current_url


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_every_page_is_for_everybody(
    web: Any, server: Server, online: tuple[str, Settings], width: int, scheme: str, tmp_path: Path
) -> None:
    """No finding of axe, nothing wider than the screen, nothing in the console, fields as large as a thumb."""
    address, _ = online
    web.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    size(web, width, scheme)
    web.get(f"{address}/sign-in")
    assert axe_violations(web) == []
    sign_in(web, server, address, DANA)
    web.get_log("browser")
    found = {}
    for page in PAGES:
        web.get(address + page)
        found[page] = axe_violations(web) + sticks_out(web, width)
        small = web.execute_script(
            "return [...document.querySelectorAll('main input:not([type=hidden]):not([type=checkbox]), main select, main .main')]"
            ".filter(e => e.offsetParent && e.offsetHeight < 32).map(e => e.outerHTML.slice(0, 80))"
        )
        found[page] += small
    assert {page: wrong for page, wrong in found.items() if wrong} == {}
    assert [entry for entry in web.get_log("browser") if "404" not in entry["message"]] == []

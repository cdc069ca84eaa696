"""A real Chromium for the tests of pages."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

needs_chromium = pytest.mark.skipif(
    not (shutil.which("chromium") and shutil.which("chromedriver")), reason="no chromium and chromedriver"
)
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage")  # fmt: skip
AXE = Path(__file__).parents[1] / "vendor" / "axe.min.js"
AXE_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
"""axe-core 4.14.1, MPL 2.0 (tests/vendor/axe.LICENSE.txt)."""


@contextmanager
def chromium() -> Iterator[Any]:
    profile = tempfile.mkdtemp()
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=webdriver.ChromeService(shutil.which("chromedriver")), options=options)
    try:
        yield driver
    finally:
        driver.quit()
        shutil.rmtree(profile, ignore_errors=True)


def size(web: Any, width: int, scheme: str = "light", media: str = "screen") -> None:
    web.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600},
    )
    web.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"media": media, "features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )


def show(
    web: Any, site: Path, page: str, width: int = 1280, scheme: str = "light", media: str = "screen"
) -> None:
    size(web, width, scheme, media)
    web.get((site / page).as_uri())


def wait(web: Any, script: str, *arguments: Any, seconds: float = 5) -> None:
    """Wait until a script returns something true."""
    end = time.monotonic() + seconds
    while not web.execute_script(script, *arguments):
        assert time.monotonic() < end, script
        time.sleep(0.01)


def sticks_out(web: Any, width: int) -> list[str]:
    """What is wider than the page or than its card, with everything opened; what may scroll by itself is no
    matter."""
    found: list[str] = web.execute_script(
        """
      document.querySelectorAll('details').forEach(d => d.open = true);
      const right = e => e.getBoundingClientRect().right, out = '.vh, .scroll, [role=tooltip], svg';
      const page = document.documentElement, wide = page.scrollWidth > arguments[0] ? ['the page, ' + page.scrollWidth] : [];
      return wide.concat([...document.querySelectorAll('.card:not(.scroll)')].flatMap(card => [...card.querySelectorAll('*')]
        .filter(e => !e.closest(out) && e.getBoundingClientRect().width && right(e) > right(card) + .5)
        .map(e => e.tagName + ' ' + e.className + ' ' + e.textContent.slice(0, 30))).slice(0, 5))""",
        width,
    )
    return found


_ALL_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_COLOURS = ["color-contrast", "link-in-text-block"]


def axe_violations(web: Any, scheme: str = "light") -> list[str]:
    """What axe-core finds on the page that is shown: WCAG 2.2 A and AA, and best practice. A dark page is the
    light one in other colours, so it is asked for those alone."""
    rules = (
        {"type": "rule", "values": _COLOURS} if scheme == "dark" else {"type": "tag", "values": _ALL_RULES}
    )
    assert hashlib.sha256(AXE.read_bytes()).hexdigest() == AXE_SHA256
    web.execute_script(AXE.read_text(encoding="utf-8"))
    found: list[str] = web.execute_async_script(
        """
      const done = arguments[arguments.length - 1];
      axe.run(document, {runOnly: arguments[0], elementRef: false, resultTypes: ['violations']})
        .then(r => done(r.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 120)).join(' | '))),
              e => done(['error ' + e]))""",
        rules,
    )
    return found

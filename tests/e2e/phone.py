"""A line owner with a phone: signs in by the link of a mail that a real server took, types a number, and looks
again after the build."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from typing import Any
from urllib.request import urlopen

from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.ui import WebDriverWait

from tests.e2e.conftest import PATIENCE, Install, kill, output_of
from tests.support.browser import chromium, size
from tests.support.smtp import Server, free_port, running


@dataclass
class Phone:
    """A browser at phone width, and the portal that it looks at."""

    web: Any
    address: str
    mails: Server

    def open(self, path: str) -> str:
        """What a page says."""
        self.web.get(self.address + path)
        return str(self.web.find_element(By.TAG_NAME, "body").text)

    def press(self, button: Any) -> None:
        page = self.web.find_element(By.TAG_NAME, "html")
        button.click()
        # while the old page goes, chromedriver may say something else than that it has gone
        WebDriverWait(self.web, PATIENCE, ignored_exceptions=[WebDriverException]).until(staleness_of(page))

    def sign_in(self, who: str) -> None:
        self.open("/numbers")
        self.web.find_element(By.ID, "address").send_keys(who)
        self.press(self.web.find_element(By.CSS_SELECTOR, "button.main"))
        for _ in range(PATIENCE * 20):  # the mail comes after the answer
            if self.mails.got:
                break
            time.sleep(0.05)
        payload = message_from_bytes(self.mails.got[-1][1]).get_payload(decode=True)
        assert isinstance(payload, bytes)
        (link,) = re.findall(r"https?://\S+/sign-in/link\?\S+", payload.decode())
        self.web.get(link)
        self.press(self.web.find_element(By.CSS_SELECTOR, "button.main"))

    def correct(self, field: str, value: str, reason: str) -> str:
        """Type a number in the place of another; what the field says then."""
        card = self.web.find_element(By.ID, field)
        card.find_element(By.XPATH, ".//summary[text()='Correct it']").click()
        card.find_element(By.NAME, "value").send_keys(value)
        card.find_element(By.NAME, "reason").send_keys(reason)
        self.press(card.find_element(By.CSS_SELECTOR, "button.main"))
        return str(self.web.find_element(By.ID, field).text)

    def asked(self, path: str) -> Any:
        """What the API says to who has signed in."""
        return json.loads(self.open(path))


@contextmanager
def phone(install: Install) -> Iterator[Phone]:
    """A portal of its own process on a home, a mail server, and a phone."""
    with running() as mails, chromium() as web:
        port = free_port()
        install.extra["SMTP_URL"] = mails.url  # type: ignore[attr-defined]
        portal = install.start("portal", "--port", str(port))
        del install.extra["SMTP_URL"]
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(portal, address)
            size(web, 390)
            yield Phone(web, address, mails)
        finally:
            kill(portal)


def _wait(portal: subprocess.Popen[str], address: str) -> None:
    for _ in range(PATIENCE * 4):
        assert portal.poll() is None, output_of(portal)
        try:
            with urlopen(f"{address}/api/health", timeout=5) as answer:
                assert answer.status == 200
                return
        except OSError:
            time.sleep(0.25)
    raise AssertionError("the portal does not answer")


SENSOR = """
import dagster as dg
from foundation.settings import Settings
from orchestration.definitions import defs
from orchestration.resources import Scoreline
from orchestration.instance import prepare_instance
from orchestration.runs import run_job
from orchestration.sensors import typed_in

prepare_instance(Settings())
with dg.DagsterInstance.get() as instance, dg.build_sensor_context(
    instance, None, repository_def=defs.get_repository_def(), resources={"scoreline": Scoreline()}
) as context:
    (asked,) = typed_in.evaluate_tick(context).run_requests
assert run_job(Settings(), "refresh", asset_keys=asked.asset_selection)
print("loaded", sorted(key.to_user_string() for key in asked.asset_selection))
"""
"""A tick of the sensor that loads what was typed, and the run that it asks for."""

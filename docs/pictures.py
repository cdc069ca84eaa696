"""Make the pictures of the README and the docs: `make demo`, then `python docs/pictures.py [HOME]`.

Needs chromium and chromedriver, which `make test` installs.
"""

from __future__ import annotations

import base64
import sys
from email import message_from_bytes
from email.policy import default
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # run by its path

from tests.support.browser import chromium  # noqa: E402

IMAGES = ROOT / "docs" / "img"


def mail_page(mail: Path) -> str:
    """The HTML of a mail, with its pictures inside."""
    message = message_from_bytes(mail.read_bytes(), policy=default)
    body = message.get_body(("html",))
    assert body is not None, mail
    html = body.get_content()
    for part in message.walk():
        if cid := part.get("Content-ID"):
            data = base64.b64encode(part.get_content()).decode()
            html = html.replace(f"cid:{cid.strip('<>')}", f"data:{part.get_content_type()};base64,{data}")
    return html


def main(home: Path) -> None:
    with chromium() as web:
        web.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})

        def picture(name: str, address: str, width: int, height: int) -> None:
            metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
            web.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
            web.get(address)
            image = web.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"]
            (IMAGES / name).write_bytes(base64.b64decode(image))

        picture("scorecard.png", (home / "site" / "scorecard.html").as_uri(), 1100, 800)
        mail = base64.b64encode(mail_page(next((home / "outbox").glob("weekly*maya*.eml"))).encode()).decode()
        picture("mail.png", f"data:text/html;charset=utf-8;base64,{mail}", 640, 800)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT / "var" / "demo")

"""The document around a page's body: one file with everything in it, nothing loaded from outside."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from pathlib import Path

from markupsafe import Markup

from reports.engine.templates import environment
from reports.look import tokens

LOOK = Path(__file__).parent
FONTS = LOOK / "fonts"

_ENVIRONMENT = environment(LOOK, {})


def document(title: str, body: str, nav: str = "", *, served: bool = False, css: str = "") -> str:
    """A whole page. `body`, `nav`: finished HTML.

    Args:
        served: a server answers with it, so its forms may send to that server.
        css: styles in addition to those of every page.
    """
    return _ENVIRONMENT.get_template("document.html").render(
        title=title,
        body=Markup(body),
        nav=Markup(nav),
        styles=_styles() + Markup(_short(css)),
        script=_script(),
        policy=policy(served),
        # without any referrer a form would not tell the server where it comes from
        referrer="same-origin" if served else "no-referrer",
    )


@functools.cache
def _styles() -> Markup:
    css = (LOOK / "static/page.css").read_text(encoding="utf-8")
    font = base64.b64encode((FONTS / "inter-400_700.woff2").read_bytes()).decode()
    face = (
        f"@font-face{{font-family:Inter;font-weight:400 700;src:url(data:font/woff2;base64,{font})"
        " format('woff2')}"
    )
    return Markup(face + tokens.css_tokens() + _short(css))


def _short(css: str) -> str:
    """Without comments and indentation."""
    return re.sub(r"/\*.*?\*/|\n\s*", "", css, flags=re.S)


@functools.cache
def _script() -> Markup:
    code = (LOOK / "static/page.js").read_text(encoding="utf-8")
    return Markup(re.sub(r"^\s*//.*\n|^\s+", "", code, flags=re.M))


@functools.cache
def policy(served: bool = False) -> str:
    """Content-Security-Policy of every page: its own script (by hash), its own styles, and nothing from
    anywhere else. `served`: its forms may send to their own server."""
    target = "'self'" if served else "'none'"
    digest = base64.b64encode(hashlib.sha256(_script().encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        f"font-src data:; img-src data:; form-action {target}; base-uri 'none'"
    )

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


def document(title: str, body: str, nav: str = "") -> str:
    """A whole page. `body`, `nav`: finished HTML."""
    return _ENVIRONMENT.get_template("document.html").render(
        title=title, body=Markup(body), nav=Markup(nav), styles=_styles(), script=_script(), policy=policy()
    )


@functools.cache
def _styles() -> Markup:
    css = (LOOK / "static/page.css").read_text(encoding="utf-8")
    font = base64.b64encode((FONTS / "inter-400_700.woff2").read_bytes()).decode()
    face = (
        f"@font-face{{font-family:Inter;font-weight:400 700;src:url(data:font/woff2;base64,{font})"
        " format('woff2')}"
    )
    return Markup(face + tokens.css_tokens() + re.sub(r"/\*.*?\*/|\n\s*", "", css, flags=re.S))


@functools.cache
def _script() -> Markup:
    code = (LOOK / "static/page.js").read_text(encoding="utf-8")
    return Markup(re.sub(r"^\s*//.*\n|^\s+", "", code, flags=re.M))


@functools.cache
def policy() -> str:
    """Content-Security-Policy of every page: its own script (by hash), its own styles, and nothing from
    anywhere else."""
    digest = base64.b64encode(hashlib.sha256(_script().encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "font-src data:; img-src data:; form-action 'none'; base-uri 'none'"
    )

"""The document around a page's body: one file with everything in it, nothing loaded from outside."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from pathlib import Path

from markupsafe import Markup

from reports.look import tokens

LOOK = Path(__file__).parents[1] / "look"
FONTS = LOOK / "fonts"

SPRITE = Markup(
    '<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs><symbol id="m-met"'
    ' viewBox="0 0 16 16"><circle cx="8" cy="8" r="7.5" fill="currentColor"/><path d="M4.6 8.3l2.3 2.3'
    ' 4.5-4.9" fill="none" stroke="var(--card)" stroke-width="1.8"/></symbol><symbol id="m-near" viewBox="0 0'
    ' 16 16"><path d="M8 0l8 8-8 8-8-8z" fill="currentColor"/><path d="M8 4.2v4.6M8 10.6v1.6"'
    ' stroke="var(--card)" stroke-width="1.8"/></symbol><symbol id="m-below" viewBox="0 0 16 16"><path d="M8'
    ' 15.2L.3 1.2h15.4z" fill="currentColor"/><path d="M8 3.6v4.6M8 9.7v1.7" stroke="var(--card)"'
    ' stroke-width="1.8"/></symbol><symbol id="m-no_goal" viewBox="0 0 16 16"><rect x="1" y="5.6" width="14"'
    ' height="4.8" rx="1" fill="currentColor"/></symbol><symbol id="m-no_data" viewBox="0 0 16 16"><circle'
    ' cx="8" cy="8" r="6.5" fill="none" stroke="currentColor" stroke-width="1.6" stroke-dasharray="2.6'
    ' 2"/></symbol><symbol id="m-not_applicable" viewBox="0 0 16 16"><rect x="2" y="2" width="12" height="12"'
    ' fill="none" stroke="currentColor" stroke-width="1.6"/><path d="M3 13L13 3" stroke="currentColor"'
    ' stroke-width="1.6"/></symbol></defs></svg>'
)


@functools.cache
def _head() -> Markup:
    css = (LOOK / "static/page.css").read_text(encoding="utf-8")
    font = base64.b64encode((FONTS / "inter-400_700.woff2").read_bytes()).decode()
    face = (
        f"@font-face{{font-family:Inter;font-weight:400 700;src:url(data:font/woff2;base64,{font})"
        " format('woff2')}"
    )
    return Markup(
        "<style>" + face + tokens.css_tokens() + re.sub(r"/\*.*?\*/|\n\s*", "", css, flags=re.S) + "</style>"
    )


@functools.cache
def _script() -> Markup:
    return Markup("<script>" + (LOOK / "static/page.js").read_text(encoding="utf-8") + "</script>")


def document(title: str, body: str, nav: str = "") -> str:
    """A whole page. The policy in it forbids every request and every script but the page's own, whatever the
    data says."""
    script = _script()
    return str(
        Markup(
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport"'
            ' content="width=device-width,initial-scale=1"><meta http-equiv="Content-Security-Policy"'
            ' content="{}"><meta name="referrer" content="no-referrer"><meta name="color-scheme"'
            ' content="light dark"><link rel="icon" href="data:,"><title>{}</title>{}</head><body>{}<header'
            ' class="top"><div class="navs">{}</div><button type="button" class="mode" hidden'
            ' aria-label="Colour scheme: automatic">Auto</button></header><main>{}</main>{}</body></html>'
        ).format(policy(), title, _head(), SPRITE, Markup(nav), Markup(body), script)
    )


@functools.cache
def policy() -> str:
    """Content-Security-Policy of every page: its own script (by hash), its own styles, and nothing from
    anywhere else."""
    digest = base64.b64encode(hashlib.sha256((LOOK / "static/page.js").read_bytes()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "font-src data:; img-src data:; form-action 'none'; base-uri 'none'"
    )

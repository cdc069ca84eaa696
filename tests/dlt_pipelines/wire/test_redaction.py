"""No secret is readable in a redacted text, in whatever form it arrives."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus, unquote

import pytest

from dlt_pipelines.wire.redaction import HIDDEN, Redactor

CANARY = "kanarie/9+Zx=&7Qw-Bird'42\\"


def _json(text: str) -> str:
    return json.dumps(text)[1:-1]


def test_patterns_hide_secrets_nobody_told_us() -> None:
    redact = Redactor()
    for text, leak in [
        ("Authorization: Bearer abc.def-1", "abc.def"),
        ("key pat-eu1-12345678-aaaa", "12345678"),
        ("GET /x?hapikey=zzz&limit=1", "zzz"),
        ("{'Secret': 'q1w2e3'}", "q1w2e3"),
        ("ApiIntegrationCode=ABCD1234", "ABCD1234"),
        ("https://user:pass@bridge.example/simplefin", "user:pass"),
    ]:
        assert leak not in redact(text), text
    assert redact("id 5 keyed by hs_object_id, 30 requests") == "id 5 keyed by hs_object_id, 30 requests"


@pytest.mark.parametrize(
    "form",
    [
        lambda text: text,
        _json,
        lambda text: _json(text).replace("/", r"\/"),
        lambda text: "".join(f"\\u{ord(sign):04X}" for sign in text),
        lambda text: html.escape(text),
        lambda text: html.escape(text).replace("/", "&#47;").replace("+", "&#x2B;"),
        lambda text: quote(text, safe=""),
        lambda text: (
            quote(text, safe="").lower()
            if text.islower()
            else re.sub("%..", lambda found: found[0].lower(), quote(text, safe=""))
        ),
        lambda text: quote_plus(text),
        lambda text: quote(quote(text, safe=""), safe=""),
        lambda text: _json(html.escape(quote(text))),
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: base64.b64encode(f"user:{text}".encode()).decode(),
        lambda text: base64.b64encode(f"user@x.example:{text}".encode()).decode(),
        lambda text: base64.urlsafe_b64encode(f"ab:{text}:tail".encode()).decode(),
        lambda text: repr(text),
        lambda text: text[:20],
        lambda text: text[3:],
        lambda text: _json(text)[:18],
        lambda text: base64.b64encode(f"user:{text}".encode()).decode()[:24],
    ],
)
@pytest.mark.parametrize("around", ["{}", "token {} is wrong", '{{"error":"{}"}}', "x" * 188 + "{}"])
def test_a_secret_is_hidden_in_every_form_it_travels_in(form: Callable[[str], str], around: str) -> None:
    redact = Redactor([CANARY])
    said = redact.cut(around.format(form(CANARY)), 200)
    decoded = said
    for _ in range(3):
        decoded = html.unescape(unquote(decoded)).replace("\\/", "/")
    for text in (said, decoded):
        assert not any(CANARY[i : i + 8] in text for i in range(len(CANARY) - 7)), said
    for found in re.findall(r"[A-Za-z0-9+/_-]{12,}", said.replace("x" * 100, "")):
        raw = base64.b64decode(found.replace("-", "+").replace("_", "/") + "===")
        assert not any(CANARY.encode()[i : i + 8] in raw for i in range(len(CANARY) - 7)), said


@pytest.mark.parametrize(
    "text", ["id 5 of pipeline_default", "user%20name &amp; co", "", "%", "&;", "\\u12", "C:\\path\\new"]
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert (
        Redactor([CANARY, "someone@example.com", "postgresql://postgres:hunter22@db.example/crm"])(text)
        == text
    )


def test_the_password_in_an_address_is_a_secret_of_its_own() -> None:
    redact = Redactor(["postgresql://postgres:hunter%2F22@db.example/crm"])
    assert (
        redact("role postgres at db.example: hunter/22 refused")
        == f"role postgres at db.example: {HIDDEN} refused"
    )

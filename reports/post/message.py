"""Composes mails: alternative(text, related(html, pictures)). The same facts make the same bytes.

A mail has no SVG, no script and no `data:` address, and loads nothing. Styles are inlined, because most mail
programs drop style sheets.
"""

from __future__ import annotations

import functools
import hashlib
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import quote

import css_inline
import resvg_py
from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from foundation.errors import ScorelineError
from foundation.settings import Company, Settings
from foundation.settings.types import mail_address
from reports.engine.markup import plain
from reports.look.charts import Chart
from reports.look.document import FONTS
from reports.look.drawings import to_svg
from reports.look.tokens import GLYPH, SIGNAL_GLYPH, STATUS, TOKENS, literal

MAILS = Path(__file__).parents[1] / "mails"
HTML_LIMIT = 80 * 1024
"""The most bytes of decoded HTML. Gmail hides what comes after about 102 KB, including the link to
unsubscribe."""


class _WholeLine(UnstructuredHeader, BaseHeader):
    """A header that is never folded: the standard library would encode a long address, and mail programs
    would not find it."""

    def fold(self, *, policy: Policy[Any]) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _WholeLine)
_POLICY = SMTP.clone(header_factory=_HEADERS)


class MailError(ScorelineError):
    """A mail cannot be composed; the text says why and what to do."""


@dataclass(frozen=True)
class Attachment:
    """A PDF beside the mail's text."""

    name: str
    pdf: bytes


@dataclass(frozen=True)
class Picture:
    """A PNG inside the mail. `cid` without angle brackets."""

    cid: str
    png: bytes
    alt: str
    width: int


@functools.cache  # compiling the templates takes longer than the rest of a mail
def environment() -> SandboxedEnvironment:
    """Return Jinja's environment for mails: `.html` escapes, `.txt` does not; unknown names are errors."""
    env = SandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=lambda name: bool(name and name.endswith(".html")),
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FileSystemLoader(MAILS),
    )
    env.filters |= {"unbroken": _unbroken, "padded": _padded}
    env.globals |= {
        "glyph": GLYPH,
        "signal_glyph": SIGNAL_GLYPH,
        "status": STATUS,
        "colour": literal,
        "light": {name: pair[0] for name, pair in TOKENS.items()},
    }
    return env


def _unbroken(text: str) -> str:
    """Return a text that stays on one line, such as `42 of 79`."""
    return text.replace(" ", "\u00a0")


def _padded(text: str, width: int) -> str:
    """Return a text padded to the width of its column. A longer text takes several lines; the next columns
    follow the last one."""
    *above, last = textwrap.wrap(text, width) or [""]
    return "\n  ".join([*above, last.ljust(width)])


def message_id(settings_key: str, sender: str) -> str:
    """Return the Message-ID of a report, period, recipient and attempt: always the same, so that a copy can
    be recognised."""
    domain = parseaddr(sender)[1].rpartition("@")[2] or "scoreline.invalid"
    return f"<{hashlib.sha256(settings_key.encode()).hexdigest()[:32]}@{domain}>"


def checked_address(text: str) -> str:
    """Return an address that can be put into an envelope.

    Raises:
        MailError: it is not a valid mail address.
    """
    try:
        return mail_address(text)
    except ValueError:
        raise MailError(
            f"{plain(text, 80)!r} is not a valid mail address; correct it in company.toml"
        ) from None


def draw(chart: Chart, width: int = 552, height: int = 190) -> bytes:
    """Draw a chart as PNG at twice its size (in pixels). Only our own font files are used, so it looks the
    same on every machine."""
    fonts = [str(FONTS / f"Inter-{weight}.ttf") for weight in ("Regular", "SemiBold")]
    if missing := [font for font in fonts if not Path(font).exists()]:
        # the renderer draws no text at all without a font, and does not say so
        raise MailError(f"{missing[0]} is missing; restore reports/look/fonts")
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=to_svg(chart, width, height), zoom=2, skip_system_fonts=True, font_files=fonts
        )
    )


def render(template: str, values: dict[str, Any]) -> tuple[str, str]:
    """Return (text, HTML with inlined styles) from `mails/<template>.txt` and `.html`.

    Raises:
        MailError: the HTML is larger than mail programs show.
    """
    env = environment()
    text = env.get_template(f"{template}/mail.txt").render(values)
    html = css_inline.CSSInliner(keep_style_tags=False, load_remote_stylesheets=False).inline(
        env.get_template(f"{template}/mail.html").render(values)
    )
    size = len(html.encode())
    if size > HTML_LIMIT:
        raise MailError(
            f"the HTML part has {size:,} bytes, more than {HTML_LIMIT:,}: mail programs would cut it;"
            " subscribe to fewer sections"
        )
    return text, html


def build(
    settings: Settings,
    company: Company,
    *,
    recipient: str,
    subject: str,
    message_id: str,
    text: str,
    html: str | None = None,
    pictures: Sequence[Picture] = (),
    attachments: Sequence[Attachment] = (),
    unsubscribe: str | None = None,
) -> EmailMessage:
    """Build one message to one recipient. `unsubscribe`: the subject of a mail to the operator that asks to
    stop it."""
    message = EmailMessage(policy=_POLICY)
    message["Subject"] = plain(subject, 200)
    message["From"] = company.mail.sender
    message["To"] = checked_address(recipient)
    message["Reply-To"] = company.mail.operator
    message["Date"] = format_datetime(_local(settings, company))
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    if unsubscribe:
        message["List-Unsubscribe"] = f"<mailto:{company.mail.operator}?subject={quote(unsubscribe)}>"
    message.set_content(text, cte="quoted-printable")
    if html is not None:
        message.add_alternative(html, subtype="html", cte="quoted-printable")
        part = message.get_body(("html",))
        for picture in pictures:
            name = f"{picture.cid.partition('@')[0]}.png"
            assert part is not None  # the part that was added two lines above
            part.add_related(
                picture.png, "image", "png", cid=f"<{picture.cid}>", filename=name, disposition="inline"
            )
    for attachment in attachments:
        message.add_attachment(
            attachment.pdf, maintype="application", subtype="pdf", filename=attachment.name
        )
    # random boundaries would change the bytes of the same mail each time
    for i, multipart in enumerate(p for p in message.walk() if p.is_multipart()):
        multipart.set_boundary(f"=_{hashlib.sha256(message_id.encode()).hexdigest()[:24]}.{i}")
    return message


def compose(
    settings: Settings,
    company: Company,
    report: str,
    values: dict[str, Any],
    *,
    recipient: str,
    message_id: str,
    pictures: Sequence[Picture] = (),
    attachments: Sequence[Attachment] = (),
) -> EmailMessage:
    """Compose the mail of a report for one recipient. `values`: for its template; `subject` is one of them.

    Raises:
        MailError: the mail would be too large, or the recipient is not a valid address.
    """
    text, html = render(report, values)
    return build(
        settings,
        company,
        recipient=recipient,
        subject=values["subject"],
        message_id=message_id,
        text=text,
        html=html,
        pictures=pictures,
        attachments=attachments,
        unsubscribe=f"Stop {report} for {recipient}",
    )


def _local(settings: Settings, company: Company) -> datetime:
    return settings.now().astimezone(company.zone).replace(microsecond=0)

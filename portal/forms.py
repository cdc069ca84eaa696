"""What the portal's forms share: text on one line, a key per form, and what is wrong as a sentence."""

from __future__ import annotations

import secrets

from foundation.cells import Rejected
from reports.look.numbers import capital

LONGEST_NOTE = 500
ON_THE_PAGE = "It is on the page after the next build, usually within minutes."


def plain_text(text: str, what: str) -> str | None:
    """A note or a reason on one line, without invisible characters; None: it is empty.

    Raises:
        Rejected: it is too long.
    """
    lines = (" ".join(line.split()) for line in text.splitlines())
    clean = "".join(sign for sign in " ".join(filter(None, lines)) if sign.isprintable())
    if len(clean) > LONGEST_NOTE:
        raise Rejected(f"the {what} has {len(clean)} characters, expected at most {LONGEST_NOTE}")
    return clean or None


def new_key() -> str:
    """Return a key for a form, so that sending it twice saves once."""
    return secrets.token_hex(16)


def sentence(reason: Exception) -> str:
    """Return what is wrong with a form as a sentence."""
    return f"{capital(str(reason))}."

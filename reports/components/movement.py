"""Why a number moved: the sentence that the warehouse composed (marts.fct_movements)."""

from __future__ import annotations

from markupsafe import Markup

from reports.engine.markup import plain


def Moved(sentence: str | None, tag: str = "small") -> Markup:
    """`Up 31: Maya Torres +24, Victor Lang +7.` against the period before; nothing where few records moved
    it."""
    if not sentence:
        return Markup()
    return Markup('<{0} class="moved"><span class="vh">Against the period before: </span>{1}</{0}>').format(
        Markup(tag), plain(sentence)
    )

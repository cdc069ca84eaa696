"""Design tokens: one table feeds the page's CSS, the mail's inline styles and the drawings."""

from __future__ import annotations

TOKENS: dict[str, tuple[str, str]] = {
    # name: (light, dark)
    "bg": ("#f6f7f9", "#0d0f13"),
    "card": ("#ffffff", "#15181e"),
    "sunk": ("#f1f3f6", "#1c2028"),
    "ink": ("#16181d", "#eef0f4"),
    "muted": ("#586071", "#a2abbb"),
    "line": ("#e2e5eb", "#2b313c"),
    "grid": ("#e9ebf0", "#262b35"),
    "base": ("#aeb5c2", "#545d6d"),
    "accent": ("#2558c4", "#84aaff"),
    "accent-soft": ("#e8eefb", "#1b2740"),
    # status: bluish green, amber and red are kept apart in lightness as well as in hue, so that red-green
    # blind readers can tell them; plain names are for text (4.5:1), -mark for shapes and bars (3:1), -soft
    # for backgrounds
    "met": ("#00745a", "#3fc9a0"),
    "met-soft": ("#def3ec", "#0f2c25"),
    "met-mark": ("#0a9072", "#35c39a"),
    "near": ("#835300", "#f7c653"),
    "near-soft": ("#fbeed3", "#33270f"),
    "near-mark": ("#c98500", "#f7c653"),
    "below": ("#a8230e", "#ff8f70"),
    "below-soft": ("#fbe6e1", "#3b1a13"),
    "below-mark": ("#b5250f", "#f0643c"),
    "no_goal": ("#4a6575", "#9bb8c7"),
    "no_goal-soft": ("#e9f0f3", "#1a262d"),
    "no_goal-mark": ("#7890a0", "#7994a5"),
    "no_data": ("#586071", "#a2abbb"),
    "no_data-soft": ("#eef0f4", "#20242c"),
    "no_data-mark": ("#7d8594", "#7d8798"),
    "not_applicable": ("#6a5a80", "#b9a8d0"),
    "not_applicable-soft": ("#f1eef6", "#262031"),
    "not_applicable-mark": ("#8f80a5", "#8f80a8"),
    "goal": ("#3a4150", "#c6cedb"),
    # ground of the usual range: neutral, as a range is neither good nor bad
    "usual": ("#e7eaf0", "#262c37"),
    # categorical series
    "c1": ("#2558c4", "#84aaff"),
    "c2": ("#a85800", "#f2a65a"),
    "c3": ("#00745a", "#3fc9a0"),
    "c4": ("#a2347e", "#ee8fcb"),
}

STATUS = {
    "met": "Met",
    "near": "Close",
    "below": "Missed",
    "no_goal": "No goal",
    "no_data": "No data",
    "not_applicable": "n/a",
}
"""The word for a status, wherever people read it. It always has a shape and a colour of its own beside it."""

GLYPH = {"met": "●", "near": "◆", "below": "▼", "no_goal": "▬", "no_data": "○", "not_applicable": "□"}
"""The shape in text and mail; the page draws the same ones with a sign inside (`look/sprite.svg`)."""

SIGNAL_GLYPH = "◎"
"""The shape of a signal, beside that of the status; it has no colour of its own."""

STATE = {
    "live": "Live",
    "provisional": "Provisional",
    "stale": "Stale",
    "manual": "Typed in",
    "missing": "Missing",
    "not_connected": "Not connected",
}
"""Where a number comes from. A page says nothing about `live` and always names the others."""

SOURCE_STATE = {
    "ok": "Up to date",
    "partly_refused": "Partly refused",
    "late": "Late",
    "failing": "Failing",
    "not_connected": "Not connected",
}
"""The state of a source (dim_sources)."""


def css_tokens() -> str:
    """The tokens as CSS variables; `light-dark()` follows `color-scheme`, so print and the switch only set
    that."""
    return (
        ":root{"
        + "".join(f"--{name}:light-dark({light},{dark});" for name, (light, dark) in TOKENS.items())
        + "}"
    )


def literal(name: str, dark: bool = False) -> str:
    """A colour as text, for what knows no variables: mails and pictures."""
    return TOKENS[name][1 if dark else 0]


def rgb(colour: str) -> tuple[int, int, int]:
    """`#rrggbb` as three numbers."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def linear(channel: float) -> float:
    """An sRGB channel (0..255) as linear light (0..1)."""
    c = channel / 255
    return c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio of two colours, 1 to 21."""
    a, b = (
        sum(w * linear(c) for w, c in zip((0.2126, 0.7152, 0.0722), rgb(x), strict=True))
        for x in (one, other)
    )
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)

"""Numbers as people read them, links, colours, drawings."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from foundation.settings import PROJECT_ROOT
from reports.components.basics import Delta
from reports.engine.markup import plain, web_address
from reports.look import tokens
from reports.look.charts import Chart, nice, series
from reports.look.document import document
from reports.look.drawings import to_svg
from reports.look.numbers import Number, instant, judged, number, week_days
from reports.look.sparks import spark
from reports.words.line import goal_text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (Decimal("86.000000"), "count", "86"),
        (Decimal("14.5"), "count", "14.5"),
        (Decimal(2) / 3, "count", "0.67"),
        (Decimal(7) / 3, "count", "2.33"),
        (1234567, "count", "1,234,567"),
        (0, "count", "0"),
        (None, "count", "–"),
        (Decimal("-0.004"), "count", "0"),
        (-1500, "money", "−$1,500"),
        (Decimal("97743.96"), "money:USD", "$97,743.96"),
        (Decimal("500.5"), "money:GBP", "£500.50"),
        (12, "money:CHF", "CHF 12"),
        (Decimal("1234.5"), "money:JPY", "¥1,235"),
        (Decimal("1.005"), "money:KWD", "KWD 1.005"),
        (Decimal(42) / 79, "percent", "53%"),
        (Decimal("0.125"), "percent", "13%"),
        (Decimal("0.012"), "percent", "1.2%"),
        (Decimal("0.014"), "percent", "1.4%"),
        (Decimal("-0.014"), "percent", "−1.4%"),
        (0.285, "percent", "29%"),
        (Decimal("125.5"), "hours", "125.5 h"),
        (Decimal("199.25"), "hours", "199.3 h"),
        (Decimal("26.54"), "days", "26.5 days"),
        (Decimal("1.5"), "minutes", "2 min"),
    ],
)
def test_numbers(value: Number | None, unit: str, text: str) -> None:
    assert number(value, unit) == text


@pytest.mark.parametrize(
    ("value", "unit", "goal", "text"),
    [
        (Decimal("0.6996"), "percent", Decimal("0.7"), "69.96%"),
        (Decimal("0.7"), "percent", Decimal("0.7"), "70%"),
        (Decimal("0.53"), "percent", Decimal("0.7"), "53%"),
        (Decimal("499.999"), "money", Decimal(500), "$499.999"),
        (Decimal("0.9999"), "count", Decimal(1), "0.9999"),
        (None, "count", Decimal(1), "–"),
    ],
)
def test_a_miss_never_reads_as_the_goal(value: Number | None, unit: str, goal: Number, text: str) -> None:
    assert judged(value, unit, (goal, None)) == text


def test_days_and_instants() -> None:
    assert week_days(date(2025, 10, 20)) == "Mon 20 Oct to Sun 26 Oct 2025"
    assert week_days(date(2025, 12, 29)) == "Mon 29 Dec 2025 to Sun 4 Jan 2026"
    assert instant(datetime(2025, 11, 2, 6, 30, tzinfo=UTC), "America/Chicago") == "Sun 2 Nov 2025, 01:30 CDT"
    assert instant(datetime(2025, 11, 2, 7, 30, tzinfo=UTC), "America/Chicago") == "Sun 2 Nov 2025, 01:30 CST"
    assert instant(None, "UTC") == "–"


@pytest.mark.parametrize(
    ("operator", "target", "second", "text", "words"),
    [
        (">=", 125, None, "≥ 125", "125"),
        (">", 1, None, "> 1", "over 1"),
        ("<=", 16, None, "≤ 16", "at most 16"),
        ("<", 16, None, "< 16", "under 16"),
        ("=", 0, None, "0", "exactly 0"),
        ("between", 1, 3, "1 to 3", "1 to 3"),
        ("outside", 1, 3, "under 1 or over 3", "under 1 or over 3"),
        (None, None, None, "–", "–"),
    ],
)
def test_goals(
    operator: str | None, target: Number | None, second: Number | None, text: str, words: str
) -> None:
    assert goal_text(operator, target, second, "count") == text
    assert goal_text(operator, target, second, "count", words=True) == words


@pytest.mark.parametrize("url", ["https://a.example/x?y=1", "http://a.example", "HTTPS://a.example/"])
def test_links_to_follow(url: str) -> None:
    assert web_address(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "//a.example",
        "https:",
        "file:///etc/passwd",
        "",
        None,
        7,
        "http://[x",
    ],
)
def test_links_that_are_only_text(url: object) -> None:
    assert web_address(url) is None


def test_vendor_text_on_one_line() -> None:
    assert plain("a\u202eb\u0000c\nd\te\ue000") == "abc d e"
    assert plain("x" * 10_000) == "x" * 159 + "…"


def test_changes() -> None:
    assert "up" in Delta(11, 10) and "10.0%" in Delta(11, 10) and 'class="delta met"' in Delta(11, 10)
    assert 'class="delta below"' in Delta(11, 10, up_is_good=False)
    assert "10.0 pts" in Delta(Decimal("0.6"), Decimal("0.5"), "percent")
    assert "–" in Delta(5, 0) and "–" in Delta(None, 3) and "unchanged" in Delta(3, 3)


def test_scales_are_round() -> None:
    assert nice(0, 0.7) == [0, 0.2, 0.4, 0.6, 0.8]
    assert nice(0, 0) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert nice(-3, 12)[0] <= -3 and nice(-3, 12)[-1] >= 12


def test_gaps_stay_gaps() -> None:
    drawn = spark([1, None, 3, 4], [2, 2, 2, 2], "met")
    line = drawn.split('stroke="var(--muted)" stroke-width="1.5"')[0].rsplit('d="', 1)[1]
    assert line.count("M") == 2
    assert spark([None, None]) == ""
    assert "met-mark" in drawn and "met-mark" not in spark([1, None], [], "met"), (
        "a dot without a newest number"
    )
    chart = Chart("t", ["a", "b", "c"], [series("s", [Decimal(1), None, Decimal(2)])])
    assert len(chart.runs(chart.series[0])) == 2


def test_a_goal_that_changed_is_drawn_as_it_was() -> None:
    drawn = spark([1, 2, 3], [1, 1, 3])
    goal = drawn.split('stroke="var(--goal)"')[0].rsplit('d="', 1)[1]
    assert "L" in goal, "no step where the goal changed"


def test_a_change_of_definition_is_flagged_in_the_sparkline() -> None:
    drawn = spark([1, 2, 3], changes={1: "Goal 3 → 2 from 20 Oct: <b>"})
    assert "<title>Goal 3 → 2 from 20 Oct: &lt;b&gt;</title>" in drawn
    # half a step before the second of three values
    assert 'd="M28 0V30"' in drawn and drawn.count('class="change"') == 1
    assert "change" not in spark([1, 2, 3])


def test_pictures_have_no_variables_and_escape_their_texts() -> None:
    svg = to_svg(
        Chart(
            "<b> & co", ["a", "b"], [series("s", [1, 2], "c1", "bar"), series("Goal", [2, 2], "goal", "goal")]
        )
    )
    assert "var(" not in svg and "<b>" not in svg and "&lt;b&gt; &amp; co" in svg


@pytest.mark.parametrize("mode", [0, 1])
def test_contrast_aa(mode: int) -> None:
    colour = {name: pair[mode] for name, pair in tokens.TOKENS.items()}
    for text in ("ink", "muted", "accent", "c1", "c2", "c3", "c4", *tokens.STATUS):
        for back in ("card", "bg"):
            assert tokens.contrast(colour[text], colour[back]) >= 4.5, (text, back)
    for status in tokens.STATUS:
        assert tokens.contrast(colour[status], colour[f"{status}-soft"]) >= 4.5, status
        assert tokens.contrast(colour[f"{status}-mark"], colour["card"]) >= 3, status
    for text in ("ink", "muted", "accent"):
        assert tokens.contrast(colour[text], colour["accent-soft"]) >= 4.5, text
    assert tokens.contrast(colour["goal"], colour["card"]) >= 3


# Machado, Oliveira, Fernandes 2009, severity 1.0
BLINDNESS = {
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def _lab(light: list[float]) -> tuple[float, float, float]:
    x, y, z = (
        sum(m * c for m, c in zip(row, light, strict=True))
        for row in ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    )

    def root(t: float) -> float:
        return t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116

    fx, fy, fz = root(x / 0.9505), root(y), root(z / 1.089)
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


@pytest.mark.parametrize("mode", [0, 1])
@pytest.mark.parametrize("kind", BLINDNESS)
def test_status_colours_stay_apart_for_colour_blind_readers(mode: int, kind: str) -> None:
    seen = {}
    for status in ("met", "near", "below"):
        light = [tokens.linear(c) for c in tokens.rgb(tokens.TOKENS[f"{status}-mark"][mode])]
        seen[status] = _lab(
            [
                min(1.0, max(0.0, sum(m * c for m, c in zip(row, light, strict=True))))
                for row in BLINDNESS[kind]
            ]
        )
    for one, other in (("met", "near"), ("met", "below"), ("near", "below")):
        assert sum((a - b) ** 2 for a, b in zip(seen[one], seen[other], strict=True)) ** 0.5 > 15, (
            kind,
            one,
            other,
        )


def test_every_status_has_a_word_a_shape_and_a_colour_of_its_own() -> None:
    assert len(set(tokens.STATUS.values())) == len(set(tokens.GLYPH.values())) == len(tokens.STATUS)
    assert set(tokens.GLYPH) == set(tokens.STATUS)
    page = document("Shapes", "")
    shapes = [page.split(f'id="m-{status}"')[1].split("</symbol>")[0] for status in tokens.STATUS]
    assert len(set(shapes)) == len(tokens.STATUS)
    assert len({tokens.TOKENS[f"{status}-mark"] for status in tokens.STATUS}) == len(tokens.STATUS)


def test_the_words_of_the_statuses_are_written_once() -> None:
    words = re.compile(
        rf"\b({tokens.STATUS['met']}|{tokens.STATUS['near']}(?! month)|{tokens.STATUS['below']})\b"
    )
    reports = Path(tokens.__file__).parents[1]
    files = [file for file in reports.rglob("*") if file.suffix in (".py", ".html", ".txt", ".md", ".js")]
    found = [file.name for file in files if words.search(file.read_text(encoding="utf-8"))]
    assert sorted(found) == ["tokens.py"]


def test_templates_take_the_word_of_a_missed_goal_from_status() -> None:
    """`STATUS` is the only place of the word; a template that spelled it out would keep the old one."""
    kinds = ("html", "txt", "md", "typ")
    files = [
        file
        for folder in ("reports", "portal")
        for kind in kinds
        for file in (PROJECT_ROOT / folder).rglob(f"*.{kind}")
    ]
    assert len(files) > 60
    word = re.compile(rf"\b{tokens.STATUS['below']}\b", re.I)
    shown = {file: re.sub(r"\{#.*?#\}", "", file.read_text(encoding="utf-8"), flags=re.S) for file in files}
    assert [file for file, text in shown.items() if word.search(text)] == []

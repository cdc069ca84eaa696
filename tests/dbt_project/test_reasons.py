"""Reasons for which records are left out: each code that SQL mints has its text in seeds/reasons.csv, and no
text is without a code."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.raw_warehouse import DBT_DIR, RawWarehouse

NAMED_FOR_REASONS = re.compile(r"(?!stale_|lost_)(\w+_)?(reason|because|gone|withdrawn)")
"""Columns that hold such codes, or parts of them on their way; why a deal is stale or lost is a text."""
VENDOR_WORDS = {"completed", "scheduled", "rescheduled", "no_show", "canceled"}
"""Meeting outcomes of HubSpot, which are reasons by themselves. A company may have others: they say
themselves."""
TOKENS = re.compile(r"'(?:[^']|'')*'|\w+|\|\||[^\s\w]")


def minted(sql: str) -> Iterator[str]:
    """Codes in the results of `case ... end as reason` and in `'code' as reason`; one that is put together
    ends in `*`."""
    tokens = TOKENS.findall(re.sub(r"--.*|\{#.*?#\}|\{%.*?%\}", "", sql))
    cases: list[list[str]] = []
    for i, token in enumerate(tokens):
        word = token.lower()
        if word == "case":
            cases.append([])
        elif word in ("then", "else") and cases and tokens[i + 1].startswith("'"):
            cases[-1].append(tokens[i + 1].strip("'") + ("*" if tokens[i + 2] == "||" else ""))
        elif word == "end" and cases:
            found = cases.pop()
            if tokens[i + 1].lower() == "as" and NAMED_FOR_REASONS.fullmatch(tokens[i + 2]):
                yield from found
            elif cases:
                cases[-1] += found
        elif (
            word == "as"
            and NAMED_FOR_REASONS.fullmatch(tokens[i + 1])
            and not cases
            and tokens[i - 1].lower() != "end"
        ):
            if tokens[i - 1].startswith("'"):
                yield tokens[i - 1].strip("'")
            elif put_together := re.search(
                r"('\w+')\s*\|\|(?:(?!\bas\b|,\s*\n).)*$", sql[: sql.find(f"as {tokens[i + 1]}")], re.S
            ):
                yield put_together[1].strip("'") + "*"


def seed() -> dict[str, str]:
    with (DBT_DIR / "seeds" / "reasons.csv").open(encoding="utf-8", newline="") as file:
        return {row["reason"]: row["text"] for row in csv.DictReader(file)}


def codes() -> dict[str, Path]:
    """Each code that a model mints, and one such model."""
    return {
        code: path
        for path in sorted((DBT_DIR / "models").rglob("*.sql"))
        for code in minted(path.read_text(encoding="utf-8"))
    }


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        (
            "select case when a then 'one' when b then 'two' else 'three' end as reason",
            ["one", "two", "three"],
        ),
        ("select case when a then 'campaign_' || lower(b) end as not_queued_because", ["campaign_*"]),
        ("select 'taken' as reason, 'x' as source, a as reason", ["taken"]),
        ("select\n    a,\n    'seat_' || lower(coalesce(b, 'unknown')) as reason,\n    c", ["seat_*"]),
        ("select case when a then case when b then 'in' end else 'out' end as final_reason", ["in", "out"]),
        (
            "select case a when 'x' then 'y' end as basis, b as reason -- case when a then 'z' end as reason",
            [],
        ),
    ],
)
def test_codes_are_found(sql: str, found: list[str]) -> None:
    assert list(minted(sql)) == found


def test_every_code_has_a_text() -> None:
    unknown = {code: path.name for code, path in codes().items() if code not in seed()}
    assert unknown == {}, "give them a text in dbt_project/seeds/reasons.csv"


def test_every_text_has_a_code() -> None:
    literals = {
        word
        for path in (DBT_DIR / "models").rglob("*.sql")
        for word in re.findall(r"'(\w+)'", path.read_text(encoding="utf-8"))
    }
    assert {code for code in seed() if code.rstrip("*") not in literals and code not in VENDOR_WORDS} == set()


def test_one_meaning_has_one_code() -> None:
    texts = [text.lower() for text in seed().values()]
    assert sorted(texts) == sorted(set(texts))


def test_texts_are_written_for_readers() -> None:
    assert [
        code for code, text in seed().items() if not text[0].isupper() or text.endswith(".") or "_" in text
    ] == []
    assert [code for code, text in seed().items() if code.endswith("*") is not ("*" in text)] == []
    assert list(seed()) == sorted(seed())


def test_readers_get_a_text_for_whatever_occurs(chicago: RawWarehouse) -> None:
    texts = {row["reason"]: row["text"] for row in chicago.query("select * from marts.dim_reasons")}
    occurring = {
        row["reason"]
        for row in chicago.query("select distinct reason from marts.fct_contributions where not counted")
    }
    assert occurring <= texts.keys() and None not in texts.values()
    assert texts["counted_for_maya"] == "Counted already for Maya Torres"
    assert {item for item in seed().items() if not item[0].endswith("*")} <= texts.items()

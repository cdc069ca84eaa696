"""What the sales pages need beside the general components: tiles with a year-on-year badge, the chain of a
target, the SQL of a section."""

from __future__ import annotations

from decimal import Decimal

from markupsafe import Markup

from reports.components.basics import Info, table
from reports.engine.markup import join, new_id
from reports.engine.queries import Result, Row
from reports.look.numbers import Number, exact, number

_STILL = Decimal("0.0005")


def _badge(row: Row, versus: str) -> Markup:
    """The change on the year before as word, shape and colour; or why there is none."""
    if row.change is None:
        before = (
            "no full year before"
            if row.then_value is None
            else f"{number(row.then_value, row.unit)} the year before"
        )
        why = row.get("change_note") or before
        return Markup('<span class="vs">{}</span>').format(why)
    change = exact(row.change)
    size = (
        number(abs(change) * 100, "count", 1) + " points"
        if row.unit == "percent"
        else number(abs(change), "percent", 1)
    )
    if abs(change) < _STILL:
        tone, arrow, said = "flat", "▬", "unchanged"
    else:
        arrow, word = ("▲", "up") if change > 0 else ("▼", "down")
        tone = (
            "flat" if row.direction is None else "met" if (change > 0) == (row.direction == "up") else "below"
        )
        said = f"{word} {size}"
    return Markup('<span class="delta {}"><span aria-hidden="true">{}</span> {}</span>{}').format(
        tone, arrow, said, Markup(' <span class="vs">{}</span>').format(versus) if versus else ""
    )


def amount(row: Row) -> str:
    """A headline number; nobody reads the cents of thousands."""
    large = row.value is not None and row.unit.startswith("money") and abs(row.value) >= 1000
    return number(row.value, row.unit, 0 if large else None)


def _linked(row: Row) -> str | Markup:
    text = amount(row)
    return (
        Markup('<a class="rc" href="{}">{}</a>').format(row.receipt, text)
        if row.receipt and row.value is not None
        else text
    )


def Tiles(rows: Result, versus: str = "on the year before") -> Markup:
    """Headline numbers with their change on the year before.

    Columns: label, value, unit, note and perhaps how (both are its tooltip), receipt (an address of the
    site), beside_label and beside_value (a second number in small); where there is a comparison also
    direction, then_value, change (a ratio - 1; of a percentage, the difference) and perhaps change_note (why
    there is none).
    """
    return Markup('<div class="g tiles" data-block="{}">{}</div>').format(
        rows.name,
        join(
            Markup(
                '<section class="card kpi" aria-label="{0}"><p class="t">{0}{1}</p><p'
                ' class="num">{2}</p>{3}{4}</section>'
            ).format(
                row.label,
                (
                    Info(". ".join(filter(None, (row.note, row.get("how")))), row.label)
                    if row.note or row.get("how")
                    else ""
                ),
                _linked(row),
                (
                    Markup('<p class="sub beside">{} <b>{}</b></p>').format(
                        row.beside_label, number(row.beside_value, row.unit)
                    )
                    if row.beside_label
                    else ""
                ),
                (
                    Markup('<p class="sub">{}</p>').format(_badge(row, versus))
                    if "change" in rows.columns
                    else ""
                ),
            )
            for row in rows
        ),
    )


def Measures(rows: Result, caption: str) -> Markup:
    """More numbers of the same columns as a table."""
    body = join(
        Markup('<tr><th scope="row">{}{}</th><td class="n">{}</td><td>{}</td></tr>').format(
            row.label,
            Markup("<small>{}</small>").format(row.note) if row.note else "",
            _linked(row),
            _badge(row, ""),
        )
        for row in rows
    )
    head = Markup(
        '<th scope="col">Measure</th><th scope="col" class="n">Value</th><th scope="col">Year on year</th>'
    )
    return table(caption, head, body, rows.name)


def Sql(*blocks: Result, text: str = "SQL of this section") -> Markup:
    """The statements behind a section's numbers; each can be run on the published file by itself."""
    return Markup(
        '<details class="sql"><summary>{}</summary><p class="quiet">To be run on the published file,'
        " read-only.</p>{}</details>"
    ).format(
        text,
        join(
            Markup('<pre tabindex="0" data-sql="{}">{}</pre>').format(block.name, block.sql)
            for block in blocks
        ),
    )


_INPUTS = (
    # (step of the chain, name in the address, label, steps of the number, unit)
    ("revenue", "target", "Revenue to win", "1000", ""),
    ("deals", "deal", "Average deal", "100", ""),
    ("opportunities", "win", "Win rate", "0.1", "%"),
    ("sqls", "sql", "SQLs that become opportunities", "0.1", "%"),
    ("mqls", "mql", "MQLs that become SQLs", "0.1", "%"),
    ("leads", "lead", "Leads that become MQLs", "0.1", "%"),
)


def WhatIf(chain: Result, currency: str) -> Markup:
    """The chain from a target back to leads with other numbers put in, worked out in the browser by division
    only.

    `chain`: the steps in order, with step, label, rate and needed. Without the script there is nothing to
    play with and nothing is drawn.
    """
    steps = {row.step: row for row in chain}
    fields = join(_field(steps[step], *rest) for step, *rest in _INPUTS if step in steps)
    results = join(
        Markup('<li><span>{}</span> <output data-step="{}"><b></b> <small></small></output></li>').format(
            steps[step].label, step
        )
        for step, *_ in _INPUTS[1:]
        if step in steps
    )
    return Markup(
        '<form class="card whatif" aria-label="What if" hidden><h3>What if?</h3><p class="quiet">Amounts in {}. '
        "Decimals are carried from step to step and rounded up only where a number is shown.</p>"
        '<div class="inputs">{}</div><ol>{}</ol><p><button type="reset" class="plainbutton">Back to the real rates'
        "</button></p></form>"
    ).format(currency, fields, results)  # fmt: skip


def _field(row: Row, name: str, label: str, step: str, unit: str) -> Markup:
    value: Number | None = row.needed if row.step == "revenue" else row.rate
    real = exact(value) * (100 if unit else 1) if value is not None else None
    uid = new_id("w")
    shown = "" if real is None else f"{round(real, 2 if unit else 0):f}"
    most = "100" if unit else f"{max((real or 0) * 3, Decimal(1000)):.0f}"
    return Markup(
        '<p><label for="{0}">{1}{2}</label><input id="{0}" name="{3}" type="number" inputmode="decimal"'
        ' min="0" step="any" value="{4}" data-exact="{5}" data-of="{6}"{7}><input type="range" min="0"'
        ' max="{8}" step="{9}" value="{4}" aria-label="{1}, slider"></p>'
    ).format(
        uid,
        label,
        Markup(" <small>{}</small>").format(unit) if unit else "",
        name,
        shown,
        "" if real is None else f"{real:f}",
        row.step,
        Markup(' data-percent="1"') if unit else "",
        most,
        step,
    )


__all__ = ["Measures", "Sql", "Tiles", "WhatIf"]

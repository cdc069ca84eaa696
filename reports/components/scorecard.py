"""The parts of the scorecard page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from markupsafe import Markup

from foundation.calendar import week_label, weeks_in_year
from reports.components.basics import Info, Pill, StatusBar, shape
from reports.components.movement import Moved
from reports.engine.markup import anchor, join, plain
from reports.engine.queries import Result, Row
from reports.look.charts import spark
from reports.look.numbers import DASH, day, instant, judged, number, plural, short_instant, week_days
from reports.look.tokens import STATE, STATUS
from reports.site.links import Receipts
from reports.words.gate import Note
from reports.words.line import (
    Line,
    attention,
    by_section,
    counts,
    goal_text,
    parts_text,
    title,
    without_number,
)
from reports.words.restatements import KIND, before, changed_day, goal_of, newest_first, number_text, why


def lines_of(data: Result) -> list[Line]:
    """The rows of the block `lines`, with their texts."""
    return [Line(row) for row in data]


def Masthead(build: Result, lines: Result, week: date, newest: bool, archived: bool = False) -> Markup:
    """Company, week and days of the week. `archived`: the page stays as it is, whatever becomes of the
    numbers."""
    year, number_of_week, _ = week.isocalendar()
    return Markup(
        '<div class="masthead"><p class="over">{} scorecard{}</p><h1>{}</h1>'
        '<p class="lead">week {} of {} <span aria-hidden="true">·</span> {}</p>'
        '<p class="lead built">As of {}</p></div>'
    ).format(
        build.one().company_name,
        (
            Markup(' <span class="state">as first published</span>')
            if archived
            else ("" if newest else Markup(' <span class="state">past week</span>'))
        ),
        week_label(week),
        number_of_week,
        weeks_in_year(year),
        week_days(week),
        instant(build.one().as_of, build.one().time_zone),
    )


def BoardHead(build: Result, name: str, about: str) -> Markup:
    """The heading of a page that shows things as they stand now."""
    one = build.one()
    return Markup(
        '<div class="masthead"><p class="over">{}</p><h1>{}</h1><p class="lead">{}</p><p class="lead'
        ' built">As of {}</p></div>'
    ).format(one.company_name, name, about, instant(one.as_of, one.time_zone))


def Headline(lines: Result) -> Markup:
    """How many lines met their goal, came near and are below it; the others in smaller print."""
    every = lines_of(lines)
    found = counts(every)
    tiles = join(
        Markup('<li class="{0}">{1}<b>{2}</b> <span>{3}</span></li>').format(
            status, shape(status), found[status], STATUS[status]
        )
        for status in ("below", "near", "met")
    )
    rest = join(
        Markup("<li>{}<b>{}</b> {}</li>").format(shape(status), found[status], STATUS[status].lower())
        for status in ("no_goal", "no_data", "not_applicable")
        if found[status]
    )
    if missing := len(without_number(every)):
        rest += Markup('<li class="missing"><a href="#data-notes">{}</a></li>').format(
            "1 number is missing" if missing == 1 else f"{missing} numbers are missing"
        )
    bar = join(
        Markup('<i class="{}" style="flex:{}"></i>').format(status, found[status])
        for status in ("below", "near", "met")
        if found[status]
    )
    return Markup(
        '<section class="card headline" aria-label="Count of statuses"><ul class="counts">{}</ul>'
        '<div class="bar" aria-hidden="true">{}</div>{}</section>'
    ).format(tiles, bar, Markup('<ul class="rest">{}</ul>').format(rest) if rest else "")


def Attention(lines: Result) -> Markup:
    """The lines below their goal: who owns them, how far off, for how long. The most telling comes first."""
    every = lines_of(lines)
    if all(line.status == "no_goal" for line in lines):
        return Markup()  # nothing on the page is judged
    below = attention(every)
    if not below:
        known = any(line.status in ("met", "near") for line in lines)
        text = "No line is below its goal." if known else "No line has a number to judge."
        return Markup(
            '<section class="card attention"><h2>Needs attention</h2><p class="quiet">{}</p></section>'
        ).format(text)
    items = join(
        Markup(
            '<li>{}<a class="what" href="#{}">{}<span class="vh">, below</span></a><span class="how">'
            '<b>{}</b> {}<span class="vs">goal {}</span></span>'
            '<span class="who">{}</span><span class="since">{}</span></li>'
        ).format(
            shape("below"),
            anchor(line.line_id),
            title(line, every),
            line.value_text,
            Markup('<span class="vs">({})</span> ').format(line.parts) if line.parts else "",
            line.goal_words,
            line.owner_names or "nobody owns this line",
            line.streak_text,
        )
        for line in below
    )
    return Markup('<section class="card attention"><h2>Needs attention</h2><ol>{}</ol></section>').format(
        items
    )


def about(row: Row, goal: str) -> Markup:
    """The six parts that explain a line."""
    parts = (
        ("Definition", row.definition),
        ("Why it matters", row.why),
        ("Calculation", row.calculation),
        (
            "Target",
            f"{goal} ({row.goal_note})" if row.goal_note else goal if goal != DASH else "no goal is set",
        ),
        ("Benchmark", row.benchmark),
        ("Edge cases", row.edge_cases),
    )
    return join(
        Markup("<b>{}</b><span>{}</span>").format(name, text or "not written down yet")
        for name, text in parts
    )


def _linked(text: str, href: str | None, what: str) -> Markup:
    if href is None:
        return Markup("{}").format(text)
    return Markup('<a class="rc" href="{}">{}<span class="vh">: records of {}</span></a>').format(
        href, text, what
    )


def state_tag(
    state: str, as_of_text: str, manual: bool = False, snapshot: bool = False, gap: str | None = None
) -> Markup:
    """What stands behind a number, in words; nothing for a live one.

    Args:
        snapshot: it is how things stood then, and not a part of a sum.
        gap: the raw tables that a missing or stale number lacks; the vendor's words stand in the data notes.
    """
    if state == "live":
        return Markup()
    if state == "provisional" and snapshot:
        return Markup('<small class="state provisional"><span>as of {}</span></small>').format(as_of_text)
    words = {
        "stale": f"complete to {as_of_text}" + (f". {gap}" if gap else ""),
        "manual": as_of_text,
        "missing": "not typed in" if manual else gap or "source not complete",
        "provisional": f"so far, {as_of_text}",
        "not_connected": "",
    }[state]
    detail = Markup(" <span>{}</span>").format(words) if words and words != DASH else Markup()
    return Markup('<small class="state {}"><b>{}</b>{}</small>').format(state, STATE[state], detail)


def partial_tag(row: Row) -> Markup:
    """That a number is not the whole one, and what it leaves out; nothing for one that is."""
    if row.value is None or not row.partial_note:
        return Markup()
    return Markup('<small class="state partial"><b>Partial</b> <span>{}</span></small>').format(
        plain(row.partial_note)
    )


_Told = Mapping[tuple[str, object], Sequence[Row]]
"""(line, first day of its period) -> what was published about it before, the newest change first."""


def restated_tag(changes: Sequence[Row], build: Row) -> Markup:
    """That a number was another one when it was published, in words; nothing for a number that never changed.

    Why is only read out here: the receipts, one click away, tell it with the records.
    """
    if not changes:
        return Markup()
    newest, *earlier = changes
    year = newest.changed_at.year != build.as_of.year
    more = f", and {plural(len(earlier), 'change')} before" if earlier else ""
    return Markup(
        '<small class="state restated"><b>{}</b> <span>{}<span class="vh">: {}</span>{}</span></small>'
    ).format(KIND[newest.kind], before(newest, build.time_zone, year=year), why(newest), more)


_COLUMNS = {
    "week": ("Line", "Goal", "This week", "Last week", "Quarter average", "Status", "13 weeks"),
    "newest": ("Line", "Goal", "Newest", "Week before", "Quarter average", "Status", "13 weeks"),
    "month": ("Line", "Goal", "Month", "Month before", "Quarter so far", "Status", "13 months"),
}


def Sections(
    lines: Result, receipts: Receipts, build: Result, restated: Result, columns: str = "week"
) -> Markup:
    """Every line, a table per section. `columns`: `week`, `newest` (snapshots as they stand now) or `month`
    (of the block `months`)."""
    told = newest_first(restated.rows)
    every = by_section(lines_of(lines))
    return join(
        Markup('<h2 id="section-{}{}">{}{}</h2>{}').format(
            anchor(section),
            "-months" if columns == "month" else "",
            label,
            ", by month" if columns == "month" else "",
            _section(label, members, receipts, build.one(), told, columns),
        )
        for section, label, members in every
    )


def _section(
    label: str, lines: Sequence[Line], receipts: Receipts, build: Row, told: _Told, columns: str
) -> Markup:
    head = join(
        Markup('<th role="columnheader" scope="col"{}>{}</th>').format(
            Markup(' class="n"') if 0 < i < 5 else "", name
        )
        for i, name in enumerate(_COLUMNS[columns])
    )
    return Markup(
        '<div class="card lines"><table role="table" class="score"><caption class="vh">{}</caption>'
        '<thead role="rowgroup"><tr role="row">{}</tr></thead>'
        '<tbody role="rowgroup">{}</tbody></table></div>'
    ).format(label, head, join(_row(line, receipts, build, told, columns) for line in lines))


def _row(line: Line, receipts: Receipts, build: Row, told: _Told, columns: str) -> Markup:
    zone = build.time_zone
    quarter = line.quarter_label
    _, _, now, before_it, average, _, trend = _COLUMNS[columns]
    # a board's numbers are not all of one week
    period = line.week_label if columns == "month" or (columns == "newest" and not line.is_running) else ""
    return Markup(
        '<tr role="row" id="{id}"><th role="rowheader" scope="row" class="name"><span'
        ' class="label">{label}{info}</span><small>{owner}</small></th><td role="cell" class="n"'
        ' data-label="Goal">{goal}</td><td role="cell" class="n now"'
        ' data-label="{now}">{value}{parts}{period}{blank}{state}{partial}{restated}</td><td role="cell"'
        ' class="n" data-label="{before}">{previous}{previous_parts}{previous_restated}</td><td role="cell"'
        ' class="n" data-label="{average}">{quarter}{quarter_pill}</td><td role="cell" class="verdict"'
        ' data-label="Status">{pill}{streak}</td><td role="cell" class="trend"'
        ' data-label="{trend}">{spark}{changes}<span class="vh">{history}</span></td></tr>{moved}'
    ).format(
        id=anchor(line.line_id),
        now=now,
        before=before_it,
        average=average,
        trend=trend,
        period=_small(period),
        label=line.label,
        info=Info(about(line.row, line.goal_text), line.label),
        owner=line.owner_names or "no owner",
        moved=_why_row(line),
        goal=line.goal_text,
        value=Markup("<b>{}</b>").format(
            _linked(
                line.value_text,
                receipts.href(line.week_label, line.line_id),
                f"{line.label}, {line.week_label}",
            )
        ),
        parts=_small(line.parts),
        blank=_small(line.blank_word),
        state=state_tag(
            line.state,
            short_instant(line.as_of, zone),
            line.feed == "manual" or line.sources == "manual",
            snapshot=line.is_running,
            gap=line.gap,
        ),
        partial=partial_tag(line.row),
        restated=restated_tag(told.get((line.line_id, line.week_start), ()), build),
        previous_restated=restated_tag(told.get((line.line_id, line.previous_start), ()), build),
        previous=_linked(
            line.previous_text,
            (
                receipts.href(line.previous_label, line.line_id)
                if line.previous_tracked and line.previous_label
                else None
            ),
            f"{line.label}, {before_it.lower()}",
        ),
        previous_parts=_small(line.previous_parts or _blank_before(line)) + _small(line.previous_note),
        quarter=_linked(
            line.quarter_text,
            (
                receipts.href(line.week_label, line.line_id, "quarter")
                if line.quarter_value is not None
                else None
            ),
            f"{line.label}, {quarter}",
        ),
        quarter_pill=join(
            (
                _small(line.quarter_coverage),
                (
                    Markup('<span class="chip">{}</span>').format(Pill(line.quarter_status))
                    if line.quarter_status in ("met", "near", "below")
                    else ""
                ),
            )
        ),
        pill=Pill(line.status),
        streak=(
            _small(line.streak_text.removeprefix(f"{STATUS[line.status].lower()} "))
            if line.status == "below" or line.run_weeks > 1
            else ""
        ),
        spark=Markup(
            spark(
                [float(v) if v is not None else None for v in line.trend_values],
                line.trend_goals,
                line.status,
                changes={i: text for i, text in enumerate(line.trend_changes) if text},
            )
        ),
        changes=_changes_of_definition(line),
        history="oldest first: "
        + ", ".join(
            number(value, line.unit) + (" (restated)" if (line.line_id, week) in told else "")
            for week, value in zip(line.trend_starts, line.trend_values, strict=True)
        ),
    )


def _changes_of_definition(line: Line) -> Markup:
    """What the flags in the sparkline stand for, the newest first; in full, with the reason, where it is read
    out or pointed at."""
    return join(
        Markup(
            '<small class="redefined" title="{0}"><span aria-hidden="true"><b>{1}</b> {2}</span><span'
            ' class="vh"> {0} </span></small>'
        ).format(text, day(start), note)
        for start, note, text in reversed(
            list(zip(line.trend_starts, line.trend_notes, line.trend_changes, strict=True))
        )
        if text
    )


def _why_row(line: Line) -> Markup:
    """Why the number moved, in a row of its own: beside the numbers a sentence would be a column of words."""
    if not line.moved:
        return Markup()
    return Markup(
        '<tr role="row" class="why"><td role="cell" colspan="{0}" aria-colspan="{0}">{1}</td></tr>'
    ).format(7, Moved(line.moved))


def _blank_before(line: Line) -> str:
    if line.previous_value is not None:
        return ""
    if not line.previous_tracked:
        return "not kept yet"
    return (
        STATUS.get(line.previous_status or "no_data", STATUS["no_data"])
        if line.previous_status in ("no_data", "not_applicable", None)
        else STATUS["no_data"]
    )


def _small(text: str) -> Markup:
    return Markup("<small>{}</small>").format(text) if text else Markup()


def QuarterSummary(quarter: Result, receipts: Receipts, build: Result, restated: Result) -> Markup:
    """The quarter's own numbers as tiles."""
    zone = build.one().time_zone
    told = newest_first(restated.rows)
    tiles = join(
        Markup(
            '<section class="card kpi" aria-label="{0}"><p class="t">{0}{1}{2}</p><p'
            ' class="num">{3}</p>{4}{5}{6}{7}</section>'
        ).format(
            row.label,
            Info(about(row, goal_text(row.operator, row.target, row.target_2, row.unit)), row.label),
            Pill(row.status) if row.status in ("met", "near", "below") else "",
            _linked(
                number(row.value, row.unit),
                receipts.href(row.quarter_label, row.line_id),
                f"{row.label}, {row.quarter_label}",
            ),
            _small(STATUS["no_data"]) if row.value is None else "",
            state_tag(
                "live" if row.state == "provisional" else row.state,
                short_instant(row.as_of, zone),
                gap=row.gap,
            ),
            partial_tag(row),
            restated_tag(told.get((row.line_id, row.quarter_start), ()), build.one()),
        )
        for row in quarter
    )
    first = quarter.rows[0]
    end = "as it ended" if first.is_finished else f"so far, as of {short_instant(build.one().as_of, zone)}"
    return Markup('<p class="quiet">{} to {}, {}.</p><div class="g tiles">{}</div>').format(
        week_days(first.quarter_start).split(" to ")[0],
        week_days(first.quarter_end - timedelta(days=6)).split(" to ")[1],
        end,
        tiles,
    )


def RunningWeek(running: Result, receipts: Receipts) -> Markup:
    """The running week's numbers, apart from the finished ones and without a status."""
    rows = join(
        Markup(
            '<tr><th scope="row">{}<small>{}</small></th><td class="n">{}{}</td><td class="n">{}</td></tr>'
        ).format(
            row.label,
            row.section_label,
            _linked(
                judged(row.value, row.unit, (row.target, row.target_2)),
                receipts.href(row.week_label, row.line_id),
                f"{row.label}, {row.week_label}",
            ),
            _small(
                parts_text(row.numerator, row.denominator, row.aggregation)
                or (STATUS["no_data"] if row.value is None else "")
            ),
            goal_text(row.operator, row.target, row.target_2, row.unit),
        )
        for row in running
    )
    return Markup(
        '<details class="card running"><summary>{} {}: numbers so far, provisional and not'
        ' judged</summary><table class="plain"><thead><tr><th scope="col">Line</th><th scope="col"'
        ' class="n">So far</th><th scope="col"'
        ' class="n">Goal</th></tr></thead><tbody>{}</tbody></table></details>'
    ).format(plural(len(running), "line"), f"of {running.rows[0].week_label}", rows)


_FEW = 8
"""Changes that are shown without being asked for."""

_SOURCE_STATE = {
    "ok": "Up to date",
    "partly_refused": "Partly refused",
    "late": "Late",
    "failing": "Failing",
    "not_connected": "Not connected",
}


def LateSources(sources: Result, build: Result) -> Markup:
    """A note for each source whose data does not reach up to now, or of which the vendor refuses a part."""
    zone = build.one().time_zone
    return join(
        Markup('<aside class="note"><p><b>{}: {}.</b> {}</p></aside>').format(
            row.label,
            _SOURCE_STATE[row.state].lower(),
            (
                f"What is counted from it is missing or too low on this page. {row.refused}"
                if row.state == "partly_refused"
                else (
                    f"Its data is complete to {instant(row.complete_through, zone)}; what came later is not"
                    " on this page."
                )
            ),
        )
        for row in sources
    )


def DataNotes(notes: Sequence[Note], sources: Result, build: Result) -> Markup:
    """What is missing, stale or rejected, and how far the data of each source reaches."""
    zone = build.one().time_zone
    said = (
        Markup('<ul class="notes">{}</ul>').format(
            join(Markup("<li>{}</li>").format(note.text) for note in notes)
        )
        if notes
        else Markup('<p class="quiet">Nothing is missing, stale or rejected.</p>')
    )
    rows: Mapping[str, str] | Markup = join(
        Markup(
            '<tr><th scope="row">{}</th><td><span class="src {}">{}</span>{}</td><td>{}</td><td>{}</td></tr>'
        ).format(
            row.label,
            row.state,
            _SOURCE_STATE.get(row.state, row.state),
            _small(row.refused or ""),
            instant(row.complete_through, zone),
            instant(row.last_success_at, zone),
        )
        for row in sources
    )
    table = Markup(
        '<div class="scroll" tabindex="0" role="region" aria-label="Sources"><table'
        ' class="plain"><thead><tr><th scope="col">Source</th><th scope="col">State</th><th'
        ' scope="col">Complete to</th><th scope="col">Last good'
        " load</th></tr></thead><tbody>{}</tbody></table></div>"
    ).format(rows)
    return Markup('<div class="card" id="data-notes">{}{}</div>').format(said, table)


def Changes(changes: Result, receipts: Receipts, build: Result) -> Markup:
    """Numbers of finished weeks and quarters that have changed since the page's Monday: was, now, when and
    why."""
    if not len(changes):
        return Markup()
    zone = build.one().time_zone
    rows = join(
        Markup(
            '<tr><th scope="row">{}<small>{},'
            " {}</small></th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>"
        ).format(
            row.label,
            row.section_label,
            row.period_label,
            *(
                (goal_of(row, "was"), goal_of(row, "now"))
                if row.kind == "rejudged"
                else (
                    number_text(row, "was"),
                    _linked(number_text(row, "now"), receipts.href(row.period_label, row.line_id), row.label),
                )
            ),
            changed_day(row, zone),
            Markup("<b>{}</b><small>{}</small>").format(KIND[row.kind], why(row)),
        )
        for row in changes
    )
    numbers = len({(row.line_id, row.period_start) for row in changes})
    return Markup(
        '<details class="card running" id="changes"{}><summary>{} of finished periods changed since'
        ' {}</summary><div class="scroll" tabindex="0" role="region" aria-label="Changed numbers"><table'
        ' class="plain"><thead><tr><th scope="col">Number</th><th scope="col">Was</th><th'
        ' scope="col">Is</th><th scope="col">Since</th><th'
        ' scope="col">Why</th></tr></thead><tbody>{}</tbody></table></div></details>'
    ).format(
        Markup(" open") if len(changes) <= _FEW else "",
        plural(numbers, "number"),
        changed_day(changes.rows[-1], zone),
        rows,
    )


__all__ = [
    "Attention", "BoardHead", "Changes", "DataNotes", "Headline", "LateSources", "Masthead", "QuarterSummary", "RunningWeek",
    "Sections", "StatusBar", "about", "lines_of",
]  # fmt: skip

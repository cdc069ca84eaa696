"""The index: every week with its counts."""

from __future__ import annotations

from markupsafe import Markup

from reports.components.basics import shape
from reports.engine.markup import join
from reports.engine.queries import Result
from reports.look.numbers import week_days
from reports.look.tokens import STATUS


def WeekList(weeks: Result) -> Markup:
    """One row per finished week: link to its page, its days, its counts, link to its receipts."""
    head = join(
        Markup('<th scope="col"{}>{}</th>').format(Markup(' class="n"') if i > 1 else "", name)
        for i, name in enumerate(("Week", "Days", "Met", "Near", "Below", "No data", "Records"))
    )
    rows = join(
        Markup(
            '<tr><th scope="row"><a href="scorecard/{0}.html">{0}</a></th><td>{1}</td>{2}<td'
            ' class="n">{3}</td></tr>'
        ).format(
            week.week_label,
            week_days(week.week_start),
            join(_count(status, week[status]) for status in ("met", "near", "below", "no_data")),
            Markup('<a href="receipts/{0}.html">receipts<span class="vh"> of {0}</span></a>').format(
                week.week_label
            ),
        )
        for week in weeks
    )
    return Markup(
        '<div class="card flush scroll" tabindex="0" role="region" aria-label="Weeks"><table class="plain'
        ' weeklist"><caption'
        ' class="vh">Weeks</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>'
    ).format(head, rows)


def _count(status: str, count: int) -> Markup:
    if not count:
        return Markup('<td class="n vs">0</td>')
    return Markup('<td class="n"><span class="cell">{}{}<span class="vh"> {}</span></span></td>').format(
        shape(status), count, STATUS[status].lower()
    )

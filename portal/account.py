"""One's own account: which mails somebody gets, and on which day."""

from __future__ import annotations

from typing import get_args

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse

from foundation.settings import ReportName
from foundation.store import begin, read
from foundation.store.audit import record
from foundation.store.subscriptions import choose_subscription, subscription_choice_of
from portal.web import Form, Signed, back_to
from reports.post.round import recipients

router = APIRouter(include_in_schema=False)
REPORTS = {
    "weekly_scorecard": "Weekly scorecard",
    "daily_digest": "Daily digest",
    "friday_preview": "Friday preview",
}
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@router.get("/account")
def account(visit: Signed, done: str = "") -> HTMLResponse:
    address = visit.who.address or ""
    with read(visit.portal.settings) as connection:
        choices = subscription_choice_of(connection, address)
    company = visit.portal.company
    reports = [
        (name, REPORTS[name], choices.get(name))
        for name in get_args(ReportName)
        if address in {one.lower() for one in recipients(company, name)}
    ]
    return visit.page(
        "account.html", title="Your account", current="account", reports=reports, days=DAYS, done=done
    )


@router.post("/account/subscriptions")
def subscribe(visit: Signed, form: Form) -> RedirectResponse:
    name, day = form.get("report", ""), form.get("weekday", "")
    if name not in REPORTS or visit.who.address is None or day not in ("", *map(str, range(7))):
        raise HTTPException(422, "Choose a report and a day of the list.")
    with begin(visit.portal.settings) as connection:
        wanted = form.get("wanted") == "yes"
        choose_subscription(
            connection,
            address=visit.who.address,
            report=name,
            wanted=wanted,
            weekday=int(day) if day else None,
            chosen_at=visit.now,
        )
        record(
            connection,
            at=visit.now,
            who=visit.who.who,
            action="chose_mail",
            subject=name,
            details={"wanted": wanted},
        )
    return back_to("/account", done="mail")

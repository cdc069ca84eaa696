"""`/api/v1`: typing numbers in."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from portal import typing_in
from portal.api.answers import (
    PROBLEMS,
    FormToken,
    IdempotencyKey,
    Noted,
    check_form,
    refusals,
)
from portal.web import Signed

router = APIRouter(prefix="/api/v1", responses=PROBLEMS, dependencies=[Noted])


class NewEntry(BaseModel):
    """A number to type in."""

    line_id: str = Field(max_length=200)
    person: str | None = Field(
        None, max_length=200, description="Of people.csv, where the line counts people."
    )
    week: str = Field(max_length=20, description="`2025-W43`; of a line that is kept by month, `2025-09`.")
    value: Decimal | Annotated[str, Field(max_length=60)]
    note: str | None = Field(None, max_length=500)
    reason: str | None = Field(None, max_length=500, description="Required if it replaces a number.")


class EntryOut(BaseModel):
    """A number that was typed in."""

    sequence: int
    line_id: str
    person: str | None
    week: str
    value: str
    note: str | None
    reason: str | None
    entered_at: datetime
    entered_by: str
    corrects: int | None


@router.post("/entries", status_code=201, tags=["Typing in"])
def add(
    visit: Signed,
    new: NewEntry,
    idempotency_key: IdempotencyKey,
    x_form_token: FormToken = "",
) -> EntryOut:
    """Type a number in. It is on the pages after the next build, usually within minutes.

    A program needs a role whose `types` lists the line.
    """
    check_form(visit, x_form_token)
    fields = {"line": new.line_id, "person": new.person or "", "period": new.week}
    field = typing_in.field_of(visit, fields)
    sent = {"note": new.note or "", "reason": new.reason or "", "key": idempotency_key}
    with refusals():
        (entry,) = typing_in.save_all(visit, [(field, str(new.value))], sent)
    return EntryOut(
        sequence=entry.sequence,
        line_id=entry.metric,
        person=entry.person,
        week=entry.period,
        value=f"{entry.value:f}",
        note=entry.note,
        reason=entry.reason,
        entered_at=entry.entered_at,
        entered_by=entry.entered_by,
        corrects=entry.corrects,
    )

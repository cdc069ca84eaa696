"""The drawings of messages in Slack and Teams, which fetch them without a sign-in: by a signed address that
expires."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Response

from portal.web import Anyone
from reports.post import pictures

router = APIRouter(include_in_schema=False)


@router.get("/picture/{name}.png")
def picture(visit: Anyone, name: str) -> Response:
    found = pictures.find(visit.portal.settings, name)
    if found is None:
        raise HTTPException(404)
    line_id, png = found
    # what has become confidential since the message is not shown any more
    if {line_id, line_id.partition(".")[0]} & set(visit.portal.company.access.confidential):
        raise HTTPException(404)
    headers = {"cache-control": "private, max-age=3600", "cross-origin-resource-policy": "cross-origin"}
    return Response(png, media_type="image/png", headers=headers)

"""Records of HubSpot on the wire."""

from __future__ import annotations

from typing import Any

from sandbox.engine.formats import hubspot_time
from sandbox.engine.store import ARCHIVED, Row, View
from sandbox.vendors.hubspot.catalogue import (
    ACTIVITY_DEFAULTS,
    ASSOCIATIONS_PER_ROW,
    DEFAULTS,
    OBJECTS,
    SINGULAR,
    TYPE_IDS,
    TYPES,
)


def known_properties(view: View, name: str) -> dict[str, str]:
    """Property name -> type, the account's own included."""
    custom = {
        str(row.id).split(".")[1]: row.props["type"]
        for row in view.table("hubspot.custom")
        if str(row.id).startswith(f"{name}.")
    }
    return TYPES[name] | custom


class Renderer:
    """Turns rows of one object into wire rows for one request."""

    def __init__(
        self, view: View, name: str, properties: list[str], history: list[str], associations: list[str]
    ) -> None:
        self.view, self.name, self.history, self.associations = view, name, history, associations
        self.known = known_properties(view, name)
        defaults = DEFAULTS.get(name, ACTIVITY_DEFAULTS)
        always = tuple(
            item
            for item in defaults
            if item in ("createdate", "hs_createdate", "hs_lastmodifieddate", "lastmodifieddate")
        )
        wanted = dict.fromkeys([*properties, *always]) if properties else dict.fromkeys(defaults)
        wanted.pop("hs_object_id", None)
        self.names = [item for item in wanted if item in self.known]
        # stage timings exist on records but are not in the property list
        self.unlisted = [
            item for item in wanted if item not in self.known and item.startswith("hs_v2_date_entered_")
        ]
        self.created = "hs_createdate" if "hs_createdate" in self.known else "createdate"
        self.modified = "lastmodifieddate" if name == "contacts" else "hs_lastmodifieddate"
        portal = next(iter(view.table("hubspot.account"))).props["portalId"]
        self.address = f"https://app.hubspot.com/contacts/{portal}/record/{OBJECTS[name]}/"

    def row(self, row: Row) -> dict[str, Any]:
        props = row.props
        get = props.get
        properties = {name: get(name) for name in self.names}
        for name in self.unlisted:
            if name in props:
                properties[name] = props[name]
        record_id = str(row.id)
        properties["hs_object_id"] = record_id
        out = {
            "id": record_id,
            "properties": properties,
            "createdAt": get(self.created),
            "updatedAt": get(self.modified),
            "archived": row.state == ARCHIVED,
            "url": self.address + record_id,
        }
        if row.state == ARCHIVED:
            out["archivedAt"] = hubspot_time(row.changed)
        if self.history:
            out["propertiesWithHistory"] = {
                name: self._history(row, name) for name in self.history if name in self.known
            }
        if self.associations and (associations := self._associations(row)):
            out["associations"] = associations
        return out

    def _history(self, row: Row, name: str) -> list[dict[str, Any]]:
        versions = self.view.store.versions(f"hubspot.{self.name}", row.id, self.view.at)
        entries = [
            {"value": version.props[name], "timestamp": hubspot_time(version.at), "sourceType": "CRM_UI"}
            for version in versions
            if name in version.props
        ]
        return entries[::-1]

    def _associations(self, row: Row) -> dict[str, Any]:
        found = {}
        for to in self.associations:
            ids = self.view.linked(f"hubspot.{self.name}", row, f"hubspot.{to}")
            if ids:
                found[to] = association_page(self.name, row.id, to, ids, 0, ASSOCIATIONS_PER_ROW)
        return found


def association_page(
    name: str, record_id: int, to: str, ids: tuple[int, ...], offset: int, limit: int
) -> dict[str, Any]:
    """One page of a row's associations in the v3 shape; a labelled association comes twice, with and without
    its label."""
    kind = f"{SINGULAR[name]}_to_{SINGULAR[to]}"
    labelled = TYPE_IDS.get((name, to), (0, None))[1] is not None
    results = []
    for target in ids[offset : offset + limit]:
        results.append({"id": str(target), "type": kind})
        if labelled:
            results.append({"id": str(target), "type": f"{kind}_unlabeled"})
    page: dict[str, Any] = {"results": results}
    if offset + limit < len(ids):
        link = f"https://api.hubapi.com/crm/v3/objects/{name}/{record_id}/associations/{to}?after={offset + limit}"
        page["paging"] = {"next": {"after": str(offset + limit), "link": link}}
    return page

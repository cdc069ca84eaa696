"""Datto's objects as rows: instants, sizes, backups and windows in one form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from dlt_pipelines.core.run import Run
from dlt_pipelines.core.values import instant
from dlt_pipelines.wire.paging import entries, expect

_UNITS = {"B": 0, "KB": 1, "MB": 2, "GB": 3, "TB": 4, "PB": 5}


def _moment(value: Any) -> Any:
    """An instant as `typed()` reads it. 0 is never; a text without a zone is UTC; anything else is left for
    `typed()` to complain about."""
    if value in (0, "0", "", None):
        return None
    if isinstance(value, str) and not value.isdigit():
        with suppress(ValueError):
            parsed = datetime.fromisoformat(value)
            return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).isoformat()
    return value


def _bytes(size: Any, warn: Callable[[str], None]) -> Any:
    """`{"size": 512, "units": "GB"}` in bytes."""
    if not isinstance(size, dict) or size.get("size") is None:
        return None
    unit = str(size.get("units", "B")).upper().replace("IB", "B")
    if unit not in _UNITS or not isinstance(size["size"], (int, float)):
        warn(f"datto_bcdr.devices: {str(size)[:80]} is not a valid size; stored as empty")
        return None
    return round(size["size"] * 1024 ** _UNITS[unit])


def device_row(run: Run, device: dict[str, Any]) -> dict[str, Any]:
    sizes = ("localStorageUsed", "localStorageAvailable", "offsiteStorageUsed")
    moments = ("lastSeenDate", "registrationDate", "servicePeriod", "warrantyExpire")
    return (
        device
        | {name: _bytes(device[name], run.warn) for name in sizes if name in device}
        | {name: _moment(device[name]) for name in moments if name in device}
    )


def asset_row(run: Run, asset: dict[str, Any]) -> dict[str, Any]:
    backups = entries(asset, "Datto BCDR assets", "backups") if asset.get("backups") is not None else []
    newest = backups[0] if backups else {}
    good = [
        b.get("timestamp")
        for b in backups
        if inner(b, "backup", "status") in run.company.datto_bcdr.good_statuses
    ]
    last = asset.get("lastSnapshot")
    moments = ("lastSnapshot", "latestOffsite", "lastScreenshotAttempt")
    return {
        **asset,
        **{name: _moment(asset.get(name)) for name in moments},
        "asset_key": str(asset.get("volume") or asset.get("assetId") or asset.get("name")),
        "never_backed_up": None if last is None else last in (0, "0"),
        # without a list of backups, a snapshot that exists is one that went well
        "last_good_backup": max((_moment(when) for when in good if when), key=_order, default=_moment(last)),
        "last_backup": _moment(newest.get("timestamp")),
        "last_backup_status": inner(newest, "backup", "status"),
        "last_backup_error": str(inner(newest, "backup", "errorMessage") or "")[:500] or None,
        "local_verification_status": inner(newest, "localVerification", "status"),
        "screenshot_status": inner(newest, "advancedVerification", "screenshotVerification", "status"),
    }


def _order(value: Any) -> datetime:
    try:
        return instant(value)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def inner(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def window_rows(customer: Any, item: Any) -> Iterator[dict[str, Any]]:
    """One row per application and window of its history; an application without history has one without
    window.

    Raises:
        Unexpected: the item has another shape.
    """
    what = "Datto SaaS applications"
    if str(expect(item, dict, what).get("customerId", customer)) != str(customer):
        return
    for suite in entries(item, what, "suites"):
        for app in entries(suite, what, "appTypes"):
            last = app.get("lastFullyProtectedTime")
            word = isinstance(last, str) and not last.isdigit() and _order(last).year == 1
            row = {
                "suiteType": suite.get("suiteType"),
                "appType": app.get("appType"),
                "uningestedServiceCount": app.get("uningestedServiceCount"),
                "last_fully_protected": None if word else _moment(last),
                "last_fully_protected_word": last if word else None,
            }
            for window in (
                entries(app, what, "backupHistory") if app.get("backupHistory") is not None else []
            ) or [{}]:
                ends = sorted(
                    (_moment(window.get(name)) for name in ("startTime", "endTime") if window.get(name)),
                    key=_order,
                )
                yield {
                    **window,
                    **row,
                    "window_begins": ends[0] if ends else None,
                    "window_ends": ends[-1] if ends else None,
                }


def seat_row(seat: dict[str, Any]) -> dict[str, Any]:
    billable = seat.get("billable")
    # "1", or "" (the portal's text says "0")
    return {
        **seat,
        "billable": None if billable is None else str(billable).lower() in ("1", "true"),
        "dateAdded": _moment(seat.get("dateAdded")),
    }

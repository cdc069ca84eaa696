"""How vendors write instants and amounts. The companies write records as they are on the wire, the vendors
what they add themselves."""

from __future__ import annotations

from decimal import Decimal

from sandbox.engine.store import from_ms


def autotask_time(ms: int) -> str:
    """A date-time as Autotask writes it: UTC with Z, zeros at the end of the fraction cut."""
    whole, milli = divmod(ms, 1000)
    text = from_ms(whole * 1000).isoformat()[:19]
    return f"{text}.{f'{milli:03d}'.rstrip('0')}Z" if milli else f"{text}Z"


def billcom_time(ms: int) -> str:
    """An instant as Bill.com writes it."""
    return from_ms(ms).isoformat(timespec="milliseconds")


def bcdr_time(ms: int) -> str:
    """An instant as BCDR writes it in texts."""
    return from_ms(ms - ms % 1000).isoformat()


def hubspot_time(ms: int) -> str:
    """A date-time as HubSpot writes it: UTC with Z, milliseconds only where there are any."""
    whole, milli = divmod(ms, 1000)
    text = from_ms(whole * 1000).isoformat()[:19]
    return f"{text}.{milli:03d}Z" if milli else f"{text}Z"


def smartlead_time(ms: int) -> str:
    """An instant as Smartlead writes it."""
    return from_ms(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def zendesk_time(ms: int) -> str:
    """An instant as Zendesk writes it: UTC with Z, to the second."""
    return f"{from_ms(ms // 1000 * 1000).isoformat()[:19]}Z"


def quickbooks_amount(amount: Decimal) -> int | float:
    """An amount as QuickBooks writes it: whole ones without a point."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)

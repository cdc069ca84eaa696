"""The vendors of the sandbox: a new one is one module with the names of `world.Vendor` and one entry here."""

from __future__ import annotations

from types import ModuleType
from typing import cast

from sandbox.engine.world import Vendor
from sandbox.vendors import (
    autotask,
    billcom,
    copper,
    datto_bcdr,
    datto_rmm,
    google_ads,
    hubspot,
    intercom,
    justcall,
    linkedin_ads,
    meta_ads,
    microsoft_graph,
    quickbooks,
    simplefin,
    smartlead,
    zendesk,
)

_MODULES: dict[str, ModuleType] = {
    "hubspot": hubspot,
    "autotask": autotask,
    "microsoft_graph": microsoft_graph,
    "copper": copper,
    "justcall": justcall,
    "smartlead": smartlead,
    "billcom": billcom,
    "zendesk": zendesk,
    "intercom": intercom,
    "google_ads": google_ads,
    "meta_ads": meta_ads,
    "linkedin_ads": linkedin_ads,
    "datto_rmm": datto_rmm,
    "datto_bcdr": datto_bcdr,
    "quickbooks": quickbooks,
    "simplefin": simplefin,
}
VENDORS: dict[str, Vendor] = {name: cast(Vendor, module) for name, module in _MODULES.items()}

SANDBOX_CREDENTIALS: dict[str, str] = {
    name: value for module in _MODULES.values() for name, value in module.CREDENTIALS.items()
}
"""Environment name -> value, for every vendor. Distinctive on purpose: search for them to see whether a
secret leaked."""

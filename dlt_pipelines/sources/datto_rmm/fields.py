"""The stored fields of Datto RMM's devices and sites."""

from __future__ import annotations

from dlt_pipelines.core.records import Fields

FIELDS: dict[str, Fields] = {
    "devices": {
        "snapshot_date": ("snapshot_date", "date"),
        "device_uid": ("uid", "text"),
        "device_id": ("id", "bigint"),
        "site_uid": ("siteUid", "text"),
        "site_id": ("siteId", "bigint"),
        "site_name": ("siteName", "text"),
        "hostname": ("hostname", "text"),
        "device_class": ("deviceClass", "text"),
        "category": ("deviceType.category", "text"),
        "device_type": ("deviceType.type", "text"),
        "operating_system": ("operatingSystem", "text"),
        "is_online": ("online", "bool"),
        "is_suspended": ("suspended", "bool"),
        "is_deleted": ("deleted", "bool"),
        "reboot_required": ("rebootRequired", "bool"),
        "last_seen": ("lastSeen", "timestamp"),
        "last_reboot": ("lastReboot", "timestamp"),
        "last_audit_date": ("lastAuditDate", "timestamp"),
        "creation_date": ("creationDate", "timestamp"),
        "warranty_date": ("warrantyDate", "date"),
        "antivirus_product": ("antivirus.antivirusProduct", "text"),
        "antivirus_status": ("antivirus.antivirusStatus", "text"),
        "patch_status": ("patchManagement.patchStatus", "text"),
        "patches_approved_pending": ("patchManagement.patchesApprovedPending", "bigint"),
        "patches_not_approved": ("patchManagement.patchesNotApproved", "bigint"),
        "patches_installed": ("patchManagement.patchesInstalled", "bigint"),
        "portal_url": ("portalUrl", "text"),
        "udf": ("udf", "text"),
    },
    "sites": {
        "snapshot_date": ("snapshot_date", "date"),
        "site_uid": ("uid", "text"),
        "site_id": ("id", "bigint"),
        "site_name": ("name", "text"),
        "description": ("description", "text"),
        "on_demand": ("onDemand", "bool"),
        "device_count": ("devicesStatus.numberOfDevices", "bigint"),
        "online_device_count": ("devicesStatus.numberOfOnlineDevices", "bigint"),
        "offline_device_count": ("devicesStatus.numberOfOfflineDevices", "bigint"),
        "autotask_company_id": ("autotaskCompanyId", "text"),
        "autotask_company_name": ("autotaskCompanyName", "text"),
    },
}
"""Table -> column -> (field on the wire, type). Addresses, users' names and remote-control links stay where
    they are."""

MAY_LACK = (
    "warranty_date",
    "portal_url",
    "udf",
    "description",
    "autotask_company_id",
    "autotask_company_name",
)

with devices as (
    select
        *,
        coalesce(operating_system, '') as system_name,
        lower(coalesce(category, '')) as kind
    from {{ source('raw_datto_rmm', 'devices') }}
)

select
    snapshot_date as snapshot_day,
    device_uid,
    device_id,
    site_uid,
    site_id,
    site_name as client_name,
    hostname,
    device_class,
    category,
    device_type as device_model,
    operating_system,
    last_seen as last_seen_at,
    last_reboot as last_reboot_at,
    last_audit_date as last_audit_at,
    creation_date as created_at,
    warranty_date as warranty_day,
    antivirus_product,
    antivirus_status,
    patch_status,
    portal_url,
    udf,
    {{ local_day('last_seen') }} as last_seen_day,
    case
        when system_name ilike '%windows server%' then 'Server'
        when system_name ilike '%windows 11%' then '11'
        when regexp_matches(system_name, '(?i)windows 10([^.]|$)') then '10'
        when system_name ilike '%windows 7%' then '7'
        when not system_name ilike '%windows%' then null
        -- only the kernel's version: 6.1 is 7, 10.0 from build 22000 on is 11
        when system_name like '%6.1.%' then '7'
        when try_cast(regexp_extract(system_name, '10\.0\.(\d+)', 1) as integer) >= 22000 then '11'
        when system_name like '%10.0.%' then '10'
    end as windows_version,
    {{ plausible('patches_not_approved', 'count') }} as patches_not_approved,
    {{ plausible('patches_installed', 'count') }} as patches_installed,
    {{ plausible('patches_approved_pending', 'count') }} as patches_approved_pending,
    {{ implausible_fields({
        'patches_not_approved': ('patches_not_approved', 'count'),
        'patches_installed': ('patches_installed', 'count'),
        'patches_approved_pending': ('patches_approved_pending', 'count')
    }) }} as implausible,
    kind in ('desktop', 'laptop', 'workstation') as is_workstation,
    kind = 'server' as is_server,
    -- null: the vendor does not tell the class
    device_class = 'device' as is_computer,
    -- null: the vendor does not tell the system
    nullif(trim(operating_system), '') ilike '%windows%' as is_windows,
    coalesce(is_online, false) as is_online,
    coalesce(is_suspended, false) as is_suspended,
    -- what is deleted moves to a site of the vendor
    coalesce(is_deleted, false) or coalesce(site_name = 'Deleted Devices', false) as is_deleted,
    coalesce(reboot_required, false) as is_reboot_required,
    patches_approved_pending is not null
    and coalesce(patch_status not in ('NoPolicy', 'NoData'), true) as has_patch_data
from devices

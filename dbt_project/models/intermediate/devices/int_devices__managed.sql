-- the computers under management, as of the last snapshot of each week, without printers and network devices
with days as (
    select
        snapshot_day,
        taken_at
    from {{ ref('int_sources__snapshot_days') }}
    where snapshot_table = 'datto_rmm.devices' and is_last_of_week
),

devices as (
    select
        devices.*,
        days.taken_at,
        false as is_snapshot
    from {{ ref('stg_datto_rmm__devices') }} as devices
    inner join days on devices.snapshot_day = days.snapshot_day
    where devices.is_computer is not false

    union all by name

    -- the snapshot itself, so that a day on which no device matched is a zero and not a blank
    select
        snapshot_day,
        taken_at,
        true as is_snapshot,
        strftime(snapshot_day, '%Y-%m-%d') as device_uid,
        'Snapshot' as hostname
    from days
)

select
    snapshot_day as occurred_on,
    windows_version,
    is_windows,
    patches_approved_pending as missing_patches,
    antivirus_product,
    -- switched off or detected without a state is not protection
    coalesce(antivirus_status in ('RunningAndUpToDate', 'RunningAndNotUpToDate'), false) as is_antivirus_running,
    coalesce(has_patch_data, false) as has_patch_data,
    -- without a list of the company's own products every product will do
    len({{ setting_list('datto_rmm.hosted_antivirus') }}) = 0
    or {{ in_setting('antivirus_product', 'datto_rmm.hosted_antivirus') }} as is_hosted_antivirus,
    case
        when is_snapshot then 'snapshot_taken'
        when is_deleted then 'deleted'
        when is_suspended then 'suspended'
        when
            not is_online
            and coalesce(
                last_seen_at < taken_at - to_days(cast({{ setting('datto_rmm.active_days', default='30') }} as integer)), true
            )
            then 'inactive'
        when is_computer is null then 'no_device_class'
    end as left_out_because,
    client_name,
    'datto_rmm' as source,
    case when is_snapshot then 'snapshot' else 'device' end as record_type,
    device_uid as record_id,
    portal_url as record_url,
    concat_ws(', ', coalesce(hostname, device_uid), client_name) as record_label
from devices

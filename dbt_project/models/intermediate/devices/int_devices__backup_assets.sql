-- the assets that backup devices protect, as of the last snapshot of each week
with days as (
    select
        snapshot_day,
        taken_at
    from {{ ref('int_sources__snapshot_days') }}
    where snapshot_table = 'datto_bcdr.assets' and is_last_of_week
)

select
    assets.snapshot_day as occurred_on,
    devices.service_plan,
    devices.client_name,
    assets.last_good_backup_at,
    date_diff('second', assets.last_good_backup_at, days.taken_at) / 3600.0 as hours_since_good_backup,
    case
        when devices.is_placeholder then 'placeholder'
        when devices.is_hidden then 'hidden_device'
        when not assets.is_loaded then 'not_loaded'
        when assets.is_archived then 'archived'
        when assets.is_paused then 'paused'
    end as left_out_because,
    'datto_bcdr' as source,
    'backup_asset' as record_type,
    assets.device_serial_number || ':' || assets.asset_key as record_id,
    cast(null as text) as record_url,
    concat_ws(
        ', ',
        coalesce(assets.asset_name, devices.device_name, assets.device_serial_number),
        devices.client_name,
        case
            when not assets.is_loaded then null
            when assets.last_good_backup_at is null then 'never backed up'
            else 'last good backup ' || {{ local_time_text(local_time('assets.last_good_backup_at')) }}
        end
    ) as record_label
from {{ ref('stg_datto_bcdr__assets') }} as assets
inner join days on assets.snapshot_day = days.snapshot_day
left join {{ ref('stg_datto_bcdr__devices') }} as devices
    on assets.snapshot_day = devices.snapshot_day and assets.device_serial_number = devices.device_serial_number

select
    snapshot_date as snapshot_day,
    site_uid,
    site_id,
    site_name as client_name,
    description,
    try_cast(autotask_company_id as bigint) as autotask_company_id,
    autotask_company_name,
    {{ plausible('device_count', 'count') }} as device_count,
    {{ plausible('online_device_count', 'count') }} as online_device_count,
    {{ plausible('offline_device_count', 'count') }} as offline_device_count,
    {{ implausible_fields({
        'device_count': ('device_count', 'count'),
        'online_device_count': ('online_device_count', 'count'),
        'offline_device_count': ('offline_device_count', 'count')
    }) }} as implausible,
    coalesce(on_demand, false) as is_on_demand,
    coalesce(site_name <> 'Deleted Devices', true) as is_client
from {{ source('raw_datto_rmm', 'sites') }}

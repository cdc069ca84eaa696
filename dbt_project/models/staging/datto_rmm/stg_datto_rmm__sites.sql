select
    snapshot_date as snapshot_day,
    site_uid,
    site_id,
    site_name as client_name,
    description,
    device_count,
    online_device_count,
    offline_device_count,
    try_cast(autotask_company_id as bigint) as autotask_company_id,
    autotask_company_name,
    coalesce(on_demand, false) as is_on_demand,
    coalesce(site_name <> 'Deleted Devices', true) as is_client
from {{ source('raw_datto_rmm', 'sites') }}

select
    snapshot_date as snapshot_day,
    customer_id,
    window_begins as window_begins_at,
    window_ends as window_ends_at,
    status as window_status,
    last_fully_protected as last_fully_protected_at,
    last_fully_protected_word,
    error as load_error,
    {{ plausible('total_services', 'count') }} as total_services,
    {{ plausible('active_services', 'count') }} as active_services,
    {{ plausible('services_with_backup', 'count') }} as services_with_backup,
    {{ plausible('services_with_perfect_backup', 'count') }} as services_with_perfect_backup,
    {{ plausible('uningested_services', 'count') }} as uningested_services,
    {{ implausible_fields({
        'total_services': ('total_services', 'count'),
        'active_services': ('active_services', 'count'),
        'services_with_backup': ('services_with_backup', 'count'),
        'services_with_perfect_backup': ('services_with_perfect_backup', 'count'),
        'uningested_services': ('uningested_services', 'count')
    }) }} as implausible,
    coalesce(suite_type, '') as suite_type,
    coalesce(app_type, '') as app_type,
    coalesce(time_window, '') as time_window,
    try_cast(regexp_extract(time_window, '(\d+)d', 1) as integer) as window_age_days,
    error is null as is_loaded
from {{ source('raw_datto_bcdr', 'saas_backups') }}

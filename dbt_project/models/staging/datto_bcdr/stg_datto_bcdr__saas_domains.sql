select
    snapshot_date as snapshot_day,
    customer_id,
    domain,
    organization_id,
    product_type,
    external_subscription_id,
    retention_type,
    backup_percentage,
    {{ plausible('seats_used', 'count') }} as seats_used,
    {{ plausible('active_services', 'count') }} as active_services,
    {{ plausible('services_with_recent_backup', 'count') }} as services_with_recent_backup,
    {{ implausible_fields({
        'seats_used': ('seats_used', 'count'),
        'active_services': ('active_services', 'count'),
        'services_with_recent_backup': ('services_with_recent_backup', 'count')
    }) }} as implausible,
    coalesce(organization_name, customer_name) as client_name
from {{ source('raw_datto_bcdr', 'saas_domains') }}

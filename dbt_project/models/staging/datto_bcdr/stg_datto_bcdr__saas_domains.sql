select
    snapshot_date as snapshot_day,
    customer_id,
    domain,
    organization_id,
    product_type,
    external_subscription_id,
    retention_type,
    seats_used,
    active_services,
    services_with_recent_backup,
    backup_percentage,
    coalesce(organization_name, customer_name) as client_name
from {{ source('raw_datto_bcdr', 'saas_domains') }}

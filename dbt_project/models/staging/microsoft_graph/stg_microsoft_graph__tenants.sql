select
    tenant,
    coalesce(tenant_id, tenant) as tenant_id,
    coalesce(name, tenant) as tenant_name,
    is_read,
    reason as not_read_because,
    newest_score_at
from {{ source('raw_microsoft_graph', 'tenants') }}

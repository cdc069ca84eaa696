select
    id as deal_id,
    dealname as deal_name,
    pipeline as pipeline_id,
    dealstage as stage_id,
    amount,
    mrr,
    deal_currency_code as currency,
    dealtype as deal_type,
    hubspot_owner_id as owner_id,
    closed_lost_reason,
    closedate as closed_at,
    updated_at,
    {{ local_day('closedate') }} as closed_day,
    coalesce(createdate, created_at) as created_at,
    {{ local_day('coalesce(createdate, created_at)') }} as created_day,
    {{ local_day('updated_at') }} as updated_day,
    coalesce(archived, false) as is_deleted
from {{ source('raw_hubspot', 'deals') }}

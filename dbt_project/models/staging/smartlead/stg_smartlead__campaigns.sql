select
    id as campaign_id,
    name as campaign_name,
    upper(status) as status,
    created_at,
    updated_at,
    max_leads_per_day,
    follow_up_percentage,
    parent_campaign_id,
    client_id,
    {{ local_day('created_at') }} as created_day,
    deleted_at is not null as is_deleted
from {{ source('raw_smartlead', 'campaigns') }}

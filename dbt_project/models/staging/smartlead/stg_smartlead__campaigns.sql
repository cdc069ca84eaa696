select
    id as campaign_id,
    name as campaign_name,
    upper(status) as status,
    created_at,
    updated_at,
    parent_campaign_id,
    client_id,
    {{ plausible('max_leads_per_day', 'count') }} as max_leads_per_day,
    {{ plausible('follow_up_percentage', 'percent') }} as follow_up_percentage,
    {{ implausible_fields({
        'max_leads_per_day': ('max_leads_per_day', 'count'),
        'follow_up_percentage': ('follow_up_percentage', 'percent')
    }) }} as implausible,
    {{ local_day('created_at') }} as created_day,
    deleted_at is not null as is_deleted
from {{ source('raw_smartlead', 'campaigns') }}

select
    'email_campaigns_sent' as metric_id,
    cast(null as text) as person_key,
    coalesce(published_day, planned_day, created_day) as occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when not is_published then 'not_sent'
        when no_campaign_because is not null then no_campaign_because
        when published_day is null then 'no_date'
    end as reason,
    {{ receipt() }}
from {{ ref('int_marketing__mails') }}

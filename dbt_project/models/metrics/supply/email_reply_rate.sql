select
    'email_reply_rate' as metric_id,
    person_key,
    sent_day as occurred_on,
    case when is_replied then 1 else 0 end as numerator,
    1 as denominator,
    case when reason is not null then reason when is_replied is null then 'not_tracked' end as reason,
    {{ receipt() }}
from {{ ref('int_outreach__responses') }}

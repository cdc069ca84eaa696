select
    'email_open_rate' as metric_id,
    cast(null as text) as person_key,
    sent_day as occurred_on,
    case when is_opened then 1 else 0 end as numerator,
    1 as denominator,
    case when is_bounced then 'bounced' end as reason,
    {{ receipt() }}
from {{ ref('int_outreach_emails') }}

select
    'emails_by_rep' as metric_id,
    person_key,
    sent_day as occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when sent_day is null then 'no_date'
        when is_incoming then 'incoming'
        when email_status in ('SCHEDULED', 'SENDING', 'FAILED') then 'not_sent'
        when email_status = 'BOUNCED' then 'bounced'
        when owner_id is null then 'no_owner'
    end as reason,
    {{ receipt() }}
from {{ ref('int_emails') }}

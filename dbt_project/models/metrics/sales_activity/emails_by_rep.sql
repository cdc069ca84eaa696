select
    'emails_by_rep' as metric_id,
    person_key,
    sent_day as occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when not_sent_because is not null then not_sent_because
        when sent_day is null then 'no_date'
        when owner_id is null then 'no_owner'
    end as reason,
    {{ receipt() }}
from {{ ref('int_hubspot__emails') }}

select
    'email_quantity' as metric_id,
    person_key,
    sent_day as occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when is_incoming then 'incoming'
        when is_ahead then 'not_yet'
        when account_id is null then 'no_rep'
        when is_incoming is null then 'no_direction'
    end as reason,
    {{ receipt() }}
from {{ ref('int_copper__emails') }}

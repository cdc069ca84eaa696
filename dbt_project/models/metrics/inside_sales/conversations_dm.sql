select
    'conversations_dm' as metric_id,
    person_key,
    call_day as occurred_on,
    -- a call that reaches two decision makers is two conversations, the second call to one of them that day is none
    greatest(first_conversations, 1) as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when call_day is null then 'no_date'
        when is_ahead then 'not_yet'
        when not is_connected then 'not_connected'
        when contacts = 0 then 'no_contact'
        when decision_makers = 0 then 'not_decision_maker'
        when owner_id is null then 'no_owner'
        when first_conversations = 0 then 'same_contact_same_day'
    end as reason,
    {{ receipt() }}
from {{ ref('int_hubspot__calls') }}

select
    'w250_conversations_dm' as metric_id,
    person_key,
    call_day as occurred_on,
    greatest(coalesce(listed_first_conversations, 0), 1) as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when call_day is null then 'no_date'
        when not is_connected then 'not_connected'
        when contacts = 0 then 'no_contact'
        when decision_makers = 0 then 'not_decision_maker'
        when owner_id is null then 'no_owner'
        when coalesce(listed_decision_makers, 0) = 0 then 'not_in_list'
        when coalesce(listed_first_conversations, 0) = 0 then 'same_contact_same_day'
    end as reason,
    {{ receipt() }}
from {{ ref('int_calls') }}
left join {{ ref('int_warm_list__calls') }} using (call_id)

with calls as (
    select
        calls.*,
        coalesce(listed.listed_decision_makers, 0) as listed_decision_makers,
        coalesce(listed.listed_first_conversations, 0) as listed_first_conversations
    from {{ ref('int_hubspot__calls') }} as calls
    left join {{ ref('int_hubspot__warm_list_calls') }} as listed on calls.call_id = listed.call_id
)

select
    'w250_conversations_dm' as metric_id,
    person_key,
    call_day as occurred_on,
    greatest(listed_first_conversations, 1) as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when call_day is null then 'no_date'
        when is_ahead then 'not_yet'
        when not is_connected then 'not_connected'
        when contacts = 0 then 'no_contact'
        when decision_makers = 0 then 'not_decision_maker'
        when owner_id is null then 'no_owner'
        when listed_decision_makers = 0 then 'not_in_list'
        when listed_first_conversations = 0 then 'same_contact_same_day'
    end as reason,
    {{ receipt() }}
from calls

with calls as (
    select
        calls.*,
        accounts.person_key,
        {{ in_setting('calls.outcome_id', 'hubspot.connected_outcomes') }} as is_connected
    from {{ ref('stg_hubspot__calls') }} as calls
    left join {{ ref('int_people__accounts') }} as accounts
        on accounts.source = 'hubspot' and calls.owner_id = accounts.account_id
),

per_call as (
    select
        call_id,
        count(*) as contacts,
        count(*) filter (where is_decision_maker) as decision_makers,
        count(*) filter (where is_decision_maker and is_first_of_day) as first_conversations
    from {{ ref('int_hubspot__call_contacts') }}
    group by call_id
)

select
    calls.call_id,
    calls.owner_id,
    calls.person_key,
    calls.direction,
    calls.called_at,
    calls.call_day,
    calls.is_connected,
    {{ lies_ahead('calls.called_at') }} as is_ahead,
    calls.is_deleted,
    coalesce(per_call.contacts, 0) as contacts,
    coalesce(per_call.decision_makers, 0) as decision_makers,
    coalesce(per_call.first_conversations, 0) as first_conversations,
    'hubspot' as source,
    'call' as record_type,
    calls.call_id as record_id,
    {{ hubspot_url('0-48', 'calls.call_id') }} as record_url,
    coalesce(nullif(trim(calls.title), ''), 'Call ' || calls.call_id) as record_label
from calls
left join per_call on calls.call_id = per_call.call_id

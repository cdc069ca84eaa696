with calls as (
    select
        calls.*,
        accounts.person_key,
        {{ in_setting('calls.outcome_id', 'hubspot.connected_outcomes') }} as is_connected
    from {{ ref('stg_hubspot__calls') }} as calls
    left join {{ ref('int_people__accounts') }} as accounts
        on accounts.source = 'hubspot' and calls.owner_id = accounts.account_id
),

reached as (
    select
        calls.call_id,
        coalesce(contacts.is_decision_maker, false) as is_decision_maker,
        memberships.contact_id is not null as is_listed,
        -- one conversation per owner, contact and local day: the first connected call is it
        calls.is_connected and not calls.is_deleted and calls.owner_id is not null
        and row_number() over (
            partition by calls.is_connected, calls.is_deleted, calls.owner_id, links.contact_id, calls.call_day
            order by calls.called_at, calls.call_id
        ) = 1 as is_first_of_day
    from calls
    inner join {{ ref('int_activities__contacts') }} as links on links.activity_type = 'call' and calls.call_id = links.activity_id
    left join {{ ref('int_contacts') }} as contacts on links.contact_id = contacts.contact_id
    left join {{ ref('int_warm_list__memberships') }} as memberships
        on
            links.contact_id = memberships.contact_id
            and calls.call_day >= memberships.from_day
            and calls.call_day < memberships.until_day
),

per_call as (
    select
        call_id,
        count(*) as contacts,
        count(*) filter (where is_listed) as listed_contacts,
        count(*) filter (where is_decision_maker) as decision_makers,
        count(*) filter (where is_decision_maker and is_listed) as listed_decision_makers,
        count(*) filter (where is_decision_maker and is_first_of_day) as first_conversations,
        count(*) filter (where is_decision_maker and is_listed and is_first_of_day) as listed_first_conversations
    from reached
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
    calls.is_deleted,
    coalesce(per_call.contacts, 0) as contacts,
    coalesce(per_call.listed_contacts, 0) as listed_contacts,
    coalesce(per_call.decision_makers, 0) as decision_makers,
    coalesce(per_call.listed_decision_makers, 0) as listed_decision_makers,
    coalesce(per_call.first_conversations, 0) as first_conversations,
    coalesce(per_call.listed_first_conversations, 0) as listed_first_conversations,
    'hubspot' as source,
    'call' as record_type,
    calls.call_id as record_id,
    {{ hubspot_url('0-48', 'calls.call_id') }} as record_url,
    coalesce(nullif(trim(calls.title), ''), 'Call ' || calls.call_id) as record_label
from calls
left join per_call on calls.call_id = per_call.call_id

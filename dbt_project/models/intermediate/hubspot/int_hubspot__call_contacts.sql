-- whom each call reached
with calls as (
    select
        *,
        {{ in_setting('outcome_id', 'hubspot.connected_outcomes') }} as is_connected
    from {{ ref('stg_hubspot__calls') }}
)

select
    calls.call_id,
    calls.call_day,
    links.contact_id,
    coalesce(contacts.is_decision_maker, false) as is_decision_maker,
    -- one conversation per owner, contact and local day: the first connected call is it
    calls.is_connected and not calls.is_deleted and calls.owner_id is not null
    and row_number() over (
        partition by calls.is_connected, calls.is_deleted, calls.owner_id, links.contact_id, calls.call_day
        order by calls.called_at, calls.call_id
    ) = 1 as is_first_of_day
from calls
inner join {{ ref('int_hubspot__activity_contacts') }} as links on links.activity_type = 'call' and calls.call_id = links.activity_id
left join {{ ref('int_hubspot__contacts') }} as contacts on links.contact_id = contacts.contact_id

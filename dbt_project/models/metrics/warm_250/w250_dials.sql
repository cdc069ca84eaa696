with calls as (
    select
        calls.*,
        coalesce(listed.listed_contacts, 0) as listed_contacts
    from {{ ref('int_hubspot__calls') }} as calls
    left join {{ ref('int_hubspot__warm_list_calls') }} as listed on calls.call_id = listed.call_id
)

select
    'w250_dials' as metric_id,
    person_key,
    call_day as occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when call_day is null then 'no_date'
        when is_ahead then 'not_yet'
        when direction is null then 'no_direction'
        when direction <> 'OUTBOUND' then 'inbound'
        when owner_id is null then 'no_owner'
        when listed_contacts = 0 then 'not_in_list'
    end as reason,
    {{ receipt() }}
from calls

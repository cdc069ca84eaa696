with meetings as (
    select
        meetings.*,
        listed.event_id is not null as is_listed
    from {{ ref('int_hubspot__meetings') }} as meetings
    left join {{ ref('int_hubspot__warm_list_meetings') }} as listed on meetings.event_id = listed.event_id
)

select
    'w250_ftas_set' as metric_id,
    person_key,
    created_day as occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when is_same_meeting then 'same_meeting'
        when created_day is null then 'no_date'
        when owner_id is null then 'no_owner'
        when is_reschedule then 'reschedule'
        when not is_listed then 'not_in_list'
    end as reason,
    {{ receipt() }}
from meetings
where is_first_appointment

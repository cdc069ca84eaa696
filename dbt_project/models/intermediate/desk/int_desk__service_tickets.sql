select
    tickets.ticket_id,
    tickets.opened_day,
    tickets.completed_day,
    -- a ticket that is known not to count needs no other answer
    case
        when tickets.is_deleted then 'deleted'
        when tickets.opened_day is null then 'no_date'
        when {{ lies_ahead('tickets.opened_at') }} then 'not_yet'
        when tickets.queue_id is null then 'no_queue'
        when not {{ in_setting('tickets.queue_id', 'autotask.reactive_queue_ids') }} then 'wrong_queue'
    end as not_opened_because,
    case
        when tickets.is_deleted then 'deleted'
        when tickets.queue_id is not null and not {{ in_setting('tickets.queue_id', 'autotask.reactive_queue_ids') }} then 'wrong_queue'
        when tickets.status_id is not null and not {{ in_setting('tickets.status_id', 'autotask.complete_status_ids') }} then 'not_complete'
        when {{ lies_ahead('tickets.completed_at') }} then 'not_yet'
        when tickets.queue_id is null then 'no_queue'
        when tickets.status_id is null then 'no_status'
    end as not_closed_because,
    -- a ticket that comes in after hours, at a weekend or on a holiday is one of the next business day
    case
        when
            days.is_business_day
            and cast(tickets.opened_local as time) < cast({{ setting('calendar.business_day_end', default='17:00:00') }} as time)
            then tickets.opened_day
        else coalesce(days.next_business_day, tickets.opened_day)
    end as opened_business_day,
    assigned.person_key as assigned_person_key,
    coalesce(completed.person_key, assigned.person_key) as completed_person_key,
    companies.company_name as client,
    'autotask' as source,
    'ticket' as record_type,
    cast(tickets.ticket_id as text) as record_id,
    {{ autotask_ticket_url('tickets.ticket_id') }} as record_url,
    concat_ws(' ', tickets.ticket_number, tickets.title) as record_label
from {{ ref('stg_autotask__tickets') }} as tickets
left join {{ ref('int_calendar__days') }} as days on tickets.opened_day = days.day
left join {{ ref('stg_autotask__companies') }} as companies on tickets.company_id = companies.company_id
left join {{ ref('int_people__accounts') }} as assigned
    on assigned.source = 'autotask' and cast(tickets.assigned_resource_id as text) = assigned.account_id
left join {{ ref('int_people__accounts') }} as completed
    on completed.source = 'autotask' and cast(tickets.completed_by_resource_id as text) = completed.account_id

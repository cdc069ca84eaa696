-- billable hours come from the time entries, the hours they are measured against from the calendar
select
    'utilization_available' as metric_id,
    person_key,
    work_day as occurred_on,
    hours_worked as numerator,
    0 as denominator,
    case
        when is_deleted then 'deleted'
        when work_day is null then 'no_date'
        when is_time_off then 'time_off'
        when no_hours_because is not null then no_hours_because
        when is_billable is null then 'no_billable_flag'
        when not is_billable then 'non_billable'
        -- nobody knows how many hours a resource outside people.csv has; their work alone would flatter the rate
        when person_key is null then 'no_person'
    end as reason,
    {{ receipt() }}
from {{ ref('int_hours__time_entries') }}

union all

select
    'utilization_available' as metric_id,
    person_key,
    work_day as occurred_on,
    0 as numerator,
    available_hours as denominator,
    cast(null as text) as reason,
    {{ receipt() }}
from {{ ref('int_hours__available_days') }}

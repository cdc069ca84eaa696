select
    'utilization' as metric_id,
    person_key,
    work_day as occurred_on,
    case when is_billable then hours_worked else 0 end as numerator,
    hours_worked as denominator,
    case
        when is_deleted then 'deleted'
        when work_day is null then 'no_date'
        when is_time_off then 'time_off'
        when no_hours_because is not null then no_hours_because
        when is_billable is null then 'no_billable_flag'
    end as reason,
    {{ receipt() }}
from {{ ref('int_hours__time_entries') }}

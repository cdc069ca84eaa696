-- the ticket in the middle of its week, or the two whose mean is the median
with tickets as (
    select
        * rename (reason as left_out_because),
        reason is null and first_reply_minutes is not null as is_answered,
        {{ week_start('created_day') }} as week_start
    from {{ ref('int_support__tickets') }}
),

ranked as (
    select
        *,
        row_number() over (partition by week_start, is_answered order by first_reply_minutes, source, record_id) as place,
        count(*) over (partition by week_start, is_answered) as n
    from tickets
)

select
    'median_ticket_response_hours' as metric_id,
    person_key,
    created_day as occurred_on,
    first_reply_minutes / 60.0 as numerator,
    1 as denominator,
    case
        when left_out_because is not null then left_out_because
        when not is_answered then 'unanswered'
        when 2 * place < n then 'faster_than_median'
        when 2 * place > n + 2 then 'slower_than_median'
    end as reason,
    {{ receipt() }}
from ranked

-- every answered ticket: which one is in the middle is decided among those of a line and its period
with tickets as (
    select * rename (reason as left_out_because)
    from {{ ref('int_desk__support_tickets') }}
)

select
    'median_ticket_response_hours' as metric_id,
    person_key,
    created_day as occurred_on,
    first_reply_minutes / 60.0 as numerator,
    1 as denominator,
    case
        when left_out_because is not null then left_out_because
        when is_reply_unknown then 'no_reply_time'
        when first_reply_minutes is null then 'unanswered'
    end as reason,
    {{ receipt() }}
from tickets

with tickets as (
    select * rename (reason as left_out_because)
    from {{ ref('int_desk__support_tickets') }}
)

select
    'avg_ticket_response_hours_business' as metric_id,
    person_key,
    created_day as occurred_on,
    first_reply_business_minutes / 60.0 as numerator,
    1 as denominator,
    case
        when left_out_because is not null then left_out_because
        when is_reply_unknown then 'no_reply_time'
        when is_unanswered then 'unanswered'
        when first_reply_business_minutes is null then 'no_business_hours'
    end as reason,
    {{ receipt() }}
from tickets

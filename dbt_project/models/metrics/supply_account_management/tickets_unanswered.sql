with tickets as (
    select * rename (reason as left_out_because)
    from {{ ref('int_desk__support_tickets') }}
)

select
    'tickets_unanswered' as metric_id,
    person_key,
    created_day as occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when left_out_because is not null then left_out_because
        when is_closed then 'closed_without_reply'
        when status is null then 'no_status'
        when is_reply_unknown then 'no_reply_time'
    end as reason,
    {{ receipt() }}
from tickets
-- of a closed ticket nobody waits for a reply, whether one went out or not
where is_unanswered or (is_reply_unknown and not is_closed)

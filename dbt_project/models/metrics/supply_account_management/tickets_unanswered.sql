with tickets as (
    select * rename (reason as left_out_because)
    from {{ ref('int_support__tickets') }}
)

select
    'tickets_unanswered' as metric_id,
    person_key,
    created_day as occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when left_out_because is not null then left_out_because
        when solved_at is not null then 'closed_without_reply'
    end as reason,
    {{ receipt() }}
from tickets
where is_unanswered

select
    'win_rate' as metric_id,
    person_key,
    closed_on as occurred_on,
    case when deal_state = 'won' then 1 else 0 end as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when not is_in_pipeline then 'other_pipeline'
        when is_disqualified then 'disqualified'
    end as reason,
    {{ receipt() }}
from {{ ref('int_hubspot__deals') }}
where deal_state <> 'open'

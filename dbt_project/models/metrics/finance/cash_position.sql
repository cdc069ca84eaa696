select
    'cash_position' as metric_id,
    cast(null as text) as person_key,
    occurred_on,
    coalesce(balance, 0) as numerator,
    1 as denominator,
    balance_at as true_at,
    reason,
    {{ receipt() }}
from {{ ref('int_finance__cash_balances') }}
-- without one of its accounts there is no sum: a week without a whole day has reasons only
where is_last_of_week or (is_last_of_unwhole_week and reason is not null)

union all

select
    'cash_position' as metric_id,
    cast(null as text) as person_key,
    occurred_on,
    0 as numerator,
    1 as denominator,
    cast(null as timestamptz) as true_at,
    reason,
    {{ receipt() }}
from {{ ref('int_finance__cash_complaints') }}
where is_last_of_week

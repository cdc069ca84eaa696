select
    'cash_position' as metric_id,
    cast(null as text) as person_key,
    occurred_on,
    coalesce(balance, 0) as numerator,
    1 as denominator,
    balance_at as true_at,
    reason,
    {{ receipt() }}
from {{ ref('int_cash_balances') }}
-- a sum without one of its accounts is no sum
where is_last_of_week

select
    period_key,
    label,
    sort_order,
    first_day,
    last_day,
    description,
    is_whole,
    now_first,
    now_last,
    now_until,
    then_first,
    then_last,
    then_until,
    comparison
from {{ ref('int_sales__periods') }}

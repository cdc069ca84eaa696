select
    period_key,
    label,
    sort_order,
    first_day,
    last_day,
    description,
    now_first,
    now_last,
    then_first,
    then_last,
    comparison
from {{ ref('int_sales__periods') }}

select
    snapshot_day,
    case when snapshot_day = {{ today() }} then snapshot_day else snapshot_day + 1 end as shown_day,
    snapshot_day = {{ today() }} as is_now,
    open_deals,
    cast(avg_deal as decimal(38, 9)) as avg_deal,
    cast(win_rate as decimal(38, 9)) as win_rate,
    cast(cycle_days as decimal(38, 9)) as cycle_days,
    cast(per_deal_day as decimal(38, 9)) as per_deal_day,
    cast(open_deals * per_deal_day as decimal(38, 9)) as per_day,
    basis
from {{ ref('int_sales__velocity') }}

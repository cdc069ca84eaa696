select
    days.snapshot_day,
    case when days.is_now then days.snapshot_day else days.snapshot_day + 1 end as shown_day,
    days.is_now,
    velocity.open_deals,
    cast(velocity.avg_deal as decimal(38, 9)) as avg_deal,
    cast(velocity.win_rate as decimal(38, 9)) as win_rate,
    cast(velocity.cycle_days as decimal(38, 9)) as cycle_days,
    cast(velocity.per_deal_day as decimal(38, 9)) as per_deal_day,
    cast(velocity.open_deals * velocity.per_deal_day as decimal(38, 9)) as per_day,
    velocity.basis,
    case
        when days.is_known then null
        when days.read_through is null then sources.source_label || ' was not read yet'
        else sources.source_label || ' was last read on ' || {{ local_time_text(local_time('days.read_through')) }}
    end as unknown_because
from {{ ref('int_crm__days') }} as days
inner join {{ ref('int_sources__states') }} as sources on days.source = sources.source
left join {{ ref('int_sales__velocity') }} as velocity on days.is_known and days.snapshot_day = velocity.snapshot_day
where days.kind = 'deals'

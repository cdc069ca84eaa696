-- the rows behind a figure at the last good snapshot of each week, and where there were none the snapshot itself
select
    days.snapshot_date,
    days.is_newest,
    figures.query_name,
    figures.category,
    figures.day,
    figures.value,
    case
        when list_contains(figures.implausible, 'value') then 'implausible_amount'
        when figures.value is null then 'no_number'
    end as reason,
    days.source,
    'figure' as record_type,
    -- rows have no key of their own: what they say, and which of several like it
    concat_ws(
        ':',
        figures.query_name,
        strftime(figures.day, '%Y-%m-%d'),
        figures.category,
        row_number() over (
            partition by days.query_name, days.snapshot_date, figures.day, figures.category order by figures.value, figures.row_number
        )
    ) as record_id,
    cast(null as text) as record_url,
    coalesce(
        nullif(concat_ws(', ', nullif(trim(figures.category), ''), {{ day_text('figures.day') }}), ''), figures.query_name
    ) as record_label
from {{ ref('int_figures__days') }} as days
inner join {{ ref('int_figures__rows') }} as figures
    on
        days.source = figures.source
        and days.query_name = figures.query_name
        and days.snapshot_date = figures.snapshot_date

union all

select
    snapshot_date,
    is_newest,
    query_name,
    cast(null as text) as category,
    cast(null as date) as day,
    0 as value,
    'nothing_returned' as reason,
    source,
    'snapshot' as record_type,
    query_name || ':' || strftime(snapshot_date, '%Y-%m-%d') as record_id,
    cast(null as text) as record_url,
    'Snapshot of ' || {{ day_text('snapshot_date') }} as record_label
from {{ ref('int_figures__days') }}
where row_count = 0

-- a number is typed for a line or for a metric; the newest entry per metric, person and week counts, older ones were corrected
with entries as (
    select
        entries.*,
        lines.line_id as typed_line_id,
        coalesce(lines.metric_id, entries.typed_metric) as metric_id
    from {{ ref('stg_manual__entries') }} as entries
    left join {{ ref('scorecard_lines') }} as lines on entries.typed_metric = lines.line_id
),

ranked as (
    select
        *,
        row_number() over (
            partition by metric_id, typed_line_id, person_key, week_start
            order by entered_at desc, file = 'portal' desc, file desc, line desc
        ) as recency
    from entries
)

select
    metric_id,
    typed_line_id,
    nullif(trim(person_key), '') as person_key,
    -- the week is what was asked for; a day outside it would move the number to another week
    case when {{ week_start('occurred_on') }} = week_start then occurred_on else week_start end as occurred_on,
    coalesce(value, 0) as numerator,
    1 as denominator,
    case
        when recency > 1 then 'corrected'
        when list_contains(implausible, 'value') then 'implausible_amount'
    end as reason,
    entered_at,
    'manual' as source,
    'manual_entry' as record_type,
    file || ':' || line as record_id,
    cast(null as text) as record_url,
    -- in the receipts: what was said, who typed it, when and where
    concat_ws(
        ', ',
        nullif(trim(note), ''),
        'corrected: ' || nullif(trim(correction_reason), ''),
        'typed' || coalesce(' by ' || entered_by, '') || ' on ' || strftime({{ local_time('entered_at') }}, '%Y-%m-%d %H:%M') || ' ' || via
    ) as record_label
from ranked

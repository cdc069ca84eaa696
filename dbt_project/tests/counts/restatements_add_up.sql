-- the records that made the difference make exactly the difference. It warns: the number itself has its own tests, and a history that
-- was cut off (a snapshot that somebody dropped) must not hold back today's scorecard
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'fct_restatements'}}}) }}

with records as (
    select
        line_id,
        period_start,
        changed_at,
        sum(coalesce(numerator_now, 0) - coalesce(numerator_was, 0)) as numerator,
        sum(coalesce(denominator_now, 0) - coalesce(denominator_was, 0)) as denominator
    from {{ ref('fct_restatement_records') }}
    group by line_id, period_start, changed_at
)

select
    changes.line_id,
    changes.period_start,
    changes.changed_at,
    changes.numerator_now - changes.numerator_was as numerator_difference,
    records.numerator
from {{ ref('fct_restatements') }} as changes
inner join {{ ref('dim_lines') }} as lines on changes.line_id = lines.line_id
left join records
    on
        changes.line_id = records.line_id
        and changes.period_start = records.period_start
        and changes.changed_at = records.changed_at
where
    changes.kind = 'restated'
    and (
        lines.aggregation in ('sum', 'ratio', 'mean') and changes.numerator_now - changes.numerator_was <> coalesce(records.numerator, 0)
        or lines.aggregation in ('ratio', 'mean') and changes.denominator_now - changes.denominator_was <> coalesce(records.denominator, 0)
    )

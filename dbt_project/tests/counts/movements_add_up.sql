{{ config(meta={'dagster': {'ref': {'name': 'fct_movement_parts'}}}) }}

-- for every way of splitting, the parts are the difference between the two numbers, to the last digit
with values_of_lines as (
    select
        line_id,
        period_start,
        {{ quotient('numerator', 'denominator') }} as value,
        lag({{ quotient('numerator', 'denominator') }}) over (partition by line_id order by period_start) as previous_value
    from {{ ref('int_scorecard__line_periods') }}
),

sums as (
    select
        line_id,
        period_start,
        kind,
        sum(effect) as effect,
        sum(mix_effect + rate_effect) as mix_and_rate
    from {{ ref('fct_movement_parts') }}
    group by line_id, period_start, kind
)

select
    sums.*,
    values_of_lines.value - values_of_lines.previous_value as change
from sums
left join values_of_lines on sums.line_id = values_of_lines.line_id and sums.period_start = values_of_lines.period_start
where
    sums.effect is distinct from values_of_lines.value - values_of_lines.previous_value
    or sums.effect <> sums.mix_and_rate

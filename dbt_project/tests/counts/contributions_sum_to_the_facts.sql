{{ config(meta={'dagster': {'ref': {'name': 'fct_scorecard_weekly'}}}) }}

-- the receipts of a number add up to it, for every line and every week, month or quarter
with receipts as (
    select
        line_id,
        period_start,
        sum(numerator) as numerator,
        sum(denominator) as denominator,
        count(*) as n
    from {{ ref('fct_contributions') }}
    where counted
    group by line_id, period_start
),

facts as (
    select
        line_id,
        week_start as period_start,
        numerator,
        denominator,
        value,
        n
    from {{ ref('fct_scorecard_weekly') }}

    union all

    select
        line_id,
        month_start as period_start,
        numerator,
        denominator,
        value,
        n
    from {{ ref('fct_scorecard_monthly') }}

    union all

    select
        line_id,
        quarter_start as period_start,
        value as numerator,
        1 as denominator,
        value,
        n
    from {{ ref('fct_scorecard_quarterly') }}
)

select
    coalesce(facts.line_id, receipts.line_id) as line_id,
    coalesce(facts.period_start, receipts.period_start) as period_start,
    facts.n,
    receipts.n as receipts_n,
    facts.numerator,
    receipts.numerator as receipts_numerator,
    facts.denominator,
    receipts.denominator as receipts_denominator
from facts
full join receipts on facts.line_id = receipts.line_id and facts.period_start = receipts.period_start
left join {{ ref('dim_lines') }} as lines on lines.line_id = coalesce(facts.line_id, receipts.line_id)
where
    coalesce(facts.n, 0) <> coalesce(receipts.n, 0)
    -- a period that is not covered shows a blank, whatever its few records say
    or (
        facts.value is not null
        and lines.aggregation not in ('last', 'last_ratio')
        and (
            -- ratios of quarterly lines are only told as value
            (lines.cadence <> 'quarter' or lines.aggregation = 'sum') and facts.numerator <> coalesce(receipts.numerator, 0)
            or lines.cadence <> 'quarter' and lines.aggregation <> 'sum' and facts.denominator <> coalesce(receipts.denominator, 0)
        )
    )

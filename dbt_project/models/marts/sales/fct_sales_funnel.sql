-- the funnel by cohort: of those who entered a stage in a span of time, how many went on, are still there or were dropped, by now
with cohorts as (
    select
        'all' as cohort,
        'All time' as cohort_label,
        date '0001-01-01' as first_day,
        {{ today() }} as last_day

    union all

    select
        'last_12_months' as cohort,
        'Last 12 months' as cohort_label,
        {{ year_before(today()) }} as first_day,
        {{ today() }} as last_day

    union all

    select distinct
        cast(year(entered_on) as text) as cohort,
        'Entered in ' || year(entered_on) as cohort_label,
        cast(date_trunc('year', entered_on) as date) as first_day,
        cast(date_trunc('year', entered_on) + interval 1 year - interval 1 day as date) as last_day
    from {{ ref('int_sales__funnel_entries') }}
    where entered_on <= {{ today() }}
),

counted as (
    select
        cohorts.cohort,
        any_value(cohorts.cohort_label) as cohort_label,
        entries.step_order,
        any_value(entries.stage) as stage,
        count(*) as entered,
        count(*) filter (where entries.is_passed) as passed,
        count(*) filter (where not entries.is_passed and entries.is_dropped) as dropped,
        median(entries.passed_on - entries.entered_on) filter (where entries.passed_on >= entries.entered_on) as median_days
    from {{ ref('int_sales__funnel_entries') }} as entries
    inner join cohorts on entries.entered_on between cohorts.first_day and cohorts.last_day
    group by cohorts.cohort, entries.step_order
)

select
    cohort,
    cohort_label,
    step_order,
    stage,
    case stage
        when 'lead' then 'Lead'
        when 'mql' then 'MQL'
        when 'sql' then 'SQL'
        when 'opportunity' then 'Opportunity'
        else 'Customer'
    end as stage_label,
    entered,
    case when stage <> 'customer' then passed end as passed,
    case when stage <> 'customer' then entered - passed - dropped end as still_open,
    case when stage <> 'customer' then dropped end as dropped,
    cast(case when stage <> 'customer' then passed / entered end as decimal(38, 9)) as conversion,
    cast(case when stage <> 'customer' then (entered - dropped) / entered end as decimal(38, 9)) as conversion_at_most,
    cast(median_days as decimal(38, 9)) as median_days
from counted

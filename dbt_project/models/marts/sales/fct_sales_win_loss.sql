-- won and lost by reason, source and owner; disqualified deals are neither
with cohorts as (
    select
        'all' as cohort,
        'All time' as cohort_label,
        date '0001-01-01' as first_day

    union all

    select
        'last_12_months' as cohort,
        'Last 12 months' as cohort_label,
        {{ year_before(today()) }} as first_day
),

closed as (
    select
        cohorts.cohort,
        cohorts.cohort_label,
        deals.*
    from {{ ref('fct_sales_deals') }} as deals
    inner join cohorts on deals.closed_on >= cohorts.first_day
    where deals.deal_state in ('won', 'lost') and coalesce(deals.left_out_reason, '') not in ('deleted', 'disqualified')
),

cut as (
    {% for dimension, name, condition in [
        ('reason', 'lost_reason', "deal_state = 'lost'"),
        ('source', 'original_source', 'true'),
        ('owner', "owner_name", 'true'),
    ] -%}
    select
        cohort,
        any_value(cohort_label) as cohort_label,
        '{{ dimension }}' as dimension,
        {{ name }} as name,
        count(*) filter (where deal_state = 'won') as won,
        count(*) filter (where deal_state = 'lost') as lost,
        -- null where none of them has an amount that can be added
        if(won > 0, sum(amount) filter (where deal_state = 'won' and not is_other_currency), 0) as won_value,
        if(lost > 0, sum(amount) filter (where deal_state = 'lost' and not is_other_currency), 0) as lost_value
    from closed
    where {{ condition }}
    group by cohort, {{ name }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    cohort,
    cohort_label,
    dimension,
    cast(row_number() over (partition by cohort, dimension order by won + lost desc, name) as bigint) as sort_order,
    name,
    won,
    lost,
    cast(case when dimension <> 'reason' then won / (won + lost) end as decimal(38, 9)) as win_rate,
    cast(won_value as decimal(38, 9)) as won_value,
    cast(lost_value as decimal(38, 9)) as lost_value
from cut

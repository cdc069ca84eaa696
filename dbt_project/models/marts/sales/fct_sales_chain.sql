-- what the target asks of every stage before it: target ÷ average deal ÷ win rate ÷ the rates of the funnel. Decimals are carried from
-- step to step; only what is shown is a whole number, rounded up
with now as (
    select snapshot_day as day
    from {{ ref('int_crm__days') }}
    where kind = 'deals' and is_now
),

recent as (
    select
        any_value(now.day) as until_day,
        sum(events.numerator) filter (where events.measure = 'avg_deal') as won_value,
        count(*) filter (where events.measure = 'avg_deal') as won_with_amount,
        sum(events.numerator) filter (where events.measure = 'win_rate') as won,
        count(*) filter (where events.measure = 'win_rate') as closed
    from now
    left join {{ ref('int_sales__events') }} as events on events.day between {{ year_before('now.day') }} and now.day
),

rates as (
    select
        cast(recent.won_value / nullif(recent.won_with_amount, 0) as decimal(38, 12)) as avg_deal,
        cast(recent.won / nullif(recent.closed, 0) as decimal(38, 12)) as win_rate,
        cast(max(funnel.passed / funnel.entered) filter (where funnel.stage = 'sql') as decimal(38, 12)) as sql_rate,
        cast(max(funnel.passed / funnel.entered) filter (where funnel.stage = 'mql') as decimal(38, 12)) as mql_rate,
        cast(max(funnel.passed / funnel.entered) filter (where funnel.stage = 'lead') as decimal(38, 12)) as lead_rate,
        any_value(recent.won_with_amount) as won_with_amount,
        any_value({{ plain_number('recent.won') }}) as won,
        any_value(recent.closed) as closed,
        any_value(recent.until_day) as until_day,
        max(format('{:,} of {:,}', funnel.passed, funnel.entered)) filter (where funnel.stage = 'sql') as sql_basis,
        max(format('{:,} of {:,}', funnel.passed, funnel.entered)) filter (where funnel.stage = 'mql') as mql_basis,
        max(format('{:,} of {:,}', funnel.passed, funnel.entered)) filter (where funnel.stage = 'lead') as lead_basis
    from recent
    left join {{ ref('fct_sales_funnel') }} as funnel on funnel.cohort = 'all'
    group by recent.won_value, recent.won_with_amount, recent.won, recent.closed
),

-- doubles carry what decimals of 38 digits would cut when they are divided five times
steps as (
    {% set until_text = day_text('rates.until_day') -%}
    {% set span_words = "' won, 12 months to ' || " ~ until_text -%}
    {% set formula = ['targets.target'] -%}
    {% for step, label, rate, rate_label, basis, measure in [
        ('revenue', 'Revenue', none, none, "'the goal of ' || targets.span_label", 'won_value'),
        ('deals', 'Deals won', 'avg_deal', 'average deal', "won_with_amount || " ~ span_words, 'deals_won'),
        ('opportunities', 'Opportunities', 'win_rate', 'win rate', "won || ' of ' || closed || ' closed, 12 months to ' || " ~ until_text, 'deals_created'),
        ('sqls', 'SQL', 'sql_rate', 'SQL to opportunity', "sql_basis || ' that ever entered'", 'sqls'),
        ('mqls', 'MQL', 'mql_rate', 'MQL to SQL', "mql_basis || ' that ever entered'", 'mqls'),
        ('leads', 'Leads', 'lead_rate', 'lead to MQL', "lead_basis || ' that ever entered'", 'leads'),
    ] -%}
    {% if rate -%}{% do formula.append('nullif(cast(rates.' ~ rate ~ ' as double), 0)') -%}{% endif -%}
    select
        targets.span,
        targets.sort_order,
        targets.first_day,
        targets.last_day,
        cast({{ loop.index0 }} as bigint) as step_order,
        '{{ step }}' as step,
        '{{ label }}' as label,
        {{ 'rates.' ~ rate if rate else 'cast(null as decimal(38, 12))' }} as rate,
        {{ "'" ~ rate_label ~ "'" if rate_label else 'cast(null as text)' }} as rate_label,
        {{ basis }} as basis,
        cast({{ formula | join(' / ') }} as double) as needed,
        '{{ measure }}' as measure
    from {{ ref('fct_sales_targets') }} as targets
    cross join rates
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

actual as (
    select
        targets.span,
        events.measure,
        sum(events.numerator) as actual
    from {{ ref('fct_sales_targets') }} as targets
    inner join {{ ref('int_sales__events') }} as events on events.day between targets.first_day and targets.last_day
    group by targets.span, events.measure
),

read as (
    {% for names, model in [
        (['won_value', 'deals_won', 'deals_created'], 'int_crm__deals'),
        (['sqls', 'mqls', 'leads'], 'int_crm__contacts'),
    ] -%}
    select
        unnest({{ names }}) as measure,
        {{ read_state() }}
    {{ tables_needed([model]) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    steps.span,
    steps.sort_order,
    steps.step_order,
    steps.step,
    steps.label,
    cast(steps.rate as decimal(38, 12)) as rate,
    steps.rate_label,
    steps.basis,
    cast(steps.needed as decimal(38, 9)) as needed,
    -- a hair above a whole number that only the division left there is none
    cast(ceil(round(steps.needed, 6)) as bigint) as shown,
    -- 0 in a span that was not read to its end is unknown
    cast(
        case when actual.actual > 0 or not {{ ends_after_reading('steps', 'read') }} then coalesce(actual.actual, 0) end as decimal(38, 9)
    ) as actual
from steps
inner join read on steps.measure = read.measure
left join actual on steps.span = actual.span and steps.measure = actual.measure

-- every measure of the sales pages for every filter: period and owner. Sums and shares come from the events of the period's days;
-- pipeline and contacts are as of the period's last day
{% set without_amount %}without an amount in ' || {{ setting('company.currency') }} || '{% endset -%}
with summed as (
    select
        events.measure,
        spans.period_key,
        spans.part,
        coalesce(events.owner_key, 'all') as owner_key,
        sum(events.numerator) as numerator,
        cast(count(*) as decimal(38, 9)) as records,
        -- a median keeps every value in memory: of the one measure that has one
        median(events.numerator) filter (where events.measure = 'sales_cycle_days') as median
    from {{ ref('int_sales__events') }} as events
    inner join {{ ref('int_sales__spans') }} as spans
        on events.day between spans.first_day and spans.last_day and events.local_at < spans.until
    group by grouping sets (
        (events.measure, spans.period_key, spans.part, events.owner_key), (events.measure, spans.period_key, spans.part)
    )
),

open_deals as (
    select
        spans.period_key,
        spans.part,
        owners.shown_key as owner_key,
        case when not deals.is_other_currency then states.amount end as amount,
        case when not deals.is_other_currency then states.amount * stages.probability end as weighted
    from {{ ref('int_sales__spans') }} as spans
    inner join {{ ref('int_crm__deals') }} as deals
        on spans.last_day >= deals.opened_on and not deals.is_deleted
    inner join {{ ref('int_crm__deal_spans') }} as states
        on
            deals.deal_id = states.deal_id and spans.last_day >= states.from_day and spans.last_day < states.until_day
            and states.is_in_pipeline and states.deal_state = 'open'
    left join {{ ref('int_crm__stages') }} as stages on states.pipeline_id = stages.pipeline_id and states.stage_id = stages.stage_id
    left join {{ ref('int_crm__owners') }} as accounts on deals.source = accounts.source and states.owner_id = accounts.owner_id
    inner join {{ ref('int_sales__owners') }} as owners
        on coalesce(accounts.owner_key, deals.source || ':' || nullif(states.owner_id, ''), 'nobody') = owners.owner_key
),

pipeline as (
    select
        period_key,
        part,
        coalesce(owner_key, 'all') as owner_key,
        count(*) as open_deals,
        count(*) filter (where amount is null) as without_amount,
        -- null where none of them has an amount that can be added
        sum(amount) as pipeline_value,
        sum(weighted) as pipeline_weighted
    from open_deals
    group by grouping sets ((period_key, part, owner_key), (period_key, part))
),

held as (
    {% for measure, model in [('contacts', 'int_crm__contacts'), ('companies', 'int_crm__companies')] -%}
    select
        '{{ measure }}' as measure,
        spans.period_key,
        spans.part,
        coalesce(owners.shown_key, 'all') as owner_key,
        cast(count(*) as decimal(38, 9)) as numerator
    from {{ ref(model) }} as records
    inner join {{ ref('int_sales__owners') }} as owners on records.owner_key = owners.owner_key
    -- one without a day of creation was always there
    inner join {{ ref('int_sales__spans') }} as spans on coalesce(records.created_day, date '0001-01-01') <= spans.last_day
    where not records.is_deleted
    group by grouping sets ((spans.period_key, spans.part, owners.shown_key), (spans.period_key, spans.part))

    union all

    {% endfor -%}
    -- the CRM only says how many there are now: a year ago is unknown, and they belong to nobody
    {% for measure, models in [
        ('owners', {'hubspot': ('stg_hubspot__owners', 'not is_archived'), 'copper': ('stg_copper__users', 'is_current')}),
        ('pipelines', {'hubspot': ('stg_hubspot__deal_pipelines', 'true'), 'copper': ('stg_copper__pipelines', 'true')}),
    ] -%}
    select
        '{{ measure }}' as measure,
        spans.period_key,
        spans.part,
        'all' as owner_key,
        cast(
            case crm.source
                {% for source, (model, condition) in models.items() -%}
                when '{{ source }}' then (select count(*) filter ({{ condition }}) from {{ ref(model) }})
                {% endfor -%}
            end as decimal(38, 9)
        ) as numerator
    from {{ ref('int_sales__spans') }} as spans
    cross join {{ ref('int_crm__chosen') }} as crm
    where spans.part <> 'then'
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

valued as (
    select
        spans.period_key,
        spans.part,
        owners.owner_key,
        measures.*,
        cast(
            case measures.measure
                when 'pipeline_value' then if(pipeline.open_deals > 0, pipeline.pipeline_value, 0)
                when 'pipeline_weighted' then if(pipeline.open_deals > 0, pipeline.pipeline_weighted, 0)
                when 'won_value' then if(wins.records > 0, summed.numerator, 0)
                when 'open_deals' then coalesce(pipeline.open_deals, 0)
                when 'contacts' then coalesce(held.numerator, 0)
                when 'companies' then coalesce(held.numerator, 0)
                when 'owners' then held.numerator
                when 'pipelines' then held.numerator
                when 'sales_cycle_median' then cycles.median
                else coalesce(summed.numerator, 0)
            end as decimal(38, 9)
        ) as numerator,
        cast(case measures.kind when 'share' then coalesce(summed.records, 0) else 1 end as decimal(38, 9)) as denominator,
        coalesce(
            if(measures.measure in ('won_value', 'avg_deal'), wins.records - coalesce(summed.records, 0), pipeline.without_amount), 0
        ) as without_amount,
        cast(coalesce(unfit.records, 0) as bigint) as disqualified
    from {{ ref('int_sales__spans') }} as spans
    cross join {{ ref('dim_sales_owners') }} as owners
    cross join {{ ref('sales_measures') }} as measures
    left join summed
        on
            measures.measure = summed.measure and spans.period_key = summed.period_key and spans.part = summed.part
            and owners.owner_key = summed.owner_key
    left join summed as cycles
        on
            measures.measure = 'sales_cycle_median' and cycles.measure = 'sales_cycle_days' and spans.period_key = cycles.period_key
            and spans.part = cycles.part and owners.owner_key = cycles.owner_key
    left join summed as wins
        on
            measures.measure in ('won_value', 'avg_deal') and wins.measure = 'deals_won' and spans.period_key = wins.period_key
            and spans.part = wins.part and owners.owner_key = wins.owner_key
    left join summed as unfit
        on
            measures.measure = 'deals_lost' and unfit.measure = 'deals_disqualified' and spans.period_key = unfit.period_key
            and spans.part = unfit.part and owners.owner_key = unfit.owner_key
    left join pipeline
        on spans.period_key = pipeline.period_key and spans.part = pipeline.part and owners.owner_key = pipeline.owner_key
    left join held
        on
            measures.measure = held.measure and spans.period_key = held.period_key and spans.part = held.part
            and owners.owner_key = held.owner_key
),

-- up to when the tables of each measure were read
read as (
    {% for names, models in [
        (['win_rate', 'avg_deal', 'won_value', 'deals_won', 'deals_lost', 'deals_created', 'sales_cycle_days', 'sales_cycle_median'],
            ['int_crm__deals']),
        (['pipeline_value', 'pipeline_weighted', 'open_deals'], ['int_crm__deal_spans']),
        (['contacts', 'new_contacts', 'leads', 'mqls', 'sqls', 'web_visits', 'form_fills'], ['int_crm__contacts']),
        (['companies'], ['int_crm__companies']),
        (['activities'], [
            'stg_hubspot__calls', 'stg_hubspot__meetings', 'stg_hubspot__tasks', 'stg_hubspot__notes', 'stg_copper__activities'
        ]),
        (['emails'], ['stg_hubspot__emails', 'stg_copper__activities']),
        (['owners'], ['stg_hubspot__owners', 'stg_copper__users']),
        (['pipelines'], ['stg_hubspot__deal_pipelines', 'stg_copper__pipelines']),
    ] -%}
    select
        unnest({{ names }}) as measure,
        {{ read_state() }}
    {{ tables_needed(models) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

of_the_period as (
    select
        valued.*,
        coalesce(read.is_unread, false) as is_unread,
        read.read_through,
        -- the span ends after what was read
        {{ ends_after_reading('spans', 'read') }} as is_beyond,
        -- 0 in a span that was not read to its end is unknown
        case
            when not coalesce(read.is_unread, false) and not (is_beyond and valued.numerator = 0)
                then cast(valued.numerator / nullif(valued.denominator, 0) as decimal(38, 9))
        end as value
    from valued
    inner join {{ ref('int_sales__spans') }} as spans on valued.period_key = spans.period_key and valued.part = spans.part
    left join read on valued.measure = read.measure
),

together as (
    select
        period_key,
        owner_key,
        measure,
        any_value(label) as label,
        any_value(unit) as unit,
        any_value(direction) as direction,
        any_value(sort_order) as sort_order,
        any_value(is_headline) as is_headline,
        any_value(metric_id) as metric_id,
        any_value(kind) as kind,
        max(numerator) filter (where part = 'period' and not is_unread and not (is_beyond and numerator = 0)) as numerator,
        max(denominator) filter (where part = 'period') as denominator,
        max(value) filter (where part = 'period') as value,
        max(value) filter (where part = 'now') as now_value,
        max(value) filter (where part = 'then') as then_value,
        bool_or(is_unread) as is_unread,
        coalesce(bool_or(is_beyond) filter (where part = 'period'), false) as is_beyond,
        coalesce(bool_or(is_beyond) filter (where part = 'now'), false) as is_now_beyond,
        'read to ' || {{ local_time_text(local_time('max(read_through)')) }} as read_note,
        case when not bool_or(is_unread) then max(read_through) end as read_through,
        max(without_amount) filter (where part = 'period') as without_amount,
        max(disqualified) filter (where part = 'period') as disqualified
    from of_the_period
    group by period_key, owner_key, measure
)

select
    together.period_key,
    together.owner_key,
    together.measure,
    together.label,
    together.unit,
    together.direction,
    together.sort_order,
    together.is_headline,
    together.numerator,
    together.denominator,
    together.value,
    together.now_value,
    together.then_value,
    cast(
        case
            when not periods.is_whole or together.is_now_beyond then null
            when together.unit = 'percent' then together.now_value - together.then_value
            when together.then_value > 0 then together.now_value / together.then_value - 1
        end as decimal(38, 9)
    ) as change,
    case
        when together.is_unread then 'could not be read'
        when together.is_now_beyond then 'not compared, ' || together.read_note
        when not periods.is_whole then 'not compared, the CRM is read to ' || {{ local_time_text('periods.now_until') }}
        when periods.then_first is null then 'no full year before'
        when together.then_value is not null then null
        when together.measure = 'win_rate' then 'nothing was closed the year before'
        when together.measure in ('avg_deal', 'sales_cycle_days', 'sales_cycle_median') then 'nothing was won the year before'
        else 'only known as it is now'
    end as change_note,
    together.metric_id,
    case
        when together.is_unread then 'could not be read'
        when together.is_beyond then together.read_note
        when together.measure = 'win_rate' and together.denominator > 0
            then {{ plain_number('together.numerator') }} || ' of ' || {{ plain_number('together.denominator') }} || ' closed'
        when together.measure = 'win_rate' then 'nothing was closed'
        when together.measure = 'avg_deal' and together.denominator = 0 and together.without_amount > 0
            then {{ plain_number('together.without_amount') }} || ' won, {{ without_amount }}'
        when together.measure in ('avg_deal', 'sales_cycle_days') and together.denominator > 0
            then {{ plain_number('together.denominator') }} || ' won'
        when together.measure in ('avg_deal', 'sales_cycle_days', 'sales_cycle_median') and together.value is null then 'nothing was won'
        when together.measure = 'deals_lost' and together.disqualified > 0 then together.disqualified || ' disqualified left out'
        when together.measure in ('pipeline_value', 'pipeline_weighted', 'won_value') and together.without_amount > 0
            then {{ plain_number('together.without_amount') }} || ' {{ without_amount }}'
    end as note,
    together.read_through
from together
inner join {{ ref('int_sales__periods') }} as periods on together.period_key = periods.period_key

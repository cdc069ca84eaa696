-- who became a marketing or sales qualified lead on which day: HubSpot's contacts, or where HubSpot is not connected the figures of the
-- company's own database. One of the two, never both added
{%- set stages = {
    'mql': ('became_mql_day', 'marketingqualifiedlead', 'marketing.mql_query'),
    'sql': ('became_sql_day', 'salesqualifiedlead', 'marketing.sql_query'),
} %}
with contacts as (
    {% for stage, (day, lifecycle_stage, _) in stages.items() -%}
    select
        '{{ stage }}' as stage,
        person_key,
        coalesce({{ day }}, created_day) as occurred_on,
        1 as quantity,
        case
            when is_deleted then 'deleted'
            when {{ day }} is null then 'no_stage_date'
        end as reason,
        source,
        record_type,
        record_id,
        record_url,
        record_label
    from {{ ref('int_hubspot__contacts') }}
    where {{ day }} is not null or lifecycle_stage = '{{ lifecycle_stage }}'
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

figures as (
    {% for stage, (_, _, query) in stages.items() -%}
    select
        '{{ stage }}' as stage,
        cast(null as text) as person_key,
        coalesce(day, snapshot_date) as occurred_on,
        value as quantity,
        case when day is null then 'no_date' when value is null then 'no_number' end as reason,
        source,
        'figure' as record_type,
        concat_ws(':', query_name, row_number) as record_id,
        cast(null as text) as record_url,
        concat_ws(', ', query_name, category) as record_label
    from {{ ref('int_figures__rows') }}
    where query_name = {{ setting(query, default='') }}
    -- a day's figures are those of one pull, and of one database where two answer the query
    qualify snapshot_date = max(snapshot_date) over (partition by source) and source = min(source) over ()
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

together as (
    select * from contacts
    union all
    select * from figures
)

select together.*
from together
inner join {{ ref('int_sources__chosen') }} as chosen
    on chosen.choice = 'funnel' and chosen.is_chosen and together.source = chosen.source

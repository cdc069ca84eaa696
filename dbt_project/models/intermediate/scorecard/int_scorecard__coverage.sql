-- what the load ledger says about each line: whether its sources are connected and from when to when they are complete
with line_sources as (
    select
        line_id,
        unnest(sources) as source,
        unnest(source_groups) as source_group
    from {{ ref('int_scorecard__lines') }}
),

-- of sources that may stand for each other (one support desk or another) only the connected ones say anything; with none, all do.
-- A metric of two such groups (ad platforms, and where leads come from) needs one of each
heard as (
    select
        line_sources.line_id,
        coalesce(sources.is_not_connected, true) as is_not_connected,
        coalesce(sources.is_late, true) as is_late,
        sources.complete_from,
        sources.complete_through
    from line_sources
    inner join {{ ref('int_scorecard__lines') }} as lines on line_sources.line_id = lines.line_id
    left join {{ ref('int_sources') }} as sources on line_sources.source = sources.source
    qualify
        not lines.any_source
        or not coalesce(sources.is_not_connected, true)
        or bool_and(coalesce(sources.is_not_connected, true)) over (partition by line_sources.line_id, line_sources.source_group)
),

per_line as (
    select
        line_id,
        bool_or(is_not_connected) as is_not_connected,
        bool_or(is_late) as is_late,
        max(complete_from) as complete_from,
        case when bool_and(complete_through is not null) then min(complete_through) end as complete_through
    from heard
    group by line_id
),

line_tables as (
    select
        line_id,
        unnest(required_tables) as required_table
    from {{ ref('int_scorecard__lines') }}
),

-- a figure is there as soon as its query was answered once, whichever database holds it
tables as (
    select
        source || '.' || table_name as required_table,
        coalesce(last_status, 'not_available') <> 'not_available' and complete_through is not null as is_there
    from {{ ref('int_sources__tables') }}

    union all

    select distinct
        'figures.' || query_name as required_table,
        true as is_there
    from {{ ref('int_company_figures__days') }}
),

-- some metrics stand on a table that an account may not have (the warm list): without it zero would be a lie
missing_tables as (
    select distinct line_tables.line_id
    from line_tables
    left join tables on line_tables.required_table = tables.required_table
    where not coalesce(tables.is_there, false)
)

select
    lines.line_id,
    lines.sources = ['manual'] as is_manual,
    per_line.is_not_connected or missing_tables.line_id is not null as is_not_connected,
    per_line.is_late,
    per_line.complete_from,
    case when missing_tables.line_id is null then per_line.complete_through end as complete_through
from {{ ref('int_scorecard__lines') }} as lines
inner join per_line on lines.line_id = per_line.line_id
left join missing_tables on lines.line_id = missing_tables.line_id

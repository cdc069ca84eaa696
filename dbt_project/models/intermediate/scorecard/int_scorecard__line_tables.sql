-- the raw tables that each line's numbers rest on now, and the state of each. Of sources that can replace each other only those that
-- are used say anything
with line_sources as (
    select
        line_id,
        metric_id,
        any_source,
        one_of,
        figures,
        unnest(sources) as source,
        unnest(source_groups) as source_group
    from {{ ref('int_scorecard__lines') }}
),

judged as (
    select
        line_sources.*,
        -- where one source of several is read, the others are as good as not connected
        coalesce(sources.is_not_connected, true) or not coalesce(chosen.is_chosen, true) as is_not_connected,
        sources.last_success_at is not null and coalesce(chosen.is_chosen, true) as was_read,
        len(line_sources.figures) > 0 and line_sources.source in ('company_warehouse', 'mongodb') as has_figures
    from line_sources
    left join {{ ref('int_sources__states') }} as sources on line_sources.source = sources.source
    left join {{ ref('int_sources__chosen') }} as chosen
        on line_sources.one_of = chosen.choice and line_sources.source = chosen.source
),

-- of sources that can replace each other (one support desk or another) only the connected ones count; with none, those that were read
-- before they were disconnected; with none of these, all do. A metric of two such groups (ad platforms, and where leads come from)
-- needs one of each
used as (
    select *
    from judged
    qualify
        not any_source
        or not is_not_connected
        or (
            bool_and(is_not_connected) over (partition by line_id, source_group)
            and (was_read or not bool_or(was_read) over (partition by line_id, source_group))
        )
),

-- numbers that people type in for a line have one table, whatever the metric reads
tables as (
    select
        used.line_id,
        used.source,
        coalesce(metric_tables.table_name, 'entries') as table_name,
        cast(null as text) as query_name,
        used.is_not_connected,
        tables.last_status,
        tables.is_refused,
        coalesce(tables.last_error, tables.refusal, tables.lacks) as reason,
        tables.is_late,
        tables.complete_from,
        tables.complete_through,
        tables.whole_through,
        tables.lacks
    from used
    left join {{ ref('int_scorecard__metric_tables') }} as metric_tables
        on used.metric_id = metric_tables.metric_id and used.source = metric_tables.source
    left join {{ ref('int_sources__tables') }} as tables
        on used.source = tables.source and coalesce(metric_tables.table_name, 'entries') = tables.table_name
    where not used.has_figures and (metric_tables.table_name is not null or used.source = 'manual')
),

-- figures share one table: a number is as complete as the answers to its own query, from the database with the newest
asked as (
    select
        line_id,
        source,
        is_not_connected,
        unnest(figures) as query_name
    from used
    where has_figures
),

answers as (
    select
        asked.line_id,
        asked.source,
        'figures' as table_name,
        asked.query_name,
        -- a good load asks every query of company.toml. What a failed one would have asked, nobody knows
        asked.is_not_connected or (queries.source is null and coalesce(loads.last_status = 'ok', false)) as is_not_connected,
        coalesce(queries.last_status, loads.last_status) as last_status,
        coalesce(queries.is_refused, loads.is_refused, false) as is_refused,
        case when queries.source is null then coalesce(loads.last_error, loads.refusal) else queries.reason end as reason,
        queries.is_late,
        cast(null as timestamptz) as complete_from,
        queries.complete_through,
        queries.complete_through as whole_through,
        cast(null as text) as lacks
    from asked
    left join {{ ref('int_figures__queries') }} as queries
        on asked.source = queries.source and asked.query_name = queries.query_name
    left join {{ ref('int_sources__tables') }} as loads
        on asked.source = loads.source and loads.table_name = 'queries'
),

best_answers as (
    select *
    from answers
    qualify
        row_number() over (
            partition by line_id, query_name
            order by is_not_connected asc, complete_through desc nulls last, source asc
        ) = 1
)

select * from tables
union all by name
select * from best_answers

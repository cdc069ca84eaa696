-- per source: the oldest of its tables decides. A table that the vendor refuses (not_available) is left aside and named
with read_tables as (
    select
        *,
        -- neither refused nor, where the source is connected, not set up (HubSpot's warm list)
        not is_refused
        and (last_status <> 'not_connected' or bool_and(last_status = 'not_connected') over (partition by source)) as is_read
    from {{ ref('int_sources__tables') }}
),

tables as (
    select
        source,
        bool_and(last_status = 'not_connected') as is_not_connected,
        -- whom every table is refused nothing can be read
        bool_or(last_status = 'failed') or bool_and(is_refused) as is_failing,
        max(last_attempt_at) as last_attempt_at,
        max(last_success_at) as last_success_at,
        arg_max(last_error, last_attempt_at) filter (where last_status = 'failed') as last_error,
        sum(rows_total) as rows_total,
        max(newest_record) as newest_record,
        case
            when bool_and(complete_through is not null) filter (where is_read) then min(complete_through) filter (where is_read)
        end as complete_through
    from read_tables
    group by source
),

-- each sentence once, with the tables that it is about
refusals as (
    select
        source,
        string_agg(replace(table_name, '_', ' '), ', ' order by table_name)
        || ': ' || coalesce(refusal, lacks, 'no reason given') as refused
    from {{ ref('int_sources__tables') }}
    where is_refused or lacks is not null
    group by source, refusal, lacks
),

refused as (
    select
        source,
        string_agg(refused, '; ' order by refused) as refused
    from refusals
    group by source
),

last_load as (
    select
        source,
        sum(rows_loaded) as rows_loaded,
        sum(requests) as requests,
        sum(waited_seconds) as waited_seconds,
        max(access_ends) as access_ends
    from {{ ref('stg_scoreline__loads') }}
    group by source, load_id
    qualify row_number() over (partition by source order by max(load_number) desc) = 1
)

select
    sources.source,
    sources.source_label,
    sources.freshness_hours,
    sources.kind,
    coalesce(tables.is_not_connected, true) as is_not_connected,
    coalesce(tables.is_failing, false) as is_failing,
    -- a source without a good load is late from the start
    coalesce(tables.complete_through + to_seconds(sources.freshness_hours * 3600) < {{ clock() }}, true) as is_late,
    tables.last_attempt_at,
    tables.last_success_at,
    coalesce(tables.last_error, refused.refused) as last_error,
    refused.refused,
    tables.complete_through,
    tables.newest_record,
    tables.rows_total,
    last_load.rows_loaded,
    last_load.requests,
    last_load.waited_seconds,
    last_load.access_ends
from {{ ref('stg_scoreline__sources') }} as sources
left join tables on sources.source = tables.source
left join refused on sources.source = refused.source
left join last_load on sources.source = last_load.source

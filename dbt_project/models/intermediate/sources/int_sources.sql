-- per source: the oldest of its tables decides. A table that the account doesn't offer (not_available) is left aside.
with tables as (
    select
        source,
        bool_and(last_status = 'not_connected') as is_not_connected,
        bool_or(last_status = 'failed') as is_failing,
        max(last_attempt_at) as last_attempt_at,
        max(last_success_at) as last_success_at,
        arg_max(last_error, last_attempt_at) filter (where last_error is not null) as last_error,
        sum(rows_total) as rows_total,
        max(newest_record) as newest_record,
        -- the history of snapshots begins with the first of them and says nothing about the other tables; nor do the beginnings of
        -- HubSpot's submissions and web traffic
        max(complete_from) filter (
            where not list_contains({{ snapshot_tables() }}, source || '.' || table_name)
            and table_name not in ('form_submissions', 'web_traffic')
        ) as complete_from,
        case when bool_and(complete_through is not null) then min(complete_through) end as complete_through
    from {{ ref('int_sources__tables') }}
    where last_status <> 'not_available'
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
    sources.cadence,
    sources.freshness_hours,
    sources.kind,
    coalesce(tables.is_not_connected, true) as is_not_connected,
    coalesce(tables.is_failing, false) as is_failing,
    -- a source without a good load is late from the start
    coalesce(tables.complete_through + to_seconds(sources.freshness_hours * 3600) < {{ clock() }}, true) as is_late,
    tables.last_attempt_at,
    tables.last_success_at,
    tables.last_error,
    tables.complete_from,
    tables.complete_through,
    tables.newest_record,
    tables.rows_total,
    last_load.rows_loaded,
    last_load.requests,
    last_load.waited_seconds,
    last_load.access_ends
from {{ ref('stg_scoreline__sources') }} as sources
left join tables on sources.source = tables.source
left join last_load on sources.source = last_load.source

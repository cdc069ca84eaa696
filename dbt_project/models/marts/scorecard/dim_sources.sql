with unread as (
    select
        source,
        string_agg(unread, '. ' order by table_name) as unread
    from {{ ref('int_sources__unread_tables') }}
    group by source
)

select
    states.source,
    states.source_label as label,
    states.kind,
    states.freshness_hours,
    case
        when states.is_not_connected then 'not_connected'
        when states.is_failing then 'failing'
        when states.is_late then 'late'
        when states.refused is not null then 'partly_refused'
        else 'ok'
    end as state,
    states.refused,
    unread.unread,
    states.complete_through,
    states.last_success_at,
    states.last_attempt_at,
    states.last_error,
    states.newest_record,
    cast(states.rows_total as bigint) as rows_total,
    cast(states.rows_loaded as bigint) as rows_loaded,
    cast(states.requests as bigint) as requests,
    cast(states.waited_seconds as double) as waited_seconds,
    states.access_ends
from {{ ref('int_sources__states') }} as states
left join unread on states.source = unread.source

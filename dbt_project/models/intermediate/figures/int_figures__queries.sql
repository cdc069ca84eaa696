-- each query that a database was ever asked: whether it was answered at the last try, and until when the answers are complete
with queries as (
    select
        'company_warehouse' as source,
        *
    from {{ ref('stg_company_warehouse__queries') }}

    union all by name

    select
        'mongodb' as source,
        *
    from {{ ref('stg_mongodb__queries') }}
),

asked as (
    select
        source,
        query_name,
        arg_max(status, snapshot_date) as query_status,
        arg_max(error, snapshot_date) as query_error,
        max(snapshot_date) filter (where status = 'ok') as answered_on
    from queries
    group by source, query_name
),

-- both tables come with one load
tables as (
    select
        source,
        bool_and(last_status = 'ok') as is_ok,
        arg_min(last_status, last_status = 'ok') as last_status,
        bool_or(is_refused) as is_refused,
        max(coalesce(last_error, refusal, lacks)) as reason,
        bool_or(is_late or lacks is not null) as is_late,
        case when count(whole_through) = 2 then min(whole_through) end as complete_through
    from {{ ref('int_sources__tables') }}
    where source in ('company_warehouse', 'mongodb') and table_name in ('figures', 'queries')
    group by source
)

select
    asked.source,
    asked.query_name,
    case when tables.is_ok and asked.query_status <> 'ok' then 'failed' else tables.last_status end as last_status,
    tables.is_refused,
    case when tables.is_ok then asked.query_error else tables.reason end as reason,
    tables.is_late,
    -- the table is complete as soon as one query is answered; `least` would pass over a null
    case
        when asked.answered_on is not null and tables.complete_through is not null
            then least(tables.complete_through, {{ day_start_instant('asked.answered_on + 1') }})
    end as complete_through
from asked
left join tables on asked.source = tables.source

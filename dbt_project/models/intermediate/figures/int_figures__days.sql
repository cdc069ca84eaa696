-- the snapshots of each configured query that can be used: the last good one of each week
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

-- a query that both databases answer is asked of the first one; the two are never added
answered as (
    select
        source,
        query_name,
        snapshot_date,
        coalesce(row_count, 0) as row_count
    from queries
    where status = 'ok'
    qualify row_number() over (partition by query_name, snapshot_date order by source) = 1
)

select
    *,
    row_number() over (partition by query_name order by snapshot_date desc) = 1 as is_newest
from answered
qualify row_number() over (partition by query_name, {{ week_start('snapshot_date') }} order by snapshot_date desc) = 1

{%- set days = 90 -%}
-- do the numbers of the last 90 finished days hold what both systems hold? Each system's own records on one side, on the other what
-- was counted of them and what was left out, and why
with bounds as (
    select
        {{ today() }} - {{ days }} as first_day,
        {{ today() }} as end_day
),

held as (
    select
        'justcall' as source,
        'calls' as measure,
        1 as sort_order,
        call_day as day,
        1 as amount
    from {{ ref('stg_justcall__calls') }}

    union all

    select
        'copper' as source,
        'calls' as measure,
        2 as sort_order,
        activities.activity_day as day,
        1 as amount
    from {{ ref('stg_copper__activities') }} as activities
    inner join {{ ref('stg_copper__activity_types') }} as types
        on activities.category = types.category and activities.activity_type_id = types.activity_type_id
    where types.category = 'user' and not types.is_disabled and {{ in_setting('types.activity_type_name', 'copper.call_types') }}

    union all

    select
        'justcall' as source,
        'talk_seconds' as measure,
        3 as sort_order,
        call_day as day,
        coalesce(talk_seconds, 0) as amount
    from {{ ref('stg_justcall__calls') }}

    union all

    select
        'copper' as source,
        'emails' as measure,
        4 as sort_order,
        activities.activity_day as day,
        1 as amount
    from {{ ref('stg_copper__activities') }} as activities
    inner join {{ ref('stg_copper__activity_types') }} as types
        on activities.category = types.category and activities.activity_type_id = types.activity_type_id
    where {{ in_setting('types.activity_type_name', 'copper.email_types') }}
),

told as (
    select
        source,
        'calls' as measure,
        call_day as day,
        1 as amount,
        case
            when is_deleted then 'deleted'
            when is_duplicate then 'duplicate_call'
            when account_id is null then 'no_rep'
        end as reason
    from {{ ref('int_phone__calls') }}

    union all

    select
        source,
        'talk_seconds' as measure,
        call_day as day,
        coalesce(talk_seconds, 0) as amount,
        case when account_id is null then 'no_rep' end as reason
    from {{ ref('int_phone__calls') }}
    where source = 'justcall'

    union all

    select
        source,
        'emails' as measure,
        sent_day as day,
        1 as amount,
        case
            when is_deleted then 'deleted'
            when is_incoming then 'incoming'
            when account_id is null then 'no_rep'
            when is_incoming is null then 'incoming'
        end as reason
    from {{ ref('int_copper__emails') }}
),

held_totals as (
    select
        held.source,
        held.measure,
        held.sort_order,
        sum(held.amount) as held
    from held
    inner join bounds on held.day >= bounds.first_day and held.day < bounds.end_day
    group by held.source, held.measure, held.sort_order
),

told_totals as (
    select
        told.source,
        told.measure,
        coalesce(sum(told.amount) filter (where told.reason is null), 0) as counted,
        coalesce(sum(told.amount) filter (where told.reason = 'duplicate_call'), 0) as duplicates,
        coalesce(sum(told.amount) filter (where told.reason = 'deleted'), 0) as deleted,
        coalesce(sum(told.amount) filter (where told.reason = 'no_rep'), 0) as without_rep,
        coalesce(sum(told.amount) filter (where told.reason = 'incoming'), 0) as incoming,
        sum(told.amount) as total
    from told
    inner join bounds on told.day >= bounds.first_day and told.day < bounds.end_day
    group by told.source, told.measure
)

select
    held_totals.source,
    held_totals.measure,
    held_totals.sort_order,
    bounds.first_day,
    bounds.end_day - 1 as last_day,
    cast(held_totals.held as bigint) as held,
    cast(coalesce(told_totals.counted, 0) as bigint) as counted,
    cast(coalesce(told_totals.duplicates, 0) as bigint) as duplicates,
    cast(coalesce(told_totals.deleted, 0) as bigint) as deleted,
    cast(coalesce(told_totals.without_rep, 0) as bigint) as without_rep,
    cast(coalesce(told_totals.incoming, 0) as bigint) as incoming,
    cast(held_totals.held - coalesce(told_totals.total, 0) as bigint) as difference
from held_totals
cross join bounds
left join told_totals on held_totals.source = told_totals.source and held_totals.measure = told_totals.measure

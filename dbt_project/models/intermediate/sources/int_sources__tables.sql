-- from when to when each raw table is complete. Loads that touch or overlap make one span; the span that reaches furthest
-- counts. So a backfill widens it to the left and never makes an overdue source look fresh.
with attempts as (
    select
        *,
        row_number() over (partition by source, table_name order by load_number desc) as recency
    from {{ ref('stg_scoreline__loads') }}
),

good as (
    select
        source,
        table_name,
        coalesce(complete_from, timestamptz '-infinity') as complete_from,
        complete_through
    from attempts
    where load_status = 'ok' and complete_through is not null
),

marked as (
    select
        *,
        coalesce(complete_from > max(complete_through) over (
            partition by source, table_name
            order by complete_from, complete_through
            rows between unbounded preceding and 1 preceding
        ), false) as starts_span
    from good
),

numbered as (
    select
        *,
        sum(case when starts_span then 1 else 0 end) over (
            partition by source, table_name order by complete_from, complete_through rows unbounded preceding
        ) as span
    from marked
),

spans as (
    select
        source,
        table_name,
        min(complete_from) as complete_from,
        max(complete_through) as complete_through
    from numbered
    group by source, table_name, span
    qualify row_number() over (partition by source, table_name order by max(complete_through) desc) = 1
),

-- a load that failed says nothing about what the account may read: a refusal lasts until a load that is none
refusals as (
    select
        source,
        table_name,
        arg_max(load_status = 'not_available', load_number) as is_refused,
        arg_max(error_text, load_number) filter (where load_status = 'not_available') as refusal
    from attempts
    where load_status <> 'failed'
    group by source, table_name
),

last_good as (
    select
        source,
        table_name,
        max(finished_at) as last_success_at,
        -- loads that lack rows ask for them again: the newest one knows
        nullif(arg_max(coalesce(lacks, ''), load_number), '') as lacks,
        max(complete_through) filter (where lacks is null) as whole_through,
        arg_max(rows_total, load_number) as rows_total,
        max(newest_record) as newest_record
    from attempts
    where load_status = 'ok'
    group by source, table_name
)

select
    attempts.source,
    attempts.table_name,
    attempts.load_status as last_status,
    attempts.finished_at as last_attempt_at,
    case when attempts.load_status in ('failed', 'not_connected') then attempts.error_text end as last_error,
    coalesce(refusals.is_refused, false) as is_refused,
    case when refusals.is_refused then refusals.refusal end as refusal,
    last_good.last_success_at,
    last_good.rows_total,
    last_good.newest_record,
    nullif(spans.complete_from, timestamptz '-infinity') as complete_from,
    spans.complete_through,
    last_good.lacks,
    -- until when nothing is known to be missing
    case when last_good.lacks is null then spans.complete_through else last_good.whole_through end as whole_through,
    -- a table without a good load is late from the start
    coalesce(spans.complete_through + to_seconds(sources.freshness_hours * 3600) < {{ clock() }}, true) as is_late
from attempts
left join {{ ref('stg_scoreline__sources') }} as sources on attempts.source = sources.source
left join refusals on attempts.source = refusals.source and attempts.table_name = refusals.table_name
left join last_good on attempts.source = last_good.source and attempts.table_name = last_good.table_name
left join spans on attempts.source = spans.source and attempts.table_name = spans.table_name
where attempts.recency = 1

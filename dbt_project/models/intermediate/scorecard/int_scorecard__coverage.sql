-- what the load ledger says about each line: whether its sources are connected, and from when to when all its raw tables are complete
select
    lines.line_id,
    lines.sources = ['manual'] as is_manual,
    coalesce(bool_or(tables.is_not_connected), true) as is_not_connected,
    -- a table that is refused, fails or lacks rows does not wait to be late
    coalesce(
        bool_or(tables.last_status = 'failed' or tables.is_refused or tables.lacks is not null or coalesce(tables.is_late, true)),
        true
    ) as is_late,
    -- the history of snapshots begins with the first of them and says nothing about the other tables
    max(tables.complete_from) filter (
        where not list_contains({{ snapshot_tables() }}, tables.source || '.' || tables.table_name)
    ) as complete_from,
    -- all that there was to read was asked for until then; some of it may lack
    case when bool_and(tables.complete_through is not null) then min(tables.complete_through) end as read_through,
    case when bool_and(tables.whole_through is not null) then min(tables.whole_through) end as complete_through,
    string_agg(distinct tables.lacks, '. ' order by tables.lacks) as lacks
from {{ ref('int_scorecard__lines') }} as lines
left join {{ ref('int_scorecard__line_tables') }} as tables on lines.line_id = tables.line_id
group by lines.line_id, lines.sources

with tables as (
    select
        *,
        replace(table_name, '_', ' ') || coalesce(' (query ' || query_name || ')', '') as what,
        case
            when is_not_connected then 'not_connected'
            when is_refused then 'refused'
            when complete_through is null then 'never_loaded'
            when last_status = 'failed' then 'failing'
            when is_late then 'late'
            else 'ok'
        end as state
    from {{ ref('int_scorecard__line_tables') }}
)

select
    tables.line_id,
    tables.source,
    tables.table_name,
    tables.query_name,
    tables.state,
    case tables.state
        when 'not_connected'
            then case
                    when tables.query_name is null or sources.is_not_connected then sources.source_label || ' is not connected'
                    else 'company.toml has no query ' || tables.query_name || ' for ' || sources.source_label
                end
        when 'refused' then sources.source_label || ' refuses ' || tables.what
        -- a source that never loaded lacks each of its tables, one that fails brings none of them: said once
        when 'never_loaded'
            then coalesce(case when sources.last_success_at is not null then tables.what || ' of ' end, '')
                || sources.source_label || ' was never loaded'
        when 'failing' then sources.source_label || ' could not be loaded at the last try'
        when 'late' then tables.what || ' of ' || sources.source_label || ' is late'
    end as sentence,
    tables.reason,
    tables.complete_through
from tables
inner join {{ ref('int_sources__states') }} as sources on tables.source = sources.source

select
    tables.source,
    sources.source_label,
    tables.table_name,
    case
        when tables.last_status = 'failed' then 'failing'
        when tables.is_refused then 'refused'
        when tables.lacks is not null or unread.unread is not null then 'partial'
        when tables.last_status = 'ok' and tables.is_late then 'late'
        else tables.last_status
    end as state,
    coalesce(tables.last_error, tables.refusal, nullif(concat_ws('. ', tables.lacks, unread.unread), '')) as reason,
    tables.complete_through,
    tables.last_success_at,
    tables.last_attempt_at,
    cast(tables.rows_total as bigint) as rows_total,
    -- the pages show one CRM
    crm.source is not null
    and list_contains({{ tables_of_folder('marts/sales') }}, tables.source || '.' || tables.table_name) as is_on_sales_pages
from {{ ref('int_sources__tables') }} as tables
inner join {{ ref('int_sources__states') }} as sources on tables.source = sources.source
left join {{ ref('int_sources__unread_tables') }} as unread on tables.source = unread.source and tables.table_name = unread.table_name
left join {{ ref('int_crm__chosen') }} as crm on tables.source = crm.source

-- what is in doubt in each raw table: values of the last 14 days that nobody can read, in a sentence
with fields as (
    select
        source,
        table_name,
        replace(table_name, '_', ' ') as what,
        field,
        count(distinct record_id) as n,
        list_sort(list_distinct(list(value) filter (where value is not null))) as words
    from {{ ref('int_sources__unread') }}
    where day > {{ today() }} - 14
    group by source, table_name, field
)

select
    source,
    table_name,
    string_agg({{ unread_text() }}, '. ' order by n desc, field asc) as unread
from fields
group by source, table_name

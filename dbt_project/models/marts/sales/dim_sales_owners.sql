-- no row at all where no CRM is connected
select
    'all' as owner_key,
    'Everyone' as owner_name,
    cast(0 as bigint) as sort_order,
    false as is_rep
from {{ ref('int_crm__chosen') }}

union all

select
    shown_key as owner_key,
    any_value(shown_name) as owner_name,
    cast(
        row_number() over (
            order by shown_key = 'nobody', shown_key = 'others', not bool_or(is_rep), any_value(shown_name), shown_key
        ) as bigint
    ) as sort_order,
    bool_or(is_rep) and shown_key <> 'others' as is_rep
from {{ ref('int_sales__owners') }}
group by shown_key

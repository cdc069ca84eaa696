{#- The lines of a kind of document of QuickBooks, one row each. `document`: `bill`, `bill_payment`, `invoice`, `payment` or `purchase`. -#}
{% macro staged_quickbooks_lines(document) -%}
with exploded as (
    select
        id as {{ document }}_id,
        unnest(from_json(lines, '["JSON"]')) as line,
        generate_subscripts(from_json(lines, '["JSON"]'), 1) as line_number
    from {{ source('raw_quickbooks', document ~ 's') }}
)

select
    {{ document }}_id,
    line_number,
    line ->> '$.kind' as line_kind,
    line ->> '$.account_id' as account_id,
    line ->> '$.item_id' as item_id,
    line ->> '$.description' as description,
    line ->> '$.linked[0].id' as linked_id,
    line ->> '$.linked[0].type' as linked_type,
    -- a discount takes away
    {{ plausible("try_cast(line ->> '$.amount' as decimal(38, 9))", 'money') }}
    * case when line ->> '$.kind' = 'DiscountLineDetail' then -1 else 1 end as amount
from exploded
{%- endmacro %}

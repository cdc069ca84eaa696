-- a merge removes the losing contact, but calls, lists and older associations may still name it
with merged as (
    select
        contact_id,
        unnest(string_split(merged_ids, ';')) as alias_id
    from {{ ref('stg_hubspot__contacts') }}
    where merged_ids is not null
),

aliases as (
    select
        contact_id,
        trim(alias_id) as alias_id
    from merged
    where trim(alias_id) not in ('', contact_id)
)

select
    alias_id,
    -- merged into two by turns: the newest record is the one that is left
    arg_max(contact_id, length(contact_id) || contact_id) as contact_id
from aliases
group by alias_id

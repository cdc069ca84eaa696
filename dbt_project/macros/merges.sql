{#- HubSpot's merges: the record that is left names those that it took in. Both are in the tables until everything is listed again. -#}

{#- whether a record of a raw table is gone: archived, or taken in by another one -#}
{% macro is_gone(raw_table) -%}
    coalesce(archived, false) or coalesce(id in (
        select merged.alias_id
        from (
            select
                id as winner_id,
                trim(unnest(string_split(hs_merged_object_ids, ';'))) as alias_id
            from {{ raw_table }}
            where hs_merged_object_ids <> ''
        ) as merged
        where merged.alias_id <> merged.winner_id
    ), false)
{%- endmacro %}

{#- a model with one row per id that was merged away (alias_id) and the record that is left of it (`key`); calls, lists and older
    associations may still name the former -#}
{% macro aliases(model, key) -%}
with recursive named as (
    select
        {{ key }} as record_id,
        trim(unnest(string_split(merged_ids, ';'))) as alias_id
    from {{ model }}
    where merged_ids <> ''
),

-- merged into two records in turn: the newest one is left
taken_in as (
    select
        alias_id,
        arg_max(record_id, length(record_id) || record_id) as record_id
    from named
    where alias_id not in ('', record_id)
    group by alias_id
),

-- the record it was merged into may have been merged too
followed as (
    select
        alias_id,
        record_id,
        1 as depth
    from taken_in

    union all

    select
        followed.alias_id,
        taken_in.record_id,
        followed.depth + 1 as depth
    from followed
    inner join taken_in on followed.record_id = taken_in.alias_id
    where followed.depth < 20 and taken_in.record_id <> followed.alias_id
)

select
    alias_id,
    arg_max(record_id, depth) as {{ key }}
from followed
group by alias_id
{%- endmacro %}

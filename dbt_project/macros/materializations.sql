{#
    Tables and views are replaced in place, in one transaction: DuckDB's DDL is transactional, so a model that fails leaves what was
    there (but where a table becomes a view, or a view a table). dbt-duckdb's own way builds beside it, renames twice and drops, for
    foreign keys; there are none here, and over 300 models the renames cost a fifth of a build.

    The key of a model (`unique_key` in its yml) is checked in that transaction too: a test per key cost a third of a build.
#}
{% materialization view, adapter='duckdb' %}
    {{ return(replaced_in_place('view')) }}
{% endmaterialization %}

{% materialization table, adapter='duckdb' %}
    {{ return(replaced_in_place('table')) }}
{% endmaterialization %}

{% macro replaced_in_place(type) %}
    {%- set target = this.incorporate(type=type) -%}
    {%- set existing = load_cached_relation(this) -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks) }}
    {% if existing is not none and existing.type != type %}
        {% do adapter.drop_relation(existing) %}
    {% endif %}
    {%- set key = config.get('unique_key') -%}
    {% call statement('main', fetch_result=(type == 'table' or key is not none)) -%}
        {% if config.get('contract').enforced %}
            {{ get_assert_columns_equivalent(sql) }}
        {% endif %}
        {% if type == 'view' %}
            create or replace view {{ target }} as (
                {{ sql }}
            );
        {% elif config.get('contract').enforced %}
            create or replace table {{ target }} {{ get_table_columns_and_constraints() }};
            insert into {{ target }} {{ get_column_names() }} (
                {{ get_select_subquery(sql) }}
            );
        {% else %}
            create or replace table {{ target }} as (
                {{ sql }}
            );
        {% endif %}
        {% if key is not none %}
            {{ rows_by_key(target, [key] if key is string else key) }}
        {% endif %}
    {%- endcall %}
    {% if type == 'table' %}
        {#- DuckDB answers with the count: dbt prints it instead of "OK", and Dagster shows it -#}
        {% set n = load_result('main')['data'][0][0] if load_result('main')['data'] else none %}
        {% if n is not none %}
            {% do store_raw_result('main', message="{:,} rows".format(n), code='OK', rows_affected=n) %}
        {% endif %}
        {% do create_indexes(target) %}
    {% endif %}
    {% do persist_docs(target, model) %}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmacro %}

{#- How many rows a relation has. Fails where two of them share the key, or where a part of it is empty. -#}
{% macro rows_by_key(relation, key) -%}
    select
        coalesce(sum(n), 0),
        case
            when bool_or(n > 1 or is_empty) then error(
                '{{ relation.identifier }}: ' || count(*) filter (where n > 1 or is_empty)
                || ' values of its key ({{ key | join(', ') | replace("'", "''") }}) are empty or in several rows. Its select'
                || ' multiplies rows, or what it reads has them twice.'
            )
        end
    from (
        select
            count(*) as n,
            {{ key | join(' is null or ') }} is null as is_empty
        from {{ relation }}
        group by {{ key | join(', ') }}
    )
{%- endmacro %}

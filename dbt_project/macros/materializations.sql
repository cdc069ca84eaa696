{#
    Tables and views are replaced in place, in one transaction: DuckDB's DDL is transactional, so a model that fails leaves what was
    there (but where a table becomes a view, or a view a table). dbt-duckdb's own way builds beside it, renames twice and drops, for
    foreign keys; there are none here, and over 300 models the renames cost a fifth of a build.
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
    {% call statement('main', fetch_result=(type == 'table')) -%}
        {% if config.get('contract').enforced %}
            {{ get_assert_columns_equivalent(sql) }}
        {% endif %}
        {% if type == 'view' %}
            create or replace view {{ target }} as (
                {{ sql }}
            )
        {% elif config.get('contract').enforced %}
            create or replace table {{ target }} {{ get_table_columns_and_constraints() }};
            insert into {{ target }} {{ get_column_names() }} (
                {{ get_select_subquery(sql) }}
            )
        {% else %}
            create or replace table {{ target }} as (
                {{ sql }}
            )
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

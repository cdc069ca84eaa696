{#-
    company.toml and the clock, as SQL literals. They are read from config.settings and config.clock (written by
    foundation/warehouse/ before each build) when a model is compiled, not passed as --vars: so a changed setting
    does not make dbt parse everything again, and DuckDB sees a constant time zone instead of a join.
-#}
{% macro setting_values(name) %}
    {%- set values = [] -%}
    {%- if execute -%}
        {%- set rows = run_query("select value from config.settings where name = '" ~ name ~ "' order by rowid") -%}
        {%- for row in rows.rows -%}{%- do values.append(row[0]) -%}{%- endfor -%}
    {%- endif -%}
    {{ return(values) }}
{% endmacro %}

{#- one value as text: {{ setting('company.time_zone') }}; a setting without a value is an error unless a default is given -#}
{% macro setting(name, default=none) %}
    {%- set values = setting_values(name) -%}
    {%- if values -%}
        {{ return("'" ~ values[0] | replace("'", "''") ~ "'") }}
    {%- elif default is not none -%}
        {{ return("'" ~ default | replace("'", "''") ~ "'") }}
    {%- elif execute -%}
        {{ exceptions.raise_compiler_error("config.settings has no value for '" ~ name ~ "'. Set it in company.toml and run the build again.") }}
    {%- endif -%}
    {{ return("''") }}
{% endmacro %}

{#- a list as SQL array of lower-case texts; an empty list stays an empty array, so that nothing matches it -#}
{% macro setting_list(name) %}
    {%- set items = [] -%}
    {%- for value in setting_values(name) -%}
        {%- do items.append("'" ~ value | lower | trim | replace("'", "''") ~ "'") -%}
    {%- endfor -%}
    {{ return("cast([" ~ items | join(", ") ~ "] as text[])") }}
{% endmacro %}

{#- true or false, never null: is the expression one of the configured values? Case and outer blanks do not matter. -#}
{% macro in_setting(expression, name) -%}
    coalesce(list_contains({{ setting_list(name) }}, lower(trim(cast({{ expression }} as text)))), false)
{%- endmacro %}

{#- the as-of instant of this build, a timestamptz -#}
{% macro clock() %}
    {%- set instant = '1970-01-01 00:00:00+00' -%}
    {%- if execute -%}
        {%- set rows = run_query("select strftime(as_of at time zone 'UTC', '%Y-%m-%d %H:%M:%S.%f') || '+00' from config.clock") -%}
        {%- if rows.rows | length != 1 -%}
            {{ exceptions.raise_compiler_error("config.clock must have one row; foundation/warehouse/file.py prepare() writes it before each build.") }}
        {%- endif -%}
        {%- set instant = rows.rows[0][0] -%}
    {%- endif -%}
    {{ return("cast('" ~ instant ~ "' as timestamptz)") }}
{% endmacro %}

{#-
    Drops what an earlier release built under a name that no model has any more, so that a renamed model leaves no stale table. Only
    names of ours in the two schemas that nobody else reads: what somebody keeps there under another name stays.
-#}
{% macro drop_orphans() -%}
    {%- if execute and flags.WHICH == 'build' -%}
        {%- set built = [] -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' -%}{%- do built.append(node.schema ~ '.' ~ node.alias) -%}{%- endfor -%}
        {%- set found = run_query("
            select table_schema, table_name, case table_type when 'VIEW' then 'view' else 'table' end
            from information_schema.tables
            where table_catalog = current_database()
              and (table_schema = 'staging' and table_name like 'stg\\_%' escape '\\'
                   or table_schema = 'intermediate' and table_name like 'int\\_%' escape '\\')
        ") -%}
        {%- for schema, name, type in found.rows if schema ~ '.' ~ name not in built %}
            drop {{ type }} {{ adapter.quote(schema) }}.{{ adapter.quote(name) }};
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{#- Everything that readers see about a metric is written once, under meta in its .yml; dbt's own graph carries it here. What may be
    there is said in foundation/metric_meta.py and checked before dbt runs. -#}
{% macro metric_definitions() %}
    {%- set metrics = [] -%}
    {%- if execute -%}
        {%- for name in metric_models() -%}
            {%- set node = graph.nodes['model.' ~ project_name ~ '.' ~ name] -%}
            {%- do metrics.append({'name': name, 'node': node, 'meta': node.config.meta}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(metrics) }}
{% endmacro %}

{#- a text of the graph as SQL literal -#}
{% macro text_literal(value) -%}
    '{{ value | string | trim | replace("'", "''") }}'
{%- endmacro %}

{#- contributions of a metric that is typed in by hand -#}
{% macro typed_contributions(metric_id) -%}
select
    '{{ metric_id }}' as metric_id,
    person_key,
    occurred_on,
    numerator,
    denominator,
    reason,
    {{ receipt() }}
from {{ ref('int_manual__entries') }}
where metric_id = '{{ metric_id }}'
{%- endmacro %}

{#- the column segment of a metric whose meta names what it splits by (segment: client); metrics without it have no such column -#}
{% macro metric_segment(name) -%}
    {%- set node = graph.nodes.get('model.' ~ project_name ~ '.' ~ name) if execute -%}
    {{ return('segment' if node and node.config.meta.get('segment') else 'null') }}
{%- endmacro %}

{#- the column true_at of a metric whose meta says `dated: true`: its records say themselves when they were true (a bank's balance) -#}
{% macro metric_true_at(name) -%}
    {%- set node = graph.nodes.get('model.' ~ project_name ~ '.' ~ name) if execute -%}
    {{ return('true_at' if node and node.config.meta.get('dated') else 'null') }}
{%- endmacro %}

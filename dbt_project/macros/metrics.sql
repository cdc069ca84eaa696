{#- Everything that readers see about a metric is written once, under meta in its .yml; dbt's own graph carries it here. -#}
{% macro metric_definitions() %}
    {%- set allowed = {
        'unit': ['count', 'money', 'percent', 'minutes', 'hours', 'days'],
        'aggregation': ['sum', 'ratio', 'mean', 'median', 'last', 'last_ratio'],
        'direction': ['up', 'down', 'hold', 'none'],
        'cadence': ['week', 'month', 'quarter'],
    } -%}
    {%- set required = [
        'label', 'unit', 'aggregation', 'direction', 'cadence', 'sources', 'definition', 'why', 'calculation', 'benchmark', 'edge_cases',
        'distinct_for_team',
    ] -%}
    {%- set metrics = [] -%}
    {%- if execute -%}
        {%- for name in metric_models() -%}
            {%- set node = graph.nodes['model.' ~ project_name ~ '.' ~ name] -%}
            {%- set meta = node.config.meta -%}
            {%- for key in required -%}
                {%- if meta.get(key) is none or meta.get(key) == '' or meta.get(key) == [] -%}
                    {{ exceptions.raise_compiler_error(
                        "Metric '" ~ name ~ "': its meta lacks '" ~ key ~ "'. Add it under config: meta: in the .yml beside " ~ node.original_file_path ~ "."
                    ) }}
                {%- endif -%}
            {%- endfor -%}
            {%- for key, values in allowed.items() -%}
                {%- if meta[key] not in values -%}
                    {{ exceptions.raise_compiler_error(
                        "Metric '" ~ name ~ "': " ~ key ~ " is '" ~ meta[key] ~ "', must be one of " ~ values | join(', ')
                        ~ " (in the .yml beside " ~ node.original_file_path ~ ")."
                    ) }}
                {%- endif -%}
            {%- endfor -%}
            {%- if meta['sources'] is string or meta['distinct_for_team'] is not boolean -%}
                {{ exceptions.raise_compiler_error(
                    "Metric '" ~ name ~ "': sources must be a list such as [hubspot] and distinct_for_team true or false"
                    ~ " (in the .yml beside " ~ node.original_file_path ~ ")."
                ) }}
            {%- endif -%}
            {%- if 'parts' in meta and modules.re.findall('[{](count|money|percent|minutes|hours|days)[}]', meta['parts']) | length != 2 -%}
                {{ exceptions.raise_compiler_error(
                    "Metric '" ~ name ~ "': parts is '" ~ meta['parts'] ~ "', expected two units in braces such as '{money} / {count} MQLs'"
                    ~ " (in the .yml beside " ~ node.original_file_path ~ ")."
                ) }}
            {%- endif -%}
            {%- do metrics.append({'name': name, 'node': node, 'meta': meta}) -%}
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

{#-
    The raw tables that a node of the graph is computed from: a sorted list of `source.table`, by dbt's own lineage.

    A model that is not wrong without one of its tables says so in its yml, with the reason: `meta: not_needed: {hubspot.lists: ...}`.
    The table then does not count on the ways through that model; another way to it still does. `seen` keeps what was walked: 100
    metrics share their helpers.
-#}
{% macro raw_tables_of(node_id, seen) %}
    {%- if node_id in seen -%}
        {{ return(seen[node_id]) }}
    {%- endif -%}
    {%- set found = {} -%}
    {%- if node_id in graph.sources -%}
        {%- set raw = graph.sources[node_id] -%}
        {%- if raw.source_name.startswith('raw_') -%}
            {%- do found.update({raw.source_name[4:] ~ '.' ~ raw.name: true}) -%}
        {%- endif -%}
    {%- elif node_id in graph.nodes -%}
        {%- set node = graph.nodes[node_id] -%}
        {%- for parent in node.depends_on.nodes -%}
            {%- for table in raw_tables_of(parent, seen) -%}
                {%- do found.update({table: true}) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- for table in node.config.meta.get('not_needed', {}) -%}
            {%- if table not in found -%}
                {{ exceptions.raise_compiler_error(
                    "Model '" ~ node.name ~ "': its meta not_needed names '" ~ table ~ "', which the model does not read. Remove it from the"
                    ~ " .yml beside " ~ node.original_file_path ~ "."
                ) }}
            {%- endif -%}
            {%- do found.pop(table) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- do seen.update({node_id: found.keys() | sort}) -%}
    {{ return(seen[node_id]) }}
{% endmacro %}

{#- The raw tables of each metric, of the sources that its meta names: [{'metric_id': ..., 'source': ..., 'table_name': ...}]. A helper
    that several sources share brings tables of the others along; those say nothing about the metric. -#}
{% macro metric_tables() %}
    {%- set rows = [] -%}
    {%- set seen = {} -%}
    {%- for metric in metric_definitions() -%}
        {%- for table in raw_tables_of(metric.node.unique_id, seen) -%}
            {%- set source, name = table.split('.') -%}
            {%- if source in metric.meta.sources -%}
                {%- do rows.append({'metric_id': metric.name, 'source': source, 'table_name': name}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(rows) }}
{% endmacro %}

{#- The raw tables that the models of a folder (`marts/sales`) are computed from, as SQL list of `source.table` -#}
{% macro tables_of_folder(folder) -%}
    {%- set seen = {} -%}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- for id, node in graph.nodes.items() if node.resource_type == 'model' and node.path.startswith(folder ~ '/') -%}
            {%- for table in raw_tables_of(id, seen) -%}{%- do found.append("'" ~ table ~ "'") -%}{%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    cast([{{ found | unique | sort | join(', ') }}] as text[])
{%- endmacro %}

{#- The raw tables that the models are computed from, of some sources, as SQL list of `source.table` -#}
{% macro tables_of_models(models, sources) -%}
    {%- set seen = {} -%}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- for model in models -%}
            {%- for table in raw_tables_of('model.' ~ project_name ~ '.' ~ model, seen) if table.split('.')[0] in sources -%}
                {%- do found.append("'" ~ table ~ "'") -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    cast([{{ found | unique | sort | join(', ') }}] as text[])
{%- endmacro %}

{#-
    The tables that the models are computed from, of the sources that are connected, each with `is_late` and the instant up to which it
    was read (`complete_through`, null where it never was), as SQL `from` clause. Without `sources` of the CRM.
-#}
{% macro tables_needed(models, sources=none) -%}
    from (select unnest({{ tables_of_models(models, sources or ['hubspot', 'copper']) }}) as raw_table) as needed
    inner join {{ ref('int_crm__chosen') if sources is none else ref('int_sources__states') }} as sources
        on
            needed.raw_table like sources.source || '.%'
            {%- if sources is not none %}
            and not sources.is_not_connected
            {%- endif %}
    left join {{ ref('int_sources__tables') }} as tables on needed.raw_table = tables.source || '.' || tables.table_name
{%- endmacro %}

{#- whether a table that the models are computed from was never read: what was never read is unknown, not zero -#}
{% macro never_read(models, sources=none) -%}
    exists (
        select 1
        {{ tables_needed(models, sources) }}
        where tables.complete_through is null
    )
{%- endmacro %}

{#- up to when the tables of `tables_needed` were read, as columns -#}
{% macro read_state() -%}
    coalesce(bool_or(tables.complete_through is null), false) as is_unread,
    coalesce(bool_or(tables.is_late), false) as is_late,
    min(tables.complete_through) as read_through
{%- endmacro %}

{#- whether the days of a span (`last_day`) end after what was read (`read_state`); one that runs may lack what is not late -#}
{% macro ends_after_reading(span, state) -%}
    (
        {{ state }}.is_unread
        or coalesce(
            case
                when {{ span }}.last_day < {{ today() }} then {{ state }}.read_through < {{ day_start_instant(span ~ '.last_day + 1') }}
                else {{ state }}.is_late
            end, false
        )
    )
{%- endmacro %}

-- the raw tables that each metric is computed from, by dbt's lineage (macros/lineage.sql)
{% for row in metric_tables() %}
select
    '{{ row.metric_id }}' as metric_id,
    '{{ row.source }}' as source,
    '{{ row.table_name }}' as table_name
{{ 'union all' if not loop.last }}
{% else %}
select
    null as metric_id,
    null as source,
    null as table_name
{% endfor %}

-- the definitions of all metrics, from the meta of their models
{% set metrics = metric_definitions() %}
{% set seen = {} %}
{% set settings = settings_fingerprints(metrics) %}
{% for metric in metrics %}
select
    {{ text_literal(metric.name) }} as metric_id,
    {{ text_literal(metric.meta.label) }} as label,
    {{ text_literal(metric.meta.unit) }} as unit,
    {{ text_literal(metric.meta.aggregation) }} as aggregation,
    {{ text_literal(metric.meta.parts) if metric.meta.get('parts') else 'cast(null as text)' }} as parts,
    {{ text_literal(metric.meta.direction) }} as direction,
    {{ text_literal(metric.meta.cadence) }} as cadence,
    cast([{% for source in metric.meta.sources %}{{ text_literal(source) }}{{ ', ' if not loop.last }}{% endfor %}] as text[]) as sources,
    {{ metric.meta.get('any_source', false) }} as any_source,
    {{ text_literal(metric.meta.one_of) if metric.meta.get('one_of') else 'cast(null as text)' }} as one_of,
    -- the queries whose figures it is computed from; a name with a dot is the setting that says which
    cast([
        {%- for name in metric.meta.get('figures', []) -%}
            {{ setting(name, default='') if '.' in name else text_literal(name) }}{{ ', ' if not loop.last }}
        {%- endfor -%}
    ] as text[]) as figures,
    cast([
        {%- for source in metric.meta.sources -%}
            {%- for group in metric.meta.get('source_groups', [metric.meta.sources]) -%}
                {%- if source in group -%}{{ loop.index }}{%- endif -%}
            {%- endfor -%}
            {{ ', ' if not loop.last }}
        {%- endfor -%}
    ] as integer[]) as source_groups,
    {{ metric.meta.get('needs_records', false) }} as needs_records,
    {{ metric.meta.get('signed', false) }} as is_signed,
    {{ metric.meta.distinct_for_team }} as distinct_for_team,
    {{ text_literal(metric.meta.segment) if metric.meta.get('segment') else 'cast(null as text)' }} as segment,
    {{ text_literal(metric.meta.definition) }} as definition,
    {{ text_literal(metric.meta.why) }} as why,
    {{ text_literal(metric.meta.calculation) }} as calculation,
    {{ text_literal(metric.meta.benchmark) }} as benchmark,
    {{ text_literal(metric.meta.edge_cases) }} as edge_cases,
    {{ text_literal(metric.node.original_file_path) }} as model_path,
    {{ text_literal(metric.node.raw_code) }} as model_sql,
    {{ text_literal(definition_fingerprint(metric.node, seen)) }} as fingerprint,
    {{ text_literal(sql_fingerprint(metric.node, seen)) }} as sql_fingerprint,
    {{ text_literal(settings[metric.name]) }} as settings_fingerprint
{{ 'union all' if not loop.last }}
{% else %}
select null as metric_id
{% endfor %}

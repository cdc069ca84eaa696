select
    metric_id,
    label,
    unit,
    aggregation,
    parts,
    direction,
    cadence,
    array_to_string(sources, ', ') as sources,
    any_source,
    definition,
    why,
    calculation,
    benchmark,
    edge_cases,
    model_path,
    model_sql
from {{ ref('int_scorecard__metrics') }}

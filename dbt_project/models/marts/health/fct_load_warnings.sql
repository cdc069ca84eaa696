-- what loads of the last 30 days warned of: values and records that are stored as empty or left out. A load reads only what changed, so
-- a warning that no later load repeats still holds
with warnings as (
    select
        source,
        finished_at,
        unnest(warnings) as warning
    from {{ ref('stg_scoreline__loads') }}
    where finished_at > {{ clock() }} - interval 30 days
)

select
    warnings.source,
    sources.source_label,
    warnings.warning,
    min(warnings.finished_at) as first_seen_at,
    max(warnings.finished_at) as last_seen_at,
    count(*) as loads
from warnings
inner join {{ ref('stg_scoreline__sources') }} as sources on warnings.source = sources.source
group by warnings.source, sources.source_label, warnings.warning

-- the lines of the scorecard with what their metric says
select
    lines.line_id,
    lines.section,
    lines.section_label,
    lines.sort_order,
    lines.metric_id,
    coalesce(nullif(trim(lines.label), ''), metrics.label) as label,
    metrics.unit,
    metrics.aggregation,
    metrics.direction,
    metrics.cadence,
    metrics.distinct_for_team,
    lines.owners,
    lines.people,
    -- blank: everybody's records count
    case
        when coalesce(trim(lines.people), '') = '' then cast([] as text[])
        else string_split(regexp_replace(trim(lines.people), '\s*;\s*', ';', 'g'), ';')
    end as people_keys,
    lines.feed,
    coalesce(lower(trim(lines.feed)) = 'manual', false) as is_fed_by_hand,
    case when lower(trim(lines.feed)) = 'manual' then ['manual'] else metrics.sources end as sources,
    case when lower(trim(lines.feed)) = 'manual' then [1] else metrics.source_groups end as source_groups,
    case when lower(trim(lines.feed)) = 'manual' then cast([] as text[]) else metrics.required_tables end as required_tables,
    metrics.any_source,
    metrics.needs_records,
    lines.valid_from,
    lines.valid_to
from {{ ref('scorecard_lines') }} as lines
inner join {{ ref('int_scorecard__metrics') }} as metrics on lines.metric_id = metrics.metric_id

-- the lines of the scorecard with what their metric says
with people as (
    select
        line_people.line_id,
        list_distinct(list(line_people.person_key)) as people_keys,
        -- the first day on which anybody works for the line
        min(greatest(line_people.counts_from, coalesce(people.active_from, date '0001-01-01'))) as first_day
    from {{ ref('int_scorecard__line_people') }} as line_people
    left join {{ ref('people') }} as people on line_people.person_key = people.person_key
    group by line_people.line_id
)

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
    coalesce(people.people_keys, cast([] as text[])) as people_keys,
    lines.feed,
    coalesce(lower(trim(lines.feed)) = 'manual', false) as is_fed_by_hand,
    case when lower(trim(lines.feed)) = 'manual' then ['manual'] else metrics.sources end as sources,
    case when lower(trim(lines.feed)) = 'manual' then [1] else metrics.source_groups end as source_groups,
    metrics.any_source,
    metrics.one_of,
    case when lower(trim(lines.feed)) = 'manual' then cast([] as text[]) else metrics.figures end as figures,
    metrics.needs_records,
    metrics.is_signed,
    -- before its first person begins nobody could have brought anything: those weeks are blank, not zero
    greatest(lines.valid_from, {{ week_start('people.first_day') }}) as valid_from,
    lines.valid_to
from {{ ref('scorecard_lines') }} as lines
inner join {{ ref('int_scorecard__metrics') }} as metrics on lines.metric_id = metrics.metric_id
left join people on lines.line_id = people.line_id

with owners as (
    select
        line_id,
        unnest(string_split(owners, ';')) as owner_key,
        generate_subscripts(string_split(owners, ';'), 1) as position
    from {{ ref('int_scorecard__lines') }}
    where owners is not null
),

named as (
    select
        owners.line_id,
        string_agg(coalesce(people.full_name, trim(owners.owner_key)), ', ' order by owners.position) as owner_names
    from owners
    left join {{ ref('people') }} as people on trim(owners.owner_key) = people.person_key
    group by owners.line_id
),

-- who counts for it now
people as (
    select
        line_id,
        string_agg(person_key, ';' order by position) as people
    from {{ ref('int_scorecard__line_people') }}
    where {{ today() }} between counts_from and counts_until
    group by line_id
),

told as (
    select
        *,
        sentence || coalesce(': ' || reason, '') as told
    from {{ ref('dim_line_tables') }}
),

used as (
    select
        line_id,
        string_agg(distinct source, ', ' order by source) as sources,
        string_agg(distinct source, ', ' order by source) filter (where state = 'refused') as refusing,
        string_agg(distinct sentence, ', ' order by sentence) filter (where state in ('refused', 'never_loaded', 'failing')) as gap,
        string_agg(distinct told, '; ' order by told) filter (where state in ('refused', 'never_loaded', 'failing')) as gap_in_full
    from told
    group by line_id
)

select
    lines.line_id,
    lines.section,
    lines.section_label,
    lines.sort_order,
    lines.metric_id,
    lines.label,
    lines.unit,
    lines.aggregation,
    lines.direction,
    lines.cadence,
    named.owner_names,
    lines.owners,
    people.people,
    lines.feed,
    coalesce(used.sources, array_to_string(lines.sources, ', ')) as sources,
    used.refusing,
    used.gap,
    used.gap_in_full,
    lines.valid_from,
    lines.valid_to
from {{ ref('int_scorecard__lines') }} as lines
left join named on lines.line_id = named.line_id
left join people on lines.line_id = people.line_id
left join used on lines.line_id = used.line_id

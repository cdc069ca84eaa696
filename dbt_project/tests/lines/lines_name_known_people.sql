{{ config(meta={'dagster': {'ref': {'name': 'scorecard_lines'}}}) }}

with named as (
    select
        line_id,
        'owners' as field,
        unnest(string_split(owners, ';')) as person_key
    from {{ ref('scorecard_lines') }}

    union all

    select
        line_id,
        'people' as field,
        person_key
    from {{ ref('int_scorecard__line_people') }}
),

problems as (
    select named.line_id || ': ' || named.field || ' names ' || trim(named.person_key) || ', who is not in people.csv' as problem
    from named
    left join {{ ref('people') }} as people on trim(named.person_key) = people.person_key
    where people.person_key is null and trim(named.person_key) <> ''
)

{{ fail_naming('scorecard_lines.csv', 'problems') }}

{{ config(meta={'dagster': {'ref': {'name': 'int_people__addresses'}}}) }}

-- two people with one address would have every record of it twice
with problems as (
    select
        string_agg(addresses.person_key, ', ' order by addresses.person_key) || ' have one address in ' || any_value(sources.source_label)
        || ' (' || addresses.address || ')' as problem
    from {{ ref('int_people__addresses') }} as addresses
    left join {{ ref('stg_scoreline__sources') }} as sources on addresses.source = sources.source
    where addresses.address is not null
    group by addresses.source, addresses.address
    having count(*) > 1
)

{{ fail_naming('people.csv', 'problems') }}

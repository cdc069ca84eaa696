-- two people with one address would have every record of it twice
with addresses as (
    select
        person_key,
        'HubSpot' as tool,
        lower(trim(coalesce(nullif(trim(hubspot_email), ''), email))) as address
    from {{ ref('people') }}

    union all

    select
        person_key,
        'Autotask' as tool,
        lower(trim(coalesce(nullif(trim(autotask_email), ''), email))) as address
    from {{ ref('people') }}
),

problems as (
    select string_agg(person_key, ', ' order by person_key) || ' have one address in ' || tool || ' (' || address || ')' as problem
    from addresses
    where address is not null
    group by tool, address
    having count(*) > 1
)

{{ fail_naming('people.csv', 'problems') }}

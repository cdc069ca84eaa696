-- the same person in every tool: matched by the address of people.csv, which may name another one per tool
with people as (
    select
        person_key,
        lower(trim(email)) as email,
        lower(trim(coalesce(nullif(trim(hubspot_email), ''), email))) as hubspot_email,
        lower(trim(coalesce(nullif(trim(autotask_email), ''), email))) as autotask_email
    from {{ ref('people') }}
)

select
    'hubspot' as source,
    owners.owner_id as account_id,
    people.person_key
from {{ ref('stg_hubspot__owners') }} as owners
inner join people on owners.email = people.hubspot_email

union all

select
    'autotask' as source,
    cast(resources.resource_id as text) as account_id,
    people.person_key
from {{ ref('stg_autotask__resources') }} as resources
inner join people on resources.email = people.autotask_email

union all

select
    'copper' as source,
    cast(users.user_id as text) as account_id,
    people.person_key
from {{ ref('stg_copper__users') }} as users
inner join people on users.email = people.email

union all

select
    'justcall' as source,
    cast(users.agent_id as text) as account_id,
    people.person_key
from {{ ref('stg_justcall__users') }} as users
inner join people on users.email = people.email

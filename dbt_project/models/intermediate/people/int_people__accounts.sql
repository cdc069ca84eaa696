-- the same person in every tool, matched by address
with accounts as (
    select
        'hubspot' as source,
        owner_id as account_id,
        email
    from {{ ref('stg_hubspot__owners') }}

    union all

    select
        'autotask' as source,
        cast(resource_id as text) as account_id,
        email
    from {{ ref('stg_autotask__resources') }}

    union all

    select
        'copper' as source,
        cast(user_id as text) as account_id,
        email
    from {{ ref('stg_copper__users') }}

    union all

    select
        'justcall' as source,
        cast(agent_id as text) as account_id,
        email
    from {{ ref('stg_justcall__users') }}
)

select
    accounts.source,
    accounts.account_id,
    addresses.person_key
from accounts
inner join {{ ref('int_people__addresses') }} as addresses on accounts.source = addresses.source and accounts.email = addresses.address

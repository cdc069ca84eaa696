-- who records of the CRM belong to. The person of people.csv where one answers for the account, else the account itself; records
-- without an owner belong to `nobody`
with accounts as (
    select
        'hubspot' as source,
        owner_id,
        nullif(trim(concat_ws(' ', first_name, last_name)), '') as account_name,
        email
    from {{ ref('stg_hubspot__owners') }}

    union all

    select
        'copper' as source,
        cast(user_id as text) as owner_id,
        nullif(trim(full_name), '') as account_name,
        email
    from {{ ref('stg_copper__users') }}
)

select
    accounts.source,
    accounts.owner_id,
    coalesce(people.person_key, accounts.source || ':' || accounts.owner_id) as owner_key,
    coalesce(people.full_name, accounts.account_name, accounts.email, 'Owner ' || accounts.owner_id) as owner_name
from accounts
inner join {{ ref('int_crm__chosen') }} as crm on accounts.source = crm.source
left join {{ ref('int_people__accounts') }} as known
    on accounts.source = known.source and accounts.owner_id = known.account_id
left join {{ ref('people') }} as people on known.person_key = people.person_key

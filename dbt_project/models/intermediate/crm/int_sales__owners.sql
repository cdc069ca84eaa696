-- who the sales pages can be filtered by: everybody with a record, the twenty with the most records under their own name and the rest
-- together, so that a page stays readable
with records as (
    select
        deals.source,
        coalesce(owners.owner_key, deals.source || ':' || nullif(deals.owner_id, ''), 'nobody') as owner_key
    from {{ ref('int_crm__deals') }} as deals
    left join {{ ref('int_crm__owners') }} as owners on deals.source = owners.source and deals.owner_id = owners.owner_id
    where not deals.is_deleted

    union all

    select
        source,
        owner_key
    from {{ ref('int_crm__activities') }}
    where not is_deleted

    union all

    select
        source,
        owner_key
    from {{ ref('int_crm__contacts') }}
    where not is_deleted

    union all

    select
        'hubspot' as source,
        owner_key
    from {{ ref('int_crm__companies') }}
    where not is_deleted

    union all

    select
        source,
        owner_key
    from {{ ref('int_crm__open_deals') }}
    where record_type <> 'snapshot'
),

counted as (
    select
        owner_key,
        count(*) as records
    from records
    group by owner_key
),

named as (
    select
        owner_key,
        any_value(owner_name) as owner_name,
        bool_or(is_rep) as is_rep
    from {{ ref('int_crm__owners') }}
    group by owner_key
),

ranked as (
    select
        counted.owner_key,
        coalesce(named.is_rep, false) as is_rep,
        case
            when counted.owner_key = 'nobody' then 'Nobody'
            -- the CRM no longer knows whose number it is
            else coalesce(named.owner_name, 'Owner ' || regexp_extract(counted.owner_key, '[^:]*$'))
        end as owner_name,
        counted.owner_key = 'nobody' or row_number() over (
            order by counted.owner_key = 'nobody', counted.records desc, counted.owner_key asc
        ) <= 20 as is_shown
    from counted
    left join named on counted.owner_key = named.owner_key
)

select
    owner_key,
    is_rep,
    case when is_shown then owner_key else 'others' end as shown_key,
    case when is_shown then owner_name else 'Everybody else' end as shown_name,
    owner_name
from ranked

-- who the sales pages can be filtered by: everybody with a record or a goal, the twenty with the most records under their own name and
-- the rest together, so that a page stays readable
with records as (
    select coalesce(owners.owner_key, deals.source || ':' || nullif(deals.owner_id, ''), 'nobody') as owner_key
    from {{ ref('int_crm__deals') }} as deals
    left join {{ ref('int_crm__owners') }} as owners on deals.source = owners.source and deals.owner_id = owners.owner_id
    where not deals.is_deleted

    union all

    {% for model in ['int_crm__activities', 'int_crm__contacts', 'int_crm__companies'] -%}
    select owner_key
    from {{ ref(model) }}
    where not is_deleted

    union all

    {% endfor -%}
    select owner_key
    from {{ ref('int_crm__open_deals') }}
    where record_type <> 'snapshot'

    union all

    -- of whom something is expected, though nothing may have come yet
    select line_people.person_key as owner_key
    from {{ ref('scorecard_lines') }} as lines
    inner join {{ ref('int_scorecard__line_people') }} as line_people on lines.line_id = line_people.line_id
    inner join {{ ref('people') }} as people on line_people.person_key = people.person_key
    -- where a CRM is connected
    cross join {{ ref('int_crm__chosen') }}
    where lines.metric_id in ('calls_by_rep', 'emails_by_rep', 'meetings_by_rep')
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
        any_value(owner_name) as owner_name
    from {{ ref('int_crm__owners') }}
    group by owner_key
),

ranked as (
    select
        counted.owner_key,
        people.person_key is not null as is_rep,
        case
            when counted.owner_key = 'nobody' then 'Nobody'
            -- the CRM no longer knows whose number it is
            else coalesce(people.full_name, named.owner_name, 'Owner ' || regexp_extract(counted.owner_key, '[^:]*$'))
        end as owner_name,
        counted.owner_key = 'nobody' or row_number() over (
            order by counted.owner_key = 'nobody', counted.records desc, counted.owner_key asc
        ) <= 20 as is_shown
    from counted
    left join named on counted.owner_key = named.owner_key
    left join {{ ref('people') }} as people on counted.owner_key = people.person_key
)

select
    owner_key,
    is_rep,
    case when is_shown then owner_key else 'others' end as shown_key,
    case when is_shown then owner_name else 'Everybody else' end as shown_name,
    owner_name
from ranked

-- contacts by their present stage: those created in the period, and all that existed at its end
{% set stages = [
    ('subscriber', 'Subscriber'), ('lead', 'Lead'), ('marketingqualifiedlead', 'MQL'), ('salesqualifiedlead', 'SQL'),
    ('opportunity', 'Opportunity'), ('customer', 'Customer'), ('evangelist', 'Evangelist'), ('other', 'Other'),
] -%}
with contacts as (
    select
        spans.period_key,
        owners.shown_key,
        coalesce(contacts.lifecycle_stage, '') as lifecycle_stage,
        coalesce(contacts.created_day >= spans.first_day, false) as is_new
    from {{ ref('int_crm__contacts') }} as contacts
    inner join {{ ref('int_sales__owners') }} as owners on contacts.owner_key = owners.owner_key
    inner join {{ ref('int_sales__spans') }} as spans
        on spans.part = 'period' and coalesce(contacts.created_day, date '0001-01-01') <= spans.last_day
    where not contacts.is_deleted
)

select
    period_key,
    coalesce(shown_key, 'all') as owner_key,
    cast(
        case
            when lifecycle_stage = '' then 99
            -- what company.toml puts before lead comes first, except the stage of those who fit nowhere
            when lifecycle_stage = 'other' then 90
            else coalesce(list_position({{ setting_list('hubspot.lifecycle_stages') }}, lifecycle_stage), 80)
        end as bigint
    ) as stage_order,
    case lifecycle_stage
        {% for stage, label in stages -%}
        when '{{ stage }}' then '{{ label }}'
        {% endfor -%}
        when '' then 'No stage'
        -- a stage of the company's own
        else lifecycle_stage
    end as stage_label,
    count(*) filter (where is_new) as contacts,
    count(*) as contacts_total
from contacts
group by grouping sets ((period_key, shown_key, lifecycle_stage), (period_key, lifecycle_stage))

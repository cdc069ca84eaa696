-- where leads come from: by week and first source, the contacts that became a lead and what they became in the same week or later
with leads as (
    select
        -- as the metric leads_generated: the day of the stage, else that of the creation
        {{ week_start('coalesce(became_lead_day, created_day)') }} as week_start,
        coalesce(nullif(trim(original_source), ''), 'UNKNOWN') as original_source,
        became_mql_day is not null as is_mql,
        became_sql_day is not null as is_sql
    from {{ ref('int_contacts') }}
    where
        not is_deleted
        and coalesce(became_lead_day, created_day) is not null
        and (became_lead_day is not null or lifecycle_stage is not null)
)

select
    week_start,
    original_source,
    count(*) as leads,
    count(*) filter (where is_mql) as became_mql,
    count(*) filter (where is_sql) as became_sql
from leads
group by week_start, original_source

-- where leads come from: by week and first source, the contacts that became a lead and what they became in the same week or later
with leads as (
    select
        {{ week_start('lead_day') }} as week_start,
        coalesce(nullif(trim(original_source), ''), 'UNKNOWN') as original_source,
        became_mql_day is not null as is_mql,
        became_sql_day is not null as is_sql
    from {{ ref('int_hubspot__contacts') }}
    where not is_deleted and lead_day is not null
)

select
    week_start,
    original_source,
    count(*) as leads,
    count(*) filter (where is_mql) as became_mql,
    count(*) filter (where is_sql) as became_sql
from leads
group by week_start, original_source

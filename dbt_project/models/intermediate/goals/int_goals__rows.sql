-- goals.csv with its optional columns: a file from before they existed lacks them, and its goals mean what they meant
with every_column as (
    select * from {{ ref('goals') }}

    union all by name

    select
        cast(null as text) as per,
        cast(null as text) as kind,
        cast(null as decimal(18, 6)) as tolerance
    where false
)

select
    line_id,
    valid_from,
    valid_to,
    operator,
    target,
    target_2,
    band,
    tolerance,
    nullif(lower(trim(per)), '') as per,
    coalesce(nullif(lower(trim(kind)), ''), 'standing') as kind,
    reason
from every_column

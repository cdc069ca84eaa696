-- one list of goals.csv and the goals of the portal; `goals` of foundation/goals.py is its twin in Python. A goal of the portal is in
-- force until the line's next one begins, ends the one before it, and replaces a row of the file with the same first day; its operator
-- none says that no goal is in force from that day on
with every_column as (
    -- a file from before the optional columns existed lacks them, and its goals mean what they meant
    select * from {{ ref('goals') }}

    union all by name

    select
        cast(null as text) as per,
        cast(null as text) as kind,
        cast(null as decimal(18, 6)) as tolerance
    where false
),

of_the_file as (
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
        reason,
        false as is_set_in_portal
    from every_column
),

of_the_portal as (
    select
        line_id,
        valid_from,
        cast(null as date) as valid_to,
        operator,
        target,
        target_2,
        band,
        tolerance,
        per,
        'standing' as kind,
        reason,
        true as is_set_in_portal
    from {{ ref('stg_scoreline__goals') }}
    qualify row_number() over (partition by line_id, valid_from order by sequence desc) = 1
),

standing as (
    select * from of_the_portal

    union all by name

    select * from of_the_file
    where
        kind = 'standing'
        and not exists (
            select 1 from of_the_portal
            where of_the_portal.line_id = of_the_file.line_id and of_the_portal.valid_from = of_the_file.valid_from
        )
),

followed as (
    select
        *,
        case when is_set_in_portal then min(valid_from) over later else min(case when is_set_in_portal then valid_from end) over later end
            as next_from
    from standing
    window later as (partition by line_id order by valid_from rows between 1 following and unbounded following)
)

select
    line_id,
    valid_from,
    least(valid_to, next_from - 1) as valid_to,
    operator,
    target,
    target_2,
    band,
    tolerance,
    per,
    kind,
    reason,
    -- ended by the goal that follows it, not by its own last day
    coalesce(next_from <= valid_to, next_from is not null) as is_followed
from followed
where operator is distinct from 'none'

union all

select
    line_id,
    valid_from,
    valid_to,
    operator,
    target,
    target_2,
    band,
    tolerance,
    per,
    kind,
    reason,
    false as is_followed
from of_the_file
where kind <> 'standing'

-- a blank second bound would read as below, a blank target as nothing at all
with goals as (
    select
        *,
        line_id || ' from ' || coalesce(cast(valid_from as text), '(blank)') as goal
    from {{ ref('goals') }}
),

problems as (
    select goal || ': operator ' || coalesce(operator, '(blank)') || ' is unknown; use >=, <=, >, <, =, between or outside' as problem
    from goals
    where operator is null or operator not in ('>=', '<=', '>', '<', '=', 'between', 'outside')

    union all

    select goal || ': target is blank'
    from goals
    where target is null

    union all

    select goal || ': ' || operator || ' needs target_2, the upper bound, at or above target'
    from goals
    where operator in ('between', 'outside') and (target_2 is null or target_2 < target)

    union all

    select goal || ': ' || operator || ' takes no target_2'
    from goals
    where operator not in ('between', 'outside') and target_2 is not null

    union all

    select goal || ': band must be a fraction from 0 to below 1, such as 0.10'
    from goals
    where band < 0 or band >= 1

    union all

    select goal || ': valid_from is blank or after valid_to'
    from goals
    where valid_from is null or valid_to < valid_from
)

{{ fail_naming('goals.csv', 'problems') }}

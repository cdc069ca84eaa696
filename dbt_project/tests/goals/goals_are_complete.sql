-- a blank second bound would read as below, a blank target as nothing at all
with goals as (
    select
        *,
        line_id || ' from ' || coalesce(cast(valid_from as text), '(blank)') as goal
    from {{ ref('int_goals__rows') }}
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

    union all

    select goal || ': tolerance must not be below 0'
    from goals
    where tolerance < 0

    union all

    select goal || ': band and tolerance both say what is near; keep one of them'
    from goals
    where band is not null and tolerance is not null

    union all

    select goal || ': per is ' || per || '; use day, person_day, person_week or leave it blank'
    from goals
    where per not in ('day', 'person_day', 'person_week')

    union all

    select goal || ': kind is ' || kind || '; use exception or leave it blank'
    from goals
    where kind not in ('standing', 'exception')

    union all

    select goal || ': an exception needs valid_to, its last day'
    from goals
    where kind = 'exception' and valid_to is null
)

{{ fail_naming('goals.csv', 'problems') }}

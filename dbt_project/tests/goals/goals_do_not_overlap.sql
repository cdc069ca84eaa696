-- a one-off goal replaces a standing one; two of a kind at once contradict each other
with goals as (
    select
        line_id,
        kind,
        valid_from,
        coalesce(valid_to, date '9999-12-31') as valid_to,
        row_number() over (order by line_id, kind, valid_from, valid_to) as position
    from {{ ref('int_goals__rows') }}
),

problems as (
    select
        earlier.line_id || ': the ' || case when earlier.kind = 'exception' then 'exceptions' else 'goals' end
        || ' from ' || earlier.valid_from || ' and from ' || later.valid_from
        || ' are in force at once; end the first before the second begins'
        || case when earlier.kind = 'exception' then '' else ', or mark a one-off goal with kind exception' end as problem
    from goals as earlier
    inner join goals as later
        on
            earlier.line_id = later.line_id
            and earlier.kind = later.kind
            and earlier.position < later.position
            and earlier.valid_to >= later.valid_from
)

{{ fail_naming('goals.csv', 'problems') }}

with goals as (
    select
        line_id,
        valid_from,
        coalesce(valid_to, date '9999-12-31') as valid_to,
        row_number() over (order by line_id, valid_from, valid_to) as position
    from {{ ref('goals') }}
),

problems as (
    select
        earlier.line_id || ': the goals from ' || earlier.valid_from || ' and from ' || later.valid_from
        || ' are in force at once; end the first before the second begins' as problem
    from goals as earlier
    inner join goals as later
        on
            earlier.line_id = later.line_id
            and earlier.position < later.position
            and earlier.valid_to >= later.valid_from
)

{{ fail_naming('goals.csv', 'problems') }}

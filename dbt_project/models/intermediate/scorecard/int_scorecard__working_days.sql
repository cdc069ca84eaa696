-- the working time of a line on each business day of the company. Holidays have none. A person works from active_from to
-- active_to, for the line on the days that count for it; a part-time person counts with weekly_hours / 40 of each business day,
-- because the file does not say which days they work, and nobody counts for more than a day. Time off is left out: it lowers no goal
with days as (
    select day
    from {{ ref('int_calendar__days') }}
    where
        is_business_day
        -- whole periods: from the quarter of the oldest line to the end of the running one
        and day >= (
            select {{ quarter_start('least(min(valid_from), ' ~ today() ~ ' - 200)') }} - 100
            from {{ ref('int_scorecard__lines') }}
        )
        and day <= {{ today() }} + 100
),

person_days as (
    select
        line_people.line_id,
        days.day,
        cast(sum(least(coalesce(people.weekly_hours, 40), 40)) / 40 as decimal(18, 6)) as person_days
    from {{ ref('int_scorecard__line_people') }} as line_people
    inner join {{ ref('people') }} as people on line_people.person_key = people.person_key
    inner join days
        on
            days.day between line_people.counts_from and line_people.counts_until
            and (people.active_from is null or people.active_from <= days.day)
            and (people.active_to is null or people.active_to >= days.day)
    group by line_people.line_id, days.day
)

select
    lines.line_id,
    days.day,
    {{ period_start('lines.cadence', 'days.day') }} as period_start,
    case when len(lines.people_keys) > 0 then coalesce(person_days.person_days, 0) end as person_days,
    -- a line without people works when the company does
    case when len(lines.people_keys) > 0 then coalesce(person_days.person_days, 0) else 1 end as working_time
from {{ ref('int_scorecard__lines') }} as lines
cross join days
left join person_days on lines.line_id = person_days.line_id and days.day = person_days.day

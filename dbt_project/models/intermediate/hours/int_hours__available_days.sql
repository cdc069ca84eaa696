-- one row per working day of each person who has an Autotask resource: the hours they could have worked
with first_entry as (
    select min(work_day) as day
    from {{ ref('int_hours__time_entries') }}
),

autotask_people as (
    select distinct person_key
    from {{ ref('int_people__accounts') }}
    where source = 'autotask'
),

people as (
    select
        people.person_key,
        cast(people.weekly_hours / 5 as decimal(38, 9)) as daily_hours,
        coalesce(people.active_from, first_entry.day) as active_from,
        least(coalesce(people.active_to, date '9999-12-31'), {{ today() }}) as active_to
    from {{ ref('people') }} as people
    inner join autotask_people on people.person_key = autotask_people.person_key
    cross join first_entry
    where people.weekly_hours > 0
),

time_off as (
    select
        person_key,
        work_day,
        sum(hours_worked) as hours
    from {{ ref('int_hours__time_entries') }}
    where is_time_off and not is_deleted and person_key is not null
    group by person_key, work_day
)

select
    people.person_key,
    days.day as work_day,
    greatest(people.daily_hours - coalesce(time_off.hours, 0), 0) as available_hours,
    'autotask' as source,
    'available_day' as record_type,
    people.person_key || ':' || days.day as record_id,
    cast(null as text) as record_url,
    'Available hours' as record_label
from people
inner join {{ ref('int_calendar__days') }} as days
    on days.is_business_day and days.day between people.active_from and people.active_to
left join time_off on people.person_key = time_off.person_key and days.day = time_off.work_day

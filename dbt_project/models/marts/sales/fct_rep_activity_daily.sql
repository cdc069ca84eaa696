{%- set days = 90 -%}
{%- set own_days = 28 -%}
-- what each rep did on each of the last 90 days that phone system and CRM were read for to their end. A day after that would read as a
-- day without work. The days before them are read as well, so that the first day has a past to be compared with
with reach as (
    select least({{ today() }}, {{ local_day('min(tables.whole_through)') }}) as end_day
    from {{ ref('int_sources__tables') }} as tables
    inner join {{ ref('int_sources__states') }} as sources on tables.source = sources.source and not sources.is_not_connected
    -- a table that was never read has no days at all
    where
        list_contains(
            {{ tables_of_models(
                ['int_phone__calls', 'int_copper__emails', 'int_copper__progressions', 'int_copper__sales'], ['justcall', 'copper']
            ) }},
            tables.source || '.' || tables.table_name
        )
),

unread as (
    select
        {{ never_read(['int_phone__calls'], ['justcall', 'copper']) }} as has_no_calls,
        -- only the phone system knows how long people talked
        not exists (
            select 1
            from {{ ref('int_sources__states') }} as sources
            where sources.source = 'justcall' and not sources.is_not_connected
        )
        or {{ never_read(['int_phone__calls'], ['justcall']) }} as has_no_talk,
        {{ never_read(['int_copper__emails'], ['copper']) }} as has_no_emails,
        {{ never_read(['int_copper__progressions'], ['copper']) }} as has_no_progressions,
        {{ never_read(['int_copper__sales'], ['copper']) }} as has_no_sales
),

bounds as (
    select
        end_day - {{ days }} as first_day,
        end_day - {{ days + own_days }} as past_first_day,
        end_day
    from reach
),

events as (
    select
        source,
        account_id,
        person_key,
        rep_email,
        call_day as day,
        {
            'calls': case when is_duplicate then 0 else 1 end,
            'calls_in_justcall': case when source = 'justcall' then 1 else 0 end,
            'calls_in_copper': case when source = 'copper' then 1 else 0 end,
            'calls_in_both': case when is_duplicate then 1 else 0 end,
            'talk_seconds': talk_seconds,
            'without_duration': case when source = 'justcall' and talk_seconds is null and coalesce(is_connected, true) then 1 else 0 end
        } as call,
        cast(null as text) as kind,
        cast(null as decimal(38, 9)) as amount
    from {{ ref('int_phone__calls') }}
    where not is_deleted and account_id is not null

    union all

    select
        source,
        account_id,
        person_key,
        rep_email,
        sent_day as day,
        null as call,
        case when is_incoming is null then 'email without a direction' else 'email' end as kind,
        1 as amount
    from {{ ref('int_copper__emails') }}
    where not is_deleted and is_incoming is not true and account_id is not null

    union all

    select
        source,
        account_id,
        person_key,
        rep_email,
        occurred_on as day,
        null as call,
        progression as kind,
        1 as amount
    from {{ ref('int_copper__progressions') }}
    where not is_deleted

    union all

    select
        source,
        account_id,
        person_key,
        rep_email,
        won_on as day,
        null as call,
        sale_type as kind,
        amount
    from {{ ref('int_copper__sales') }}
    where not is_deleted and is_revenue and sale_type in ('wholesale', 'distribution') and amount is not null and not is_other_currency
),

named as (
    select
        *,
        -- a rep without a person in people.csv is an address; one who left the CRM is a number
        coalesce(person_key, rep_email, source || ' user ' || account_id, 'nobody') as rep_key
    from events
    where day is not null
),

per_day as (
    select
        named.rep_key,
        named.day,
        sum(named.call.calls) as calls,
        sum(named.call.calls_in_justcall) as calls_in_justcall,
        sum(named.call.calls_in_copper) as calls_in_copper,
        sum(named.call.calls_in_both) as calls_in_both,
        sum(named.call.talk_seconds) as talk_seconds,
        sum(named.call.without_duration) as calls_without_duration,
        count(*) filter (where named.kind = 'email') as emails,
        count(*) filter (where named.kind = 'email without a direction') as emails_without_direction,
        count(*) filter (where named.kind = 'A') as progression_a,
        count(*) filter (where named.kind = 'B') as progression_b,
        count(*) filter (where named.kind = 'C') as progression_c,
        sum(named.amount) filter (where named.kind = 'wholesale') as new_sales_wholesale,
        sum(named.amount) filter (where named.kind = 'distribution') as new_sales_distribution
    from named
    inner join bounds on named.day >= bounds.past_first_day and named.day < bounds.end_day
    group by named.rep_key, named.day
),

reps as (
    select
        per_day.rep_key,
        any_value(people.person_key) as person_key,
        any_value(
            case when per_day.rep_key = 'nobody' then 'Nobody assigned' else coalesce(people.full_name, per_day.rep_key) end
        ) as rep_name,
        any_value(people.active_from) as active_from,
        any_value(people.active_to) as active_to
    from per_day
    left join {{ ref('people') }} as people on per_day.rep_key = people.person_key
    group by per_day.rep_key
),

spine as (
    select
        reps.rep_key,
        reps.person_key,
        reps.rep_name,
        days.day,
        days.is_business_day
        and days.day between coalesce(reps.active_from, days.day) and coalesce(reps.active_to, days.day) as is_working_day
    from reps
    cross join bounds
    inner join {{ ref('int_calendar__days') }} as days on bounds.past_first_day <= days.day and bounds.end_day > days.day
),

filled as (
    select
        spine.*,
        -- where all that a day has is unknown, so is the day
        case
            when not unread.has_no_emails and coalesce(per_day.emails > 0 or per_day.emails_without_direction = 0, true)
                then coalesce(per_day.emails, 0)
        end as emails,
        {% for measure in ['calls', 'calls_in_justcall', 'calls_in_copper', 'calls_in_both'] -%}
        case when not unread.has_no_calls then coalesce(per_day.{{ measure }}, 0) end as {{ measure }},
        {% endfor -%}
        case
            when not unread.has_no_talk and coalesce(per_day.talk_seconds > 0 or per_day.calls_without_duration = 0, true)
                then coalesce(per_day.talk_seconds, 0)
        end as talk_seconds,
        coalesce(per_day.calls_without_duration, 0) as calls_without_duration,
        case when not unread.has_no_progressions then coalesce(per_day.progression_a, 0) end as progression_a,
        case when not unread.has_no_progressions then coalesce(per_day.progression_b, 0) end as progression_b,
        case when not unread.has_no_progressions then coalesce(per_day.progression_c, 0) end as progression_c,
        case when not unread.has_no_sales then coalesce(per_day.new_sales_wholesale, 0) end as new_sales_wholesale,
        case when not unread.has_no_sales then coalesce(per_day.new_sales_distribution, 0) end as new_sales_distribution
    from spine
    cross join unread
    left join per_day on spine.rep_key = per_day.rep_key and spine.day = per_day.day
),

-- per working day: what is done at a weekend adds to it, the weekend itself doesn't. A day with an unknown measure is in neither
-- side of its mean
compared as (
    select
        *,
        sum(emails) over own_past / nullif(count(emails) filter (where is_working_day) over own_past, 0) as emails_own,
        sum(calls) over own_past / nullif(count(calls) filter (where is_working_day) over own_past, 0) as calls_own,
        sum(talk_seconds) over own_past / nullif(count(talk_seconds) filter (where is_working_day) over own_past, 0) as talk_seconds_own
    from filled
    window own_past as (
        partition by rep_key order by day range between interval {{ own_days }} days preceding and interval 1 days preceding
    )
),

team as (
    select
        sum(filled.emails) / nullif(count(filled.emails) filter (where filled.is_working_day), 0) as emails,
        sum(filled.calls) / nullif(count(filled.calls) filter (where filled.is_working_day), 0) as calls,
        sum(filled.talk_seconds) / nullif(count(filled.talk_seconds) filter (where filled.is_working_day), 0) as talk_seconds
    from filled
    inner join bounds on filled.day >= bounds.first_day
    where filled.rep_key <> 'nobody'
)

select
    compared.rep_key,
    compared.person_key,
    compared.rep_name,
    compared.day,
    compared.is_working_day,
    cast(compared.emails as bigint) as emails,
    cast(compared.calls as bigint) as calls,
    cast(compared.calls_in_justcall as bigint) as calls_in_justcall,
    cast(compared.calls_in_copper as bigint) as calls_in_copper,
    cast(compared.calls_in_both as bigint) as calls_in_both,
    cast(compared.talk_seconds as bigint) as talk_seconds,
    cast(compared.talk_seconds / 60.0 as decimal(38, 9)) as talk_minutes,
    cast(compared.calls_without_duration as bigint) as calls_without_duration,
    cast(compared.progression_a as bigint) as progression_a,
    cast(compared.progression_b as bigint) as progression_b,
    cast(compared.progression_c as bigint) as progression_c,
    cast(compared.new_sales_wholesale as decimal(38, 9)) as new_sales_wholesale,
    cast(compared.new_sales_distribution as decimal(38, 9)) as new_sales_distribution,
    cast(team.emails as decimal(38, 9)) as emails_team_average,
    cast(team.calls as decimal(38, 9)) as calls_team_average,
    cast(team.talk_seconds / 60.0 as decimal(38, 9)) as talk_minutes_team_average,
    cast(compared.emails_own as decimal(38, 9)) as emails_own_average,
    cast(compared.calls_own as decimal(38, 9)) as calls_own_average,
    cast(compared.talk_seconds_own / 60.0 as decimal(38, 9)) as talk_minutes_own_average
from compared
inner join bounds on compared.day >= bounds.first_day
cross join team

{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'fct_rep_activity_daily'}}}) }}

-- numbers that are possible and yet mostly a mistake: minutes taken for seconds, mailboxes that nobody connected
with totals as (
    select
        sum(calls) as calls,
        sum(talk_seconds) as talk_seconds,
        sum(emails) as emails,
        count(distinct rep_key) as reps
    from {{ ref('fct_rep_activity_daily') }}
),

problems as (
    select
        talk_seconds || ' seconds of talk over ' || calls || ' calls are ' || round(talk_seconds / calls, 1) || ' seconds a call; '
        || 'expected are 10 seconds to an hour. Check the unit of the durations, and whether all calls use the phone system' as problem
    from totals
    where talk_seconds > 0 and (talk_seconds < 10 * calls or talk_seconds > 3600 * calls)

    union all

    select emails || ' e-mails of ' || reps || ' reps in 90 days: Copper logs only those of connected mailboxes' as problem
    from totals
    where emails < 12 * reps and calls > 0
)

select problem
from problems

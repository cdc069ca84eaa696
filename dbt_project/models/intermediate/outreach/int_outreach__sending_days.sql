-- per snapshot of the leads: the sending days of the two weeks before it, each with its part of the mean number of new leads a day: a day
-- of the calendar, or a sending day
{% set runway_days = 'cast(' ~ setting('smartlead.runway_days', default='14') ~ ' as integer)' -%}
with days as (
    select snapshot_day
    from {{ ref('int_sources__snapshot_days') }}
    where snapshot_table = 'smartlead.campaign_stats' and is_last_of_week
),

-- a day on which only follow-ups were sent is a sending day with no new lead
sent as (
    select
        sent_day,
        count(*) filter (where is_first_ever) as new_leads,
        bool_or(is_first_ever is null) as is_unknown
    from {{ ref('int_outreach__emails') }}
    where sent_day is not null
    group by sent_day
),

-- who began to send a week ago has a pace of one week
began as (
    select min(sent_day) as first_day
    from sent
)

select
    days.snapshot_day as occurred_on,
    sent.sent_day,
    sent.new_leads,
    cast(
        sent.new_leads / cast(least({{ runway_days }}, days.snapshot_day - began.first_day) as decimal(18, 9)) as decimal(18, 9)
    ) as part_of_calendar_mean,
    cast(sent.new_leads / cast(count(*) over (partition by days.snapshot_day) as decimal(18, 9)) as decimal(18, 9)) as part_of_sending_mean,
    case when sent.is_unknown then 'no_step' end as reason,
    'smartlead' as source,
    'sending_day' as record_type,
    strftime(sent.sent_day, '%Y-%m-%d') as record_id,
    cast(null as text) as record_url,
    'New leads of ' || {{ day_text('sent.sent_day') }} || ': ' || sent.new_leads as record_label
from days
inner join sent
    on
        days.snapshot_day > sent.sent_day
        and days.snapshot_day <= sent.sent_day + {{ runway_days }}
cross join began

{{ config(meta={'dagster': {'ref': {'name': 'int_meetings__people'}}}) }}

-- a meeting is left with somebody or nobody, but never without a row
select meetings.meeting_id
from {{ ref('int_meetings') }} as meetings
left join {{ ref('int_meetings__people') }} as people on meetings.event_id = people.meeting_id
where people.meeting_id is null

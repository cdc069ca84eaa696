{{ config(meta={'dagster': {'ref': {'name': 'int_hubspot__meeting_people'}}}) }}

-- a meeting is left with somebody or nobody, but never without a row
select meetings.meeting_id
from {{ ref('int_hubspot__meetings') }} as meetings
left join {{ ref('int_hubspot__meeting_people') }} as people on meetings.event_id = people.meeting_id
where people.meeting_id is null

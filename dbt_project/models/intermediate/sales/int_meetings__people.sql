-- one row per meeting and person who held it: its owner and the colleagues who attended. Owners that nobody in people.csv
-- answers for share one row without a person; a meeting without any owner has one too.
with owners as (
    select
        meeting_id,
        unnest(list_append(string_split(coalesce(attendee_owner_ids, ''), ';'), owner_id)) as owner_id
    from {{ ref('int_meetings') }}
),

people as (
    select
        owners.meeting_id,
        accounts.person_key,
        bool_or(nullif(trim(owners.owner_id), '') is not null) as has_owner
    from owners
    left join {{ ref('int_people__accounts') }} as accounts
        on accounts.source = 'hubspot' and trim(owners.owner_id) = accounts.account_id
    group by owners.meeting_id, accounts.person_key
)

select
    meetings.meeting_id,
    people.person_key,
    people.has_owner,
    meetings.outcome,
    meetings.start_day,
    meetings.is_deleted,
    meetings.is_first_appointment,
    meetings.is_coi,
    meetings.source,
    meetings.record_type,
    meetings.record_id,
    meetings.record_url,
    meetings.record_label
from {{ ref('int_meetings') }} as meetings
inner join people on meetings.meeting_id = people.meeting_id
-- blanks of an empty attendee list are no owner; they stay only where there is nobody else
qualify people.has_owner or count(*) over (partition by meetings.meeting_id) = 1

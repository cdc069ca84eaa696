-- one row per meeting and person who held it: its owner and the colleagues who attended, named in it or with a record of it in
-- their own calendar. Owners that nobody in people.csv answers for share one row without a person; a meeting without any owner has
-- one too.
with owners as (
    select
        meeting_id,
        event_id,
        owner_id as recorded_by,
        unnest(list_append(string_split(coalesce(attendee_owner_ids, ''), ';'), owner_id)) as owner_id
    from {{ ref('int_hubspot__meetings') }}
),

people as (
    select
        owners.event_id,
        accounts.person_key,
        -- their own record says what became of it, or else the first that names them
        arg_min(
            owners.meeting_id,
            (owners.recorded_by is distinct from trim(owners.owner_id), owners.meeting_id <> owners.event_id, owners.meeting_id)
        ) as meeting_id,
        bool_or(nullif(trim(owners.owner_id), '') is not null) as has_owner
    from owners
    left join {{ ref('int_people__accounts') }} as accounts
        on accounts.source = 'hubspot' and trim(owners.owner_id) = accounts.account_id
    group by owners.event_id, accounts.person_key
)

select
    people.event_id as meeting_id,
    people.person_key,
    people.has_owner,
    meetings.outcome,
    meetings.no_outcome_because,
    meetings.start_day,
    meetings.has_begun,
    meetings.is_deleted,
    meetings.is_first_appointment,
    meetings.is_coi,
    meetings.source,
    meetings.record_type,
    people.event_id as record_id,
    meetings.record_url,
    meetings.record_label
from people
inner join {{ ref('int_hubspot__meetings') }} as meetings on people.meeting_id = meetings.meeting_id
-- blanks of an empty attendee list do not count as owners; they stay only where there is nobody else
qualify people.has_owner or count(*) over (partition by people.event_id) = 1

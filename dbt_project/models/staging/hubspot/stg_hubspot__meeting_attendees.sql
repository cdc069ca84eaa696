-- HubSpot keeps colleagues in a list of the meeting and contacts as its associations
with colleagues as (
    select distinct
        id as meeting_id,
        'owner' as attendee_type,
        trim(unnest(string_split(concat_ws(';', hubspot_owner_id, hs_attendee_owner_ids), ';'))) as attendee_id
    from {{ source('raw_hubspot', 'meetings') }}
),

contacts as (
    select
        from_id as meeting_id,
        'contact' as attendee_type,
        to_id as attendee_id
    from {{ source('raw_hubspot', 'associations') }}
    where from_type = 'meeting' and to_type = 'contact' and to_id is not null
)

select
    meeting_id,
    attendee_type,
    attendee_id
from colleagues
where attendee_id <> ''
union all by name
select
    meeting_id,
    attendee_type,
    attendee_id
from contacts

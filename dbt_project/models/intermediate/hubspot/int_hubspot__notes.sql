-- what a note says stays in HubSpot: a receipt names it by its number
select
    notes.note_id,
    notes.owner_id,
    accounts.person_key,
    coalesce(notes.note_day, notes.created_day) as note_day,
    {{ lies_ahead('notes.noted_at') }} as is_ahead,
    notes.is_deleted,
    'hubspot' as source,
    'note' as record_type,
    notes.note_id as record_id,
    {{ hubspot_url('0-46', 'notes.note_id') }} as record_url,
    'Note ' || notes.note_id as record_label
from {{ ref('stg_hubspot__notes') }} as notes
left join {{ ref('int_people__accounts') }} as accounts
    on accounts.source = 'hubspot' and notes.owner_id = accounts.account_id

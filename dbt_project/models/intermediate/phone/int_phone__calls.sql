-- every call once: where the phone system and the CRM recorded the same one, the phone system wins and the other is a duplicate
select
    calls.source,
    calls.call_id,
    calls.account_id,
    calls.person_key,
    calls.rep_email,
    calls.started_at,
    calls.call_day,
    calls.direction,
    calls.is_connected,
    calls.talk_seconds,
    calls.total_seconds,
    {{ lies_ahead('calls.started_at') }} as is_ahead,
    calls.is_deleted,
    coalesce(of_logged.phone_id is not null, false) as is_duplicate,
    'call' as record_type,
    calls.call_id as record_id,
    cast(null as text) as record_url,
    calls.record_label
from {{ ref('int_phone__recorded_calls') }} as calls
left join {{ ref('int_phone__twins') }} as of_logged on calls.source = 'copper' and calls.call_id = of_logged.logged_id

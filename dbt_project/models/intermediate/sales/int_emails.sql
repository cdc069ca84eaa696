select
    emails.email_id,
    emails.owner_id,
    accounts.person_key,
    emails.sent_at,
    coalesce(emails.sent_day, emails.created_day) as sent_day,
    coalesce(emails.direction in ('INCOMING_EMAIL', 'FORWARDED_EMAIL'), false) as is_incoming,
    emails.email_status,
    emails.is_deleted,
    'hubspot' as source,
    'email' as record_type,
    emails.email_id as record_id,
    {{ hubspot_url('0-49', 'emails.email_id') }} as record_url,
    coalesce(nullif(trim(emails.subject), ''), 'E-mail ' || emails.email_id) as record_label
from {{ ref('stg_hubspot__emails') }} as emails
left join {{ ref('int_people__accounts') }} as accounts
    on accounts.source = 'hubspot' and emails.owner_id = accounts.account_id

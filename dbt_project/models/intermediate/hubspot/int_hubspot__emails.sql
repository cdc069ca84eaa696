with emails as (
    select
        * replace (upper(trim(email_status)) as email_status),
        case upper(trim(direction))
            when 'EMAIL' then false
            when 'INCOMING_EMAIL' then true
            when 'FORWARDED_EMAIL' then true
        end as is_incoming
    from {{ ref('stg_hubspot__emails') }}
)

select
    emails.email_id,
    emails.owner_id,
    accounts.person_key,
    emails.sent_at,
    coalesce(emails.sent_day, emails.created_day) as sent_day,
    -- null: HubSpot gives none, or an unknown one
    emails.is_incoming,
    emails.email_status,
    emails.is_deleted,
    -- why it does not count as an e-mail that we sent
    case
        when emails.is_deleted then 'deleted'
        when emails.is_incoming is null then 'no_direction'
        when emails.is_incoming then 'incoming'
        when emails.email_status in ('SCHEDULED', 'SENDING', 'FAILED') then 'not_sent'
        when emails.email_status = 'BOUNCED' then 'bounced'
        when {{ lies_ahead('emails.sent_at') }} then 'not_yet'
    end as not_sent_because,
    'hubspot' as source,
    'email' as record_type,
    emails.email_id as record_id,
    {{ hubspot_url('0-49', 'emails.email_id') }} as record_url,
    coalesce(nullif(trim(emails.subject), ''), 'E-mail ' || emails.email_id) as record_label
from emails
left join {{ ref('int_people__accounts') }} as accounts
    on accounts.source = 'hubspot' and emails.owner_id = accounts.account_id

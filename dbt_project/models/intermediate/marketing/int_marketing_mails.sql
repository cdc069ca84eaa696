-- marketing mails that HubSpot has sent: an automated one goes on sending and counts on the day on which it was switched on
select
    mails.mail_id,
    mails.mail_state,
    mails.mail_type,
    {{ in_setting('mails.mail_type', 'marketing.automated_mail_types') }} as is_automated,
    mails.is_published,
    mails.published_day,
    {{ local_day('mails.planned_at') }} as planned_day,
    {{ local_day('mails.created_at') }} as created_day,
    mails.is_deleted,
    'hubspot' as source,
    'marketing_mail' as record_type,
    mails.mail_id as record_id,
    (
        select 'https://' || coalesce(nullif(trim(ui_domain), ''), 'app.hubspot.com') || '/email/' || portal_id || '/details/'
        from {{ ref('stg_hubspot__account') }}
        limit 1
    ) || mails.mail_id || '/performance' as record_url,
    coalesce(nullif(trim(mails.mail_name), ''), nullif(trim(mails.subject), ''), 'Mail ' || mails.mail_id) as record_label
from {{ ref('stg_hubspot__marketing_mails') }} as mails

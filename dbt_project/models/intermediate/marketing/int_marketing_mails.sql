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
    'https://' || coalesce(nullif(trim(account.ui_domain), ''), 'app.hubspot.com') || '/email/' || account.portal_id || '/details/'
    || mails.mail_id || '/performance' as record_url,
    coalesce(nullif(trim(mails.mail_name), ''), nullif(trim(mails.subject), ''), 'Mail ' || mails.mail_id) as record_label
from {{ ref('stg_hubspot__marketing_mails') }} as mails
left join {{ ref('stg_hubspot__account') }} as account on true

-- e-mails sent, and whether they were opened and answered. From one system: `supply.email_source`; if that is blank, Smartlead, or HubSpot
-- if Smartlead is not connected
with emails as (
    select
        cast(null as text) as person_key,
        sent_day,
        is_opened,
        is_replied,
        case when is_bounced then 'bounced' when is_ahead then 'not_yet' end as reason,
        source,
        record_type,
        record_id,
        record_url,
        record_label
    from {{ ref('int_outreach__emails') }}

    union all

    select
        emails.person_key,
        emails.sent_day,
        -- null: without any count HubSpot did not track the mail, and nobody knows
        case when coalesce(mails.opens, mails.clicks, mails.replies) is not null then coalesce(mails.opens, 0) > 0 end as is_opened,
        case when coalesce(mails.opens, mails.clicks, mails.replies) is not null then coalesce(mails.replies, 0) > 0 end as is_replied,
        emails.not_sent_because as reason,
        emails.source,
        emails.record_type,
        emails.record_id,
        emails.record_url,
        emails.record_label
    from {{ ref('int_hubspot__emails') }} as emails
    inner join {{ ref('stg_hubspot__emails') }} as mails on emails.email_id = mails.email_id
    where emails.is_incoming is not true
)

select emails.*
from emails
inner join {{ ref('int_sources__chosen') }} as chosen
    on chosen.choice = 'outreach' and chosen.is_chosen and emails.source = chosen.source

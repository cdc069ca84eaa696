{#- mails that HubSpot itself sends by a trigger, a feed or a request: never a campaign, whatever company.toml says -#}
{% set sent_by_itself = [
    'AUTOMATED_EMAIL', 'AUTOMATED_AB_EMAIL', 'BLOG_EMAIL', 'BLOG_EMAIL_CHILD', 'RSS_EMAIL', 'RSS_EMAIL_CHILD', 'OPTIN_EMAIL',
    'OPTIN_FOLLOWUP_EMAIL', 'RESUBSCRIBE_EMAIL', 'MANAGE_PREFERENCES_EMAIL', 'FOLLOWUP_EMAIL', 'LEADFLOW_EMAIL', 'FEEDBACK_CES_EMAIL',
    'FEEDBACK_CUSTOM_EMAIL', 'FEEDBACK_CUSTOM_SURVEY_EMAIL', 'FEEDBACK_NPS_EMAIL', 'SINGLE_SEND_API', 'MARKETING_SINGLE_SEND_API',
    'SMTP_TOKEN', 'TICKET_EMAIL', 'MEMBERSHIP_REGISTRATION_EMAIL', 'MEMBERSHIP_REGISTRATION_FOLLOW_UP_EMAIL',
    'MEMBERSHIP_PASSWORD_SAVED_EMAIL', 'MEMBERSHIP_PASSWORD_RESET_EMAIL', 'MEMBERSHIP_PASSWORDLESS_AUTH_EMAIL',
    'MEMBERSHIP_EMAIL_VERIFICATION_EMAIL', 'MEMBERSHIP_VERIFICATION_EMAIL', 'MEMBERSHIP_OTP_LOGIN_EMAIL', 'MEMBERSHIP_FOLLOW_UP_EMAIL',
] -%}
-- marketing mails that HubSpot has sent, and whether each is a campaign: of a kind that company.toml names
with mails as (
    select
        * replace (upper(trim(mail_state)) as mail_state, nullif(upper(trim(mail_type)), '') as mail_type),
        {{ in_setting('mail_type', 'marketing.campaign_mail_types') }} as is_campaign_type
    from {{ ref('stg_hubspot__marketing_mails') }}
)

select
    mails.mail_id,
    mails.mail_state,
    mails.mail_type,
    case
        -- switched on once, it goes on sending by itself
        when mails.mail_state like 'AUTOMATED%' then 'automated'
        -- the other half of an A/B test goes out with the first
        when mails.mail_state like '%VARIANT' then 'sub_campaign'
        when mails.is_campaign_type then null
        when list_contains({{ sent_by_itself }}, mails.mail_type) then 'automated'
        else 'unknown_mail_type'
    end as no_campaign_because,
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
from mails
left join {{ ref('stg_hubspot__account') }} as account on true

-- e-mails of the outreach; a contact is new with the first step that ever reached them, in any campaign. An e-mail without a step may
-- be that one if the contact has no earlier e-mail without a step, and no known first step
with ranked as (
    select
        *,
        row_number() over (
            partition by coalesce(lead_key, cast(send_id as text)), is_first_contact
            order by sent_at nulls last, send_id
        ) = 1 as is_earliest,
        coalesce(bool_or(is_first_contact) over (partition by coalesce(lead_key, cast(send_id as text))), false) as has_first_contact
    from {{ ref('stg_smartlead__sends') }}
),

sends as (
    select
        *,
        case
            when is_first_contact is not null then is_first_contact and is_earliest
            when has_first_contact or not is_earliest then false
        end as is_first_ever
    from ranked
)

select
    sends.sent_day,
    sends.is_first_contact,
    sends.is_first_ever,
    {{ lies_ahead('sends.sent_at') }} as is_ahead,
    sends.is_bounced,
    sends.is_opened,
    sends.is_replied,
    coalesce(campaigns.campaign_name, 'Campaign ' || sends.campaign_id) as campaign_name,
    'smartlead' as source,
    'email' as record_type,
    cast(sends.send_id as text) as record_id,
    {{ smartlead_campaign_url('sends.campaign_id') }} as record_url,
    concat_ws(
        ', ',
        coalesce(campaigns.campaign_name, 'Campaign ' || sends.campaign_id),
        'step ' || sends.sequence_number,
        strftime({{ local_time('sends.sent_at') }}, '%H:%M')
    ) as record_label
from sends
left join {{ ref('stg_smartlead__campaigns') }} as campaigns on sends.campaign_id = campaigns.campaign_id

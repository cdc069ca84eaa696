-- per snapshot of the leads: the mailboxes that may send, or send an unknown amount
select
    mailboxes.snapshot_date as occurred_on,
    case
        when list_contains(mailboxes.implausible, 'emails_per_day') then 'implausible_amount'
        when mailboxes.can_send is null then 'no_status'
        else 'no_number'
    end as reason,
    'smartlead' as source,
    'mailbox' as record_type,
    cast(mailboxes.mailbox_id as text) as record_id,
    cast(null as text) as record_url,
    coalesce(mailboxes.email, 'Mailbox ' || mailboxes.mailbox_id) as record_label
from {{ ref('stg_smartlead__mailboxes') }} as mailboxes
inner join {{ ref('int_sources__snapshot_days') }} as days
    on days.snapshot_table = 'smartlead.campaign_stats' and days.is_last_of_week and mailboxes.snapshot_date = days.snapshot_day
where mailboxes.can_send is not false and (mailboxes.can_send is null or mailboxes.emails_per_day is null)

-- the campaigns with their leads by state at the last snapshot of each week, and the new leads a day that they and the mailboxes allow
with days as (
    select snapshot_day
    from {{ ref('int_sources__snapshot_days') }}
    where snapshot_table = 'smartlead.campaign_stats' and is_last_of_week
),

mailboxes as (
    select
        snapshot_date,
        sum(emails_per_day) filter (where can_send) as emails_a_day
    from {{ ref('stg_smartlead__mailboxes') }}
    group by snapshot_date
),

campaigns as (
    select
        stats.snapshot_date,
        stats.campaign_id,
        stats.status,
        stats.parent_campaign_id,
        coalesce(stats.leads_not_started, 0) as leads_not_started,
        coalesce(stats.leads_in_progress, 0) as leads_in_progress,
        stats.leads_not_started is null as is_queue_unknown,
        stats.leads_in_progress is null as is_sequence_unknown,
        coalesce(campaigns.campaign_name, 'Campaign ' || stats.campaign_id) as campaign_name,
        coalesce(mailboxes.emails_a_day, 0) as mailbox_emails,
        case when stats.status = 'ACTIVE' then coalesce(campaigns.max_leads_per_day, mailboxes.emails_a_day, 0) end as wanted_leads,
        -- what follow-ups leave for new leads; drafts say 100, and nobody knows what that means
        case
            when campaigns.follow_up_percentage >= 0 and campaigns.follow_up_percentage < 100 then 1 - campaigns.follow_up_percentage / 100
            else 1
        end as share_of_new
    from {{ ref('stg_smartlead__campaign_stats') }} as stats
    inner join days on stats.snapshot_date = days.snapshot_day
    left join {{ ref('stg_smartlead__campaigns') }} as campaigns on stats.campaign_id = campaigns.campaign_id
    left join mailboxes on stats.snapshot_date = mailboxes.snapshot_date
),

weighed as (
    select
        *,
        sum(wanted_leads) over (partition by snapshot_date) as all_wanted_leads,
        sum(wanted_leads * share_of_new) over (partition by snapshot_date) as weighed_leads
    from campaigns
)

select
    snapshot_date as occurred_on,
    campaign_id,
    campaign_name,
    leads_not_started,
    leads_in_progress,
    -- all campaigns together send no more than the mailboxes: each gives way by the same share
    case
        when wanted_leads > 0
            then cast(wanted_leads * least(1, mailbox_emails * weighed_leads / all_wanted_leads / all_wanted_leads) as decimal(38, 9))
        else 0
    end as new_leads_a_day,
    case
        when not {{ in_setting('status', 'smartlead.queue_statuses') }} then 'campaign_' || lower(status)
        when
            parent_campaign_id is not null and lower({{ setting('smartlead.count_sub_campaigns', default='true') }}) <> 'true'
            then 'sub_campaign'
        when is_queue_unknown then 'no_number'
    end as not_queued_because,
    case
        when status <> 'ACTIVE' then 'campaign_' || lower(status)
        when
            parent_campaign_id is not null and lower({{ setting('smartlead.count_sub_campaigns', default='true') }}) <> 'true'
            then 'sub_campaign'
        when is_sequence_unknown then 'no_number'
    end as not_sequencing_because,
    'smartlead' as source,
    'campaign' as record_type,
    cast(campaign_id as text) as record_id,
    {{ smartlead_campaign_url('campaign_id') }} as record_url,
    campaign_name || ' (' || lower(status) || ')' as record_label
from weighed

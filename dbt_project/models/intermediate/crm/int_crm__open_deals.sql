-- the pipelines as they were at the end of each week and are now: which deals were open in them, with which stage, amount, owner and
-- planned close. A day on which no deal was open has one row without a deal: nothing was open, which is a number
with open_deals as (
    select
        days.snapshot_day,
        days.is_now,
        days.is_known,
        deals.source,
        deals.deal_id,
        spans.pipeline_id,
        spans.stage_id,
        spans.stage_entered_day,
        spans.amount,
        coalesce(spans.amount is null and list_contains(deals.implausible, 'amount'), false) as is_implausible,
        spans.close_day,
        spans.pushes,
        spans.pushed_days,
        spans.owner_id,
        deals.is_other_currency,
        deals.is_deleted,
        deals.opened_on,
        deals.record_type,
        deals.record_id,
        deals.record_url,
        deals.record_label
    from {{ ref('int_crm__deals') }} as deals
    inner join {{ ref('int_crm__days') }} as days
        on
            days.kind = 'deals' and days.is_read
            and deals.opened_on <= days.snapshot_day
            and (deals.deleted_on is null or deals.deleted_on > days.snapshot_day)
    inner join {{ ref('int_crm__deal_spans') }} as spans
        on
            deals.deal_id = spans.deal_id and days.snapshot_day >= spans.from_day and days.snapshot_day < spans.until_day
            and spans.is_in_pipeline and spans.deal_state = 'open'
),

owned as (
    select
        open_deals.*,
        coalesce(owners.owner_key, open_deals.source || ':' || nullif(open_deals.owner_id, ''), 'nobody') as owner_key,
        accounts.person_key
    from open_deals
    left join {{ ref('int_crm__owners') }} as owners on open_deals.source = owners.source and open_deals.owner_id = owners.owner_id
    left join {{ ref('int_people__accounts') }} as accounts
        on open_deals.source = accounts.source and open_deals.owner_id = accounts.account_id
)

select * from owned

union all by name

select
    snapshot_day,
    is_now,
    is_known,
    source,
    'snapshot' as record_type,
    cast(snapshot_day as text) as record_id,
    'The whole pipeline' as record_label
from {{ ref('int_crm__days') }}
where kind = 'deals' and is_read

-- the deals that are open now, with the stage that HubSpot shows: the probability is the stage's, not the company's own history
select
    deals.deal_id,
    deals.snapshot_day,
    deals.record_label as deal_name,
    deals.record_url,
    people.full_name as owner_name,
    coalesce(stages.stage_label, deals.stage_id) as stage_label,
    cast(stages.display_order as bigint) as stage_order,
    cast(stages.probability as decimal(38, 9)) as probability,
    cast(case when not deals.is_other_currency then deals.amount end as decimal(38, 9)) as amount,
    cast(case when not deals.is_other_currency then deals.amount * stages.probability end as decimal(38, 9)) as weighted_amount,
    deals.is_other_currency,
    deals.last_moved_day,
    deals.is_stale
from {{ ref('int_deals__open_days') }} as deals
left join {{ ref('stg_hubspot__deal_stages') }} as stages
    on deals.pipeline_id = stages.pipeline_id and deals.stage_id = stages.stage_id
left join {{ ref('people') }} as people on deals.person_key = people.person_key
where deals.snapshot_day = {{ today() }} and deals.record_type = 'deal' and not deals.is_deleted

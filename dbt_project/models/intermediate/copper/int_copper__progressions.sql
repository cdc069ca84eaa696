-- entries of opportunities into the stages A, B and C of the lead progression, not how many are in them. Copper says when an
-- opportunity entered the stage in which it is; earlier entries are read from the daily snapshots of the stages
with snapshots as (
    select
        snapshots.opportunity_id,
        snapshots.snapshot_day,
        snapshots.pipeline_stage_id,
        snapshots.assignee_id,
        lag(snapshots.pipeline_stage_id) over of_opportunity as previous_stage_id,
        lag(snapshots.snapshot_day) over of_opportunity as previous_day
    from {{ ref('stg_copper__opportunity_stages') }} as snapshots
    window of_opportunity as (partition by snapshots.opportunity_id order by snapshots.snapshot_day)
),

first_snapshot as (
    select min(snapshot_day) as snapshot_day
    from {{ ref('stg_copper__opportunity_stages') }}
),

seen as (
    select
        snapshots.opportunity_id,
        snapshots.pipeline_stage_id,
        snapshots.snapshot_day as occurred_on,
        coalesce(snapshots.previous_day, first_snapshot.snapshot_day) as not_before,
        snapshots.assignee_id
    from snapshots
    cross join first_snapshot
    where
        snapshots.pipeline_stage_id is distinct from snapshots.previous_stage_id
        -- what stood in a stage when the snapshots began entered it at an unknown time
        and (snapshots.previous_day is not null or snapshots.snapshot_day > first_snapshot.snapshot_day)
),

entries as (
    select
        opportunity_id,
        pipeline_stage_id,
        coalesce(stage_changed_day, created_day) as occurred_on,
        assignee_id
    from {{ ref('stg_copper__opportunities') }}

    union all

    -- unless it is the entry that Copper itself dates
    select
        seen.opportunity_id,
        seen.pipeline_stage_id,
        seen.occurred_on,
        seen.assignee_id
    from seen
    left join {{ ref('stg_copper__opportunities') }} as opportunities
        on
            seen.opportunity_id = opportunities.opportunity_id
            and seen.pipeline_stage_id = opportunities.pipeline_stage_id
            and coalesce(opportunities.stage_changed_day, opportunities.created_day) between seen.not_before and seen.occurred_on
    where opportunities.opportunity_id is null
)

select
    entries.opportunity_id,
    stages.progression,
    stages.stage_name,
    cast(entries.assignee_id as text) as account_id,
    accounts.person_key,
    users.email as rep_email,
    entries.occurred_on,
    coalesce(opportunities.is_deleted, true) as is_deleted,
    'copper' as source,
    'opportunity' as record_type,
    entries.opportunity_id || ':' || entries.pipeline_stage_id as record_id,
    cast(null as text) as record_url,
    coalesce(nullif(trim(opportunities.opportunity_name), ''), 'Opportunity ' || entries.opportunity_id) as record_label
from entries
inner join {{ ref('stg_copper__pipeline_stages') }} as stages on entries.pipeline_stage_id = stages.pipeline_stage_id
left join {{ ref('stg_copper__opportunities') }} as opportunities on entries.opportunity_id = opportunities.opportunity_id
left join {{ ref('stg_copper__users') }} as users on entries.assignee_id = users.user_id
left join {{ ref('int_people__accounts') }} as accounts
    on accounts.source = 'copper' and cast(entries.assignee_id as text) = accounts.account_id
where stages.progression is not null and entries.occurred_on is not null
-- in and out and in again on one day is one entry
qualify
    row_number() over (
        partition by entries.opportunity_id, entries.pipeline_stage_id, entries.occurred_on order by entries.assignee_id
    ) = 1

{{ config(materialized='view') }}

-- Copper's activities in the shape of int_hubspot__activities. Types are the account's own: a note is type 0 of every account, calls and
-- e-mails are those that company.toml names. `is_ours`: of e-mails those that email_quantity counts
select
    source,
    'email' as activity_type,
    cast(activity_id as text) as activity_id,
    account_id as owner_id,
    happened_at,
    sent_day as activity_day,
    happened_at as created_at,
    sent_day as created_day,
    coalesce(not is_incoming, false) and not is_ahead and account_id is not null as is_ours,
    is_deleted,
    record_url
from {{ ref('int_copper__emails') }}

union all

select
    'copper' as source,
    case
        when {{ in_setting('types.activity_type_name', 'copper.call_types') }} then 'call'
        when types.activity_type_name ilike '%meeting%' then 'meeting'
        when types.activity_type_name ilike '%to do%' or types.activity_type_name ilike '%task%' then 'task'
        else 'note'
    end as activity_type,
    cast(activities.activity_id as text) as activity_id,
    cast(activities.user_id as text) as owner_id,
    activities.happened_at,
    activities.activity_day,
    activities.created_at,
    {{ local_day('activities.created_at') }} as created_day,
    true as is_ours,
    activities.is_deleted,
    cast(null as text) as record_url
from {{ ref('stg_copper__activities') }} as activities
inner join {{ ref('stg_copper__activity_types') }} as types
    on activities.category = types.category and activities.activity_type_id = types.activity_type_id
where
    not types.is_disabled
    -- nobody did what the system logs by itself, such as a changed field or a moved stage
    and types.category = 'user'
    and not {{ in_setting('types.activity_type_name', 'copper.email_types') }}

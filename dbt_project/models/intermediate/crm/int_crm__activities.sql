-- calls, meetings, tasks, notes and e-mails of the CRM, each a record of one day. What has no day of its own counts on the day on which it
-- was written down. What is in the future has no day yet: it would be taken out of a published week once its day has come
with activities as (
    select * from {{ ref('int_hubspot__activities') }}
    union all by name
    select * from {{ ref('int_copper__activities') }}
)

select
    activities.source,
    activities.activity_type,
    activities.activity_id,
    activities.owner_id,
    coalesce(owners.owner_key, activities.source || ':' || nullif(activities.owner_id, ''), 'nobody') as owner_key,
    case
        when activities.happened_at <= {{ clock() }} then activities.activity_day
        when activities.happened_at is null and activities.created_at <= {{ clock() }} then activities.created_day
        when coalesce(activities.happened_at, activities.created_at) is null then activities.activity_day
    end as day,
    {{ moment('day', ['activities.happened_at', 'activities.created_at']) }} as local_at,
    activities.is_ours,
    activities.is_deleted,
    accounts.person_key,
    activities.activity_type as record_type,
    activities.activity_id as record_id,
    activities.record_url,
    upper(left(activities.activity_type, 1)) || substr(activities.activity_type, 2) || ' ' || activities.activity_id as record_label
from activities
inner join {{ ref('int_crm__chosen') }} as crm on activities.source = crm.source
left join {{ ref('int_crm__owners') }} as owners
    on activities.source = owners.source and activities.owner_id = owners.owner_id
left join {{ ref('int_people__accounts') }} as accounts
    on activities.source = accounts.source and activities.owner_id = accounts.account_id

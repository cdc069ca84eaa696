-- calls, meetings, tasks, notes and e-mails of the CRM, each a record of one day. What lies ahead or has no day of its own counts on
-- the day on which it was written down. `is_ours`: we did it; of e-mails those that emails_by_rep counts (where Copper is the CRM
-- email_quantity), while the others tell of the contact
with activities as (
    {% for activity_type, happened_at in [
        ('call', 'called_at'), ('meeting', 'started_at'), ('task', 'completed_at'), ('note', 'noted_at')
    ] -%}
    select
        'hubspot' as source,
        '{{ activity_type }}' as activity_type,
        {{ activity_type }}_id as activity_id,
        owner_id,
        {{ happened_at }} as happened_at,
        {{ local_day(happened_at) }} as activity_day,
        created_at,
        {{ local_day('created_at') }} as created_day,
        true as is_ours,
        is_deleted
    from {{ ref('stg_hubspot__' ~ activity_type ~ 's') }}

    union all

    {% endfor -%}
    select
        source,
        'email' as activity_type,
        email_id as activity_id,
        owner_id,
        sent_at as happened_at,
        sent_day as activity_day,
        sent_at as created_at,
        sent_day as created_day,
        not_sent_because is null and owner_id is not null as is_ours,
        is_deleted
    from {{ ref('int_hubspot__emails') }}
    where coalesce(not_sent_because, '') <> 'not_sent'

    union all

    select
        source,
        'email' as activity_type,
        cast(activity_id as text) as activity_id,
        account_id as owner_id,
        happened_at,
        sent_day as activity_day,
        happened_at as created_at,
        sent_day as created_day,
        not is_incoming and account_id is not null as is_ours,
        is_deleted
    from {{ ref('int_copper__emails') }}

    union all

    -- Copper's own types: a note is type 0 of every account, calls are those that company.toml names
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
        activities.is_deleted
    from {{ ref('stg_copper__activities') }} as activities
    inner join {{ ref('stg_copper__activity_types') }} as types
        on activities.category = types.category and activities.activity_type_id = types.activity_type_id
    where
        not types.is_disabled
        -- what the system notes by itself (a changed field, a moved stage) nobody did
        and types.category = 'user'
        and not {{ in_setting('types.activity_type_name', 'copper.email_types') }}
)

select
    activities.source,
    activities.activity_type,
    activities.activity_id,
    activities.owner_id,
    coalesce(owners.owner_key, activities.source || ':' || nullif(activities.owner_id, ''), 'nobody') as owner_key,
    case
        when activities.happened_at <= {{ clock() }} then activities.activity_day
        else coalesce(activities.created_day, activities.activity_day)
    end as day,
    {{ moment('day', ['activities.happened_at', 'activities.created_at']) }} as local_at,
    activities.is_ours,
    activities.is_deleted,
    accounts.person_key,
    activities.activity_type as record_type,
    activities.activity_id as record_id,
    case
        when activities.source = 'hubspot' then
            case activities.activity_type
                when 'call' then {{ hubspot_url('0-48', 'activities.activity_id') }}
                when 'meeting' then {{ hubspot_url('0-47', 'activities.activity_id') }}
                when 'task' then {{ hubspot_url('0-27', 'activities.activity_id') }}
                when 'note' then {{ hubspot_url('0-46', 'activities.activity_id') }}
                else {{ hubspot_url('0-49', 'activities.activity_id') }}
            end
    end as record_url,
    upper(left(activities.activity_type, 1)) || substr(activities.activity_type, 2) || ' ' || activities.activity_id as record_label
from activities
inner join {{ ref('int_crm__chosen') }} as crm on activities.source = crm.source
left join {{ ref('int_crm__owners') }} as owners
    on activities.source = owners.source and activities.owner_id = owners.owner_id
left join {{ ref('int_people__accounts') }} as accounts
    on activities.source = accounts.source and activities.owner_id = accounts.account_id

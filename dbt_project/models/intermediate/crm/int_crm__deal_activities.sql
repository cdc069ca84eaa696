-- what was done about a deal: calls, meetings, e-mails, notes and finished tasks that name the deal or one of its contacts
with deal_contacts as (
    select distinct
        coalesce(deals.deal_id, links.from_id) as deal_id,
        coalesce(contacts.contact_id, links.to_id) as contact_id
    from {{ ref('stg_hubspot__associations') }} as links
    left join {{ ref('int_hubspot__deal_aliases') }} as deals on links.from_id = deals.alias_id
    left join {{ ref('int_hubspot__contact_aliases') }} as contacts on links.to_id = contacts.alias_id
    where links.from_type = 'deal' and links.to_type = 'contact' and links.to_id is not null
),

deal_links as (
    select
        links.from_type as activity_type,
        links.from_id as activity_id,
        coalesce(deals.deal_id, links.to_id) as deal_id
    from {{ ref('stg_hubspot__associations') }} as links
    left join {{ ref('int_hubspot__deal_aliases') }} as deals on links.to_id = deals.alias_id
    where links.from_type in ('call', 'meeting', 'email', 'note', 'task') and links.to_type = 'deal' and links.to_id is not null

    union distinct

    select
        links.activity_type,
        links.activity_id,
        deal_contacts.deal_id
    from deal_contacts
    inner join {{ ref('int_hubspot__activity_contacts') }} as links on deal_contacts.contact_id = links.contact_id
),

activities as (
    select
        'call' as activity_type,
        call_id as activity_id,
        call_day as activity_day,
        call_day as created_day
    from {{ ref('stg_hubspot__calls') }}
    where not is_deleted

    union all

    select
        'meeting' as activity_type,
        meeting_id as activity_id,
        start_day as activity_day,
        created_day
    from {{ ref('stg_hubspot__meetings') }}
    where not is_deleted and coalesce(outcome, '') not in ('CANCELED', 'RESCHEDULED')

    union all

    select
        'email' as activity_type,
        email_id as activity_id,
        sent_day as activity_day,
        created_day
    from {{ ref('stg_hubspot__emails') }}
    where not is_deleted

    union all

    select
        'note' as activity_type,
        note_id as activity_id,
        note_day as activity_day,
        created_day
    from {{ ref('stg_hubspot__notes') }}
    where not is_deleted

    union all

    select
        'task' as activity_type,
        task_id as activity_id,
        completed_day as activity_day,
        created_day
    from {{ ref('stg_hubspot__tasks') }}
    where not is_deleted
)

select
    deal_links.deal_id,
    activities.activity_type,
    activities.activity_id,
    activities.activity_day,
    activities.created_day
from deal_links
inner join activities
    on deal_links.activity_type = activities.activity_type and deal_links.activity_id = activities.activity_id
inner join {{ ref('int_crm__chosen') }} as crm on crm.source = 'hubspot'
where activities.activity_day is not null

union all

-- Copper's activities name the opportunity that they are about
select
    cast(activities.parent_id as text) as deal_id,
    'activity' as activity_type,
    cast(activities.activity_id as text) as activity_id,
    activities.activity_day,
    {{ local_day('activities.created_at') }} as created_day
from {{ ref('stg_copper__activities') }} as activities
inner join {{ ref('int_crm__chosen') }} as crm on crm.source = 'copper'
where
    lower(activities.parent_type) = 'opportunity' and activities.category = 'user'
    and not activities.is_deleted and activities.activity_day is not null

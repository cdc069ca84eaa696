{{ config(materialized='view') }}

-- HubSpot's calls, meetings, tasks, notes and e-mails. `is_ours`: we did it; of e-mails those that emails_by_rep counts, while the others
-- are what the contact did
{% for activity_type, model, happened_at, object_type in [
    ('call', 'stg_hubspot__calls', 'called_at', '0-48'),
    ('meeting', 'stg_hubspot__meetings', 'started_at', '0-47'),
    ('task', 'stg_hubspot__tasks', 'completed_at', '0-27'),
    ('note', 'stg_hubspot__notes', 'noted_at', '0-46'),
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
    is_deleted,
    {{ hubspot_url(object_type, activity_type ~ '_id') }} as record_url
from {{ ref(model) }}

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
    is_deleted,
    record_url
from {{ ref('int_hubspot__emails') }}
where coalesce(not_sent_because, '') <> 'not_sent'

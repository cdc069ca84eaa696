-- people and values in the tools in the last 90 days that no setting maps: records without a person count for nobody
with activity as (
    {% set used = [
        ('hubspot', 'stg_hubspot__calls', 'owner_id', 'call_day', 'not is_deleted'),
        ('hubspot', 'stg_hubspot__meetings', 'owner_id', local_day('created_at'), 'not is_deleted'),
        ('hubspot', 'stg_hubspot__deals', 'owner_id', 'created_day', 'not is_deleted'),
        ('autotask', 'stg_autotask__time_entries', 'resource_id', 'work_day', 'not is_deleted'),
        ('copper', 'stg_copper__activities', 'user_id', 'activity_day', 'not is_deleted'),
        ('justcall', 'stg_justcall__calls', 'agent_id', 'call_day', 'true'),
    ] %}
    {% for source, model, account, on_day, condition in used %}
    select
        '{{ source }}' as source,
        cast({{ account }} as text) as account_id,
        {{ on_day }} as on_day
    from {{ ref(model) }}
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

names as (
    {% set accounts = [
        ('hubspot', 'stg_hubspot__owners', 'owner_id', "concat_ws(' ', first_name, last_name)"),
        ('autotask', 'stg_autotask__resources', 'resource_id', "concat_ws(' ', first_name, last_name)"),
        ('copper', 'stg_copper__users', 'user_id', 'full_name'),
        ('justcall', 'stg_justcall__users', 'agent_id', 'full_name'),
    ] %}
    {% for source, model, account, account_name in accounts %}
    select
        '{{ source }}' as source,
        cast({{ account }} as text) as account_id,
        coalesce(nullif(trim({{ account_name }}), ''), email) as account_name
    from {{ ref(model) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

people as (
    select
        activity.source,
        'person' as kind,
        activity.account_id as value_id,
        coalesce(any_value(names.account_name), activity.account_id) as value_label,
        count(*) as records,
        max(activity.on_day) as last_used_on,
        'Add them to people.csv (or their address in this tool), or leave them out on purpose.' as way_out
    from activity
    left join {{ ref('int_people__accounts') }} as known on activity.source = known.source and activity.account_id = known.account_id
    left join names on activity.source = names.source and activity.account_id = names.account_id
    where known.person_key is null and activity.account_id is not null and activity.on_day > {{ today() }} - 90
    group by activity.source, activity.account_id
),

queues as (
    select
        'autotask' as source,
        'queue' as kind,
        cast(tickets.queue_id as text) as value_id,
        coalesce(any_value(queues.label), cast(tickets.queue_id as text)) as value_label,
        count(*) as records,
        max(tickets.opened_day) as last_used_on,
        'Add it to autotask.reactive_queue_ids in company.toml if its tickets should count.' as way_out
    from {{ ref('stg_autotask__tickets') }} as tickets
    left join {{ ref('stg_autotask__picklists') }} as queues
        on
            lower(queues.entity) = 'tickets'
            and lower(queues.field) = 'queueid'
            and queues.value = cast(tickets.queue_id as text)
    where
        not tickets.is_deleted
        and tickets.opened_day > {{ today() }} - 90
        and not {{ in_setting('tickets.queue_id', 'autotask.reactive_queue_ids') }}
    group by tickets.queue_id
),

stages as (
    select
        'hubspot' as source,
        'stage' as kind,
        deals.pipeline_id || '/' || deals.stage_id as value_id,
        deals.pipeline_id || '/' || deals.stage_id as value_label,
        count(*) as records,
        max(deals.updated_day) as last_used_on,
        'HubSpot no longer lists this stage: move its deals, or they count as open.' as way_out
    from {{ ref('stg_hubspot__deals') }} as deals
    left join {{ ref('stg_hubspot__deal_stages') }} as stages on deals.pipeline_id = stages.pipeline_id and deals.stage_id = stages.stage_id
    where not deals.is_deleted and stages.stage_id is null and deals.stage_id is not null
    group by deals.pipeline_id, deals.stage_id
),

pipelines as (
    select
        'hubspot' as source,
        'pipeline' as kind,
        deals.pipeline_id as value_id,
        coalesce(any_value(pipelines.pipeline_label), deals.pipeline_id) as value_label,
        count(*) as records,
        max(deals.updated_day) as last_used_on,
        'Add it to hubspot.pipelines in company.toml if its deals should count.' as way_out
    from {{ ref('stg_hubspot__deals') }} as deals
    left join {{ ref('stg_hubspot__deal_pipelines') }} as pipelines on deals.pipeline_id = pipelines.pipeline_id
    where not deals.is_deleted and not {{ in_setting('deals.pipeline_id', 'hubspot.pipelines') }}
    group by deals.pipeline_id
),

outcomes as (
    select
        'hubspot' as source,
        'call_outcome' as kind,
        calls.outcome_id as value_id,
        coalesce(any_value(outcomes.outcome_label), calls.outcome_id) as value_label,
        count(*) as records,
        max(calls.call_day) as last_used_on,
        'Add its id to hubspot.connected_outcomes in company.toml if such a call is a conversation.' as way_out
    from {{ ref('stg_hubspot__calls') }} as calls
    left join {{ ref('stg_hubspot__call_outcomes') }} as outcomes on calls.outcome_id = outcomes.outcome_id
    where
        not calls.is_deleted
        and calls.outcome_id is not null
        and calls.call_day > {{ today() }} - 90
        and not {{ in_setting('calls.outcome_id', 'hubspot.connected_outcomes') }}
    group by calls.outcome_id
),

-- contacts whose stage does not say whether they are a lead
lifecycle_stages as (
    select
        'hubspot' as source,
        'lifecycle_stage' as kind,
        lifecycle_stage as value_id,
        lifecycle_stage as value_label,
        count(*) as records,
        max(created_day) as last_used_on,
        'Add it to hubspot.lifecycle_stages in company.toml, in its place: before lead if such a contact is not a lead yet.' as way_out
    from {{ ref('int_hubspot__contacts') }}
    where not is_deleted and lifecycle_stage is not null and lifecycle_step is null
    group by lifecycle_stage
),

mail_types as (
    select
        'hubspot' as source,
        'mail_type' as kind,
        coalesce(mail_type, 'none') as value_id,
        coalesce(mail_type, 'none') as value_label,
        count(*) as records,
        max(published_day) as last_used_on,
        'Add it to marketing.campaign_mail_types in company.toml if such a mail is a campaign.' as way_out
    from {{ ref('int_marketing__mails') }}
    where not is_deleted and is_published and no_campaign_because = 'unknown_mail_type'
    group by mail_type
),

-- a portal that keeps its money in another currency than company.toml says: a deal without a currency of its own is in it
currencies as (
    select
        'hubspot' as source,
        'currency' as kind,
        account.company_currency as value_id,
        account.company_currency as value_label,
        count(deals.deal_id) as records,
        max(deals.created_day) as last_used_on,
        'company.toml counts in ' || {{ setting('company.currency') }}
        || ': deals without a currency of their own are left out. Correct company.currency if that is not meant.' as way_out
    from {{ ref('stg_hubspot__account') }} as account
    left join {{ ref('stg_hubspot__deals') }} as deals on deals.currency is null and not deals.is_deleted
    where account.company_currency <> upper({{ setting('company.currency') }})
    group by account.company_currency
),

-- words that no list of the vendor knows (macros/known_values.sql); stages have a sentence of their own
unknown_values as (
    select
        source,
        'value' as kind,
        table_name || '.' || field || ': ' || value as value_id,
        replace(table_name || ' ' || field, '_', ' ') || ': ' || value as value_label,
        count(distinct record_id) as records,
        max(day) as last_used_on,
        'Numbers of its days are not judged. If it means nothing for them, add "' || table_name || '.' || field || ': ' || value
        || '" to ' || source || '.known_values in company.toml.' as way_out
    from {{ ref('int_sources__unread') }}
    where value is not null and field <> 'stage_id' and day > {{ today() }} - 90
    group by source, table_name, field, value
)

select found.*
from (
    select * from people
    union all
    select * from lifecycle_stages
    union all
    select * from mail_types
    union all
    select * from currencies
    union all
    select * from queues
    union all
    select * from stages
    union all
    select * from pipelines
    union all
    select * from outcomes
    union all
    select * from unknown_values
) as found
where found.value_id is not null

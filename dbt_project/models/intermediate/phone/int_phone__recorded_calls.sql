-- calls of the sales people from the phone system (JustCall) and from what is logged in the CRM (Copper), in one shape. `rep`: the person,
-- or else the address. `number`: the last ten digits of the other side
with phone as (
    select
        'justcall' as source,
        cast(calls.call_id as text) as call_id,
        cast(calls.agent_id as text) as account_id,
        coalesce(accounts.person_key, addresses.person_key) as person_key,
        -- an agent may change the address: the present one holds for all of the agent's calls
        coalesce(users.email, nullif(calls.agent_email, '')) as rep_email,
        calls.called_at as started_at,
        calls.call_day,
        calls.direction,
        calls.contact_number,
        calls.call_type = 'answered' as is_connected,
        calls.talk_seconds,
        calls.total_seconds,
        false as is_deleted,
        coalesce(nullif(trim(calls.contact_name), ''), calls.contact_number, 'Call ' || calls.call_id) as record_label
    from {{ ref('stg_justcall__calls') }} as calls
    left join {{ ref('stg_justcall__users') }} as users on calls.agent_id = users.agent_id
    left join {{ ref('int_people__accounts') }} as accounts
        on accounts.source = 'justcall' and cast(calls.agent_id as text) = accounts.account_id
    left join {{ ref('int_people__addresses') }} as addresses
        on addresses.source = 'justcall' and calls.agent_email = addresses.address
),

logged as (
    select
        'copper' as source,
        cast(activities.activity_id as text) as call_id,
        cast(activities.user_id as text) as account_id,
        accounts.person_key,
        users.email as rep_email,
        activities.happened_at as started_at,
        activities.activity_day as call_day,
        cast(null as text) as direction,
        activities.phone_number as contact_number,
        cast(null as boolean) as is_connected,
        cast(null as bigint) as talk_seconds,
        cast(null as bigint) as total_seconds,
        activities.is_deleted,
        types.activity_type_name || ' ' || activities.activity_id as record_label
    from {{ ref('stg_copper__activities') }} as activities
    inner join {{ ref('stg_copper__activity_types') }} as types
        on activities.category = types.category and activities.activity_type_id = types.activity_type_id
    left join {{ ref('stg_copper__users') }} as users on activities.user_id = users.user_id
    left join {{ ref('int_people__accounts') }} as accounts
        on accounts.source = 'copper' and cast(activities.user_id as text) = accounts.account_id
    where types.category = 'user' and not types.is_disabled and {{ in_setting('types.activity_type_name', 'copper.call_types') }}
)

select
    *,
    coalesce(person_key, rep_email) as rep,
    nullif(right(regexp_replace(contact_number, '\D', '', 'g'), 10), '') as number
from (
    select * from phone
    union all
    select * from logged
) as calls

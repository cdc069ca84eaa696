select
    id as call_id,
    call_sid,
    contact_number,
    contact_name,
    justcall_number,
    agent_id,
    agent_name,
    called_at,
    -- the account's own day; days of the scorecard are the company's
    call_user_date as vendor_day,
    status as call_status,
    disposition,
    total_duration as total_seconds,
    conversation_time as talk_seconds,
    handle_time as handle_seconds,
    ring_time as ring_seconds,
    hold_time as hold_seconds,
    queue_wait_time as queue_seconds,
    wrap_up_time as wrap_up_seconds,
    cost_incurred as cost,
    lower(trim(agent_email)) as agent_email,
    -- upper and lower case differ between the API and webhooks
    lower(trim(direction)) as direction,
    lower(trim(type)) as call_type,
    coalesce({{ local_day('called_at') }}, call_user_date) as call_day
from {{ source('raw_justcall', 'sales_dialer_calls') }}

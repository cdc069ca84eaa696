{#- The staging of JustCall's calls: both of its lists have the same columns. `table`: the raw table, `calls` or `sales_dialer_calls`. -#}
{% macro staged_justcall_calls(table) -%}
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
    {{ plausible('total_duration', 'seconds') }} as total_seconds,
    {{ plausible('conversation_time', 'seconds') }} as talk_seconds,
    {{ plausible('handle_time', 'seconds') }} as handle_seconds,
    {{ plausible('ring_time', 'seconds') }} as ring_seconds,
    {{ plausible('hold_time', 'seconds') }} as hold_seconds,
    {{ plausible('queue_wait_time', 'seconds') }} as queue_seconds,
    {{ plausible('wrap_up_time', 'seconds') }} as wrap_up_seconds,
    {{ plausible('cost_incurred', 'money') }} as cost,
    {{ implausible_fields({
        'total_seconds': ('total_duration', 'seconds'),
        'talk_seconds': ('conversation_time', 'seconds'),
        'handle_seconds': ('handle_time', 'seconds'),
        'ring_seconds': ('ring_time', 'seconds'),
        'hold_seconds': ('hold_time', 'seconds'),
        'queue_seconds': ('queue_wait_time', 'seconds'),
        'wrap_up_seconds': ('wrap_up_time', 'seconds'),
        'cost': ('cost_incurred', 'money')
    }) }} as implausible,
    lower(trim(agent_email)) as agent_email,
    -- upper and lower case differ between the API and webhooks
    lower(trim(direction)) as direction,
    lower(trim(type)) as call_type,
    coalesce({{ local_day('called_at') }}, call_user_date) as call_day
from {{ source('raw_justcall', table) }}
{%- endmacro %}

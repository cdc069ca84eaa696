select
    entries.time_entry_id,
    accounts.person_key,
    entries.work_day,
    coalesce(entries.hours_worked, 0) as hours_worked,
    case
        when list_contains(entries.implausible, 'hours_worked') then 'implausible_amount'
        when entries.hours_worked is null then 'no_hours'
    end as no_hours_because,
    entries.is_deleted,
    {{ in_setting('codes.billing_code_name', 'autotask.time_off_codes') }} as is_time_off,
    -- internal time (no ticket, no task) is never billable, whatever its flag says; null: the flag is missing
    not entries.is_non_billable and (entries.ticket_id is not null or entries.task_id is not null) as is_billable,
    'autotask' as source,
    'time_entry' as record_type,
    cast(entries.time_entry_id as text) as record_id,
    {{ autotask_ticket_url('entries.ticket_id') }} as record_url,
    coalesce(
        nullif(concat_ws(' ', tickets.ticket_number, tickets.title), ''),
        codes.billing_code_name,
        case when entries.task_id is not null then 'Task ' || entries.task_id end,
        'Internal time'
    ) as record_label
from {{ ref('stg_autotask__time_entries') }} as entries
left join {{ ref('stg_autotask__tickets') }} as tickets on entries.ticket_id = tickets.ticket_id
left join {{ ref('stg_autotask__billing_codes') }} as codes on entries.internal_billing_code_id = codes.billing_code_id
left join {{ ref('int_people__accounts') }} as accounts
    on accounts.source = 'autotask' and cast(entries.resource_id as text) = accounts.account_id

select
    id as time_entry_id,
    ticket_id,
    task_id,
    time_entry_type as entry_type_id,
    resource_id,
    date_worked as work_day,
    start_date_time as started_at,
    end_date_time as ended_at,
    billing_code_id,
    internal_billing_code_id,
    create_date_time as created_at,
    last_modified_date_time as updated_at,
    {{ plausible('hours_worked', 'hours') }} as hours_worked,
    {{ plausible('hours_to_bill', 'hours') }} as hours_to_bill,
    {{ implausible_fields({'hours_worked': ('hours_worked', 'hours'), 'hours_to_bill': ('hours_to_bill', 'hours')}) }} as implausible,
    is_non_billable,
    deleted_at is not null as is_deleted
from {{ source('raw_autotask', 'time_entries') }}

select
    occurred_on as snapshot_day,
    bill_id,
    vendor_name,
    invoice_number,
    invoice_day,
    due_day,
    created_day,
    cast(occurred_on - created_day as integer) as days_waiting,
    approval_status,
    amount,
    currency,
    value_reason is null as is_value_counted
from {{ ref('int_accounting__pending_bills') }}
where bill_id is not null

select
    snapshot_date,
    bill_id,
    vendor_id,
    invoice_date,
    due_date,
    {{ plausible('amount', 'money') }} as amount,
    {{ plausible('due_amount', 'money') }} as due_amount,
    {{ implausible_fields({'amount': ('amount', 'money'), 'due_amount': ('due_amount', 'money')}) }} as implausible,
    upper(approval_status) as approval_status,
    upper(payment_status) as payment_status,
    {{ local_day('created_time') }} as created_day
from {{ source('raw_billcom', 'pending_bills') }}

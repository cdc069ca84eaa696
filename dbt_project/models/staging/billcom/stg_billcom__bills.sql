select
    id as bill_id,
    vendor_id,
    vendor_name,
    invoice_number,
    invoice_date,
    due_date,
    upper(approval_status) as approval_status,
    upper(payment_status) as payment_status,
    created_time as created_at,
    updated_time as updated_at,
    {{ plausible('amount', 'money') }} as amount,
    {{ plausible('due_amount', 'money') }} as due_amount,
    {{ plausible('paid_amount', 'money') }} as paid_amount,
    {{ plausible('scheduled_amount', 'money') }} as scheduled_amount,
    {{ implausible_fields({
        'amount': ('amount', 'money'),
        'due_amount': ('due_amount', 'money'),
        'paid_amount': ('paid_amount', 'money'),
        'scheduled_amount': ('scheduled_amount', 'money')
    }) }} as implausible,
    {{ local_day('created_time') }} as created_day,
    {{ plausible('coalesce(funding_amount, amount)', 'money') }} as amount_home,
    coalesce(archived, false) as is_archived,
    coalesce(upper(approval_status) in ('ASSIGNED', 'APPROVING'), false) as is_waiting,
    coalesce(upper(payment_status) = 'PAID', false) as is_paid
from {{ source('raw_billcom', 'bills') }}

select
    id as bill_payment_id,
    vendor_id,
    vendor_name,
    txn_date as payment_day,
    pay_type,
    account_id,
    currency,
    total_amount,
    created_at,
    updated_at,
    coalesce(exchange_rate, 1) as exchange_rate,
    coalesce(is_voided, false) as is_voided,
    deleted_at is not null as is_deleted
from {{ source('raw_quickbooks', 'bill_payments') }}

select
    id as payment_id,
    customer_id,
    customer_name,
    txn_date as payment_day,
    deposit_account_id,
    currency,
    total_amount,
    unapplied_amount,
    created_at,
    updated_at,
    coalesce(exchange_rate, 1) as exchange_rate,
    coalesce(is_voided, false) as is_voided,
    deleted_at is not null as is_deleted
from {{ source('raw_quickbooks', 'payments') }}

select
    id as bill_id,
    doc_number as bill_number,
    vendor_id,
    vendor_name,
    txn_date as bill_day,
    due_date as due_day,
    currency,
    total_amount,
    balance as open_amount,
    created_at,
    updated_at,
    coalesce(exchange_rate, 1) as exchange_rate,
    coalesce(home_balance, balance * coalesce(exchange_rate, 1)) as open_home_amount,
    total_amount * coalesce(exchange_rate, 1) as total_home_amount,
    coalesce(is_voided, false) as is_voided,
    deleted_at is not null as is_deleted
from {{ source('raw_quickbooks', 'bills') }}
